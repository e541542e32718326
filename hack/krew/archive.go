// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// archive is one release archive.
type archive struct {
	// file is the name of the archive; version, os and arch are parts of it.
	file, version, os, arch string
	sha256                  string
}

// archiveName is how .goreleaser.yaml names archives.
var archiveName = regexp.MustCompile(`^kubectl-podwatch_(v[^_]+)_([a-z]+)_([a-z0-9]+)\.(?:tar\.gz|zip)$`)

// bin is the name of the executable in the archive.
func (a archive) bin() string {
	if a.os == "windows" {
		return "kubectl-podwatch.exe"
	}
	return "kubectl-podwatch"
}

// findArchives reads the archives of folder in the order of their names. An archive that krew would
// not install is an error, and so is a folder without any.
func findArchives(folder string) ([]archive, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("find archives: %w", err)
	}
	var found []archive
	for _, e := range entries {
		part := archiveName.FindStringSubmatch(e.Name())
		if part == nil {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		sum := sha256.Sum256(content)
		a := archive{
			file: e.Name(), version: part[1], os: part[2], arch: part[3],
			sha256: hex.EncodeToString(sum[:]),
		}
		if err := a.check(content); err != nil {
			return nil, fmt.Errorf("check archive %q: %w", a.file, err)
		}
		found = append(found, a)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("find archives: none in %q (hint: make snapshot)", folder)
	}
	return found, nil
}

// check looks for what krew needs: only folders and regular files (a symbolic link makes krew
// v0.5.0 fail) with local names, among them the executable and the licence.
func (a archive) check(content []byte) error {
	list := tarEntries
	if filepath.Ext(a.file) == ".zip" {
		list = zipEntries
	}
	modes, err := list(content)
	if err != nil {
		return err
	}
	for name, mode := range modes {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("entry %q leaves the folder it is unpacked in", name)
		}
		if !mode.IsDir() && !mode.IsRegular() {
			return fmt.Errorf("entry %q is neither a folder nor a regular file", name)
		}
	}
	switch mode, ok := modes[a.bin()]; {
	case !ok:
		return fmt.Errorf("no %s in it", a.bin())
	case mode.Perm() != 0o755:
		return fmt.Errorf("%s has mode %v, want 0755", a.bin(), mode.Perm())
	}
	if _, ok := modes["LICENSE"]; !ok {
		return errors.New("no LICENSE in it")
	}
	return nil
}

func tarEntries(content []byte) (map[string]fs.FileMode, error) {
	zr, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	modes := map[string]fs.FileMode{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return modes, nil
		}
		if err != nil {
			return nil, err
		}
		modes[h.Name] = h.FileInfo().Mode()
	}
}

func zipEntries(content []byte) (map[string]fs.FileMode, error) {
	zr, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	modes := map[string]fs.FileMode{}
	for _, f := range zr.File {
		modes[f.Name] = f.Mode()
	}
	return modes, nil
}

// versionOf is the version that all archives share.
func versionOf(archives []archive) (string, error) {
	version := archives[0].version
	if i := slices.IndexFunc(archives, func(a archive) bool { return a.version != version }); i >= 0 {
		return "", fmt.Errorf("archives of two versions: %q and %q", archives[0].file, archives[i].file)
	}
	return version, nil
}
