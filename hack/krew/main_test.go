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
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const committed = "../../plugins/krew.yaml"

func TestCommittedManifestIsInstallable(t *testing.T) {
	t.Parallel()
	m := parseFile(t, committed)
	if err := m.validate(); err != nil {
		t.Error(err)
	}
	var got []string
	for _, p := range m.Spec.Platforms {
		got = append(got, p.Selector.MatchLabels.OS+"/"+p.Selector.MatchLabels.Arch)
	}
	want := []string{
		"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}

func TestManifestCarriesChecksumsOfArchives(t *testing.T) {
	t.Parallel()
	dist := t.TempDir()
	linux := tarGz(t, entry{name: "kubectl-podwatch", mode: 0o755}, entry{name: "LICENSE", mode: 0o644})
	windows := zipped(t, "kubectl-podwatch.exe", "LICENSE")
	write(t, dist, "kubectl-podwatch_v1.2.3_linux_arm64.tar.gz", linux)
	write(t, dist, "kubectl-podwatch_v1.2.3_windows_amd64.zip", windows)
	write(t, dist, "checksums.txt", []byte("not an archive"))

	out := filepath.Join(t.TempDir(), "krew.yaml")
	if err := run(dist, out); err != nil {
		t.Fatal(err)
	}
	m := parseFile(t, out)
	const releases = "https://github.com/podwatch/kubectl-podwatch/releases/download/v1.2.3/"
	want := []platform{
		{
			Selector: selector{labels{"linux", "arm64"}},
			URI:      releases + "kubectl-podwatch_v1.2.3_linux_arm64.tar.gz",
			SHA256:   hexSum(linux), Bin: "kubectl-podwatch",
		},
		{
			Selector: selector{labels{"windows", "amd64"}},
			URI:      releases + "kubectl-podwatch_v1.2.3_windows_amd64.zip",
			SHA256:   hexSum(windows), Bin: "kubectl-podwatch.exe",
		},
	}
	if diff := cmp.Diff(want, m.Spec.Platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
	if m.Spec.Version != "v1.2.3" {
		t.Errorf("version = %q, want v1.2.3", m.Spec.Version)
	}
}

func TestArchiveThatKrewCannotInstallIsRefused(t *testing.T) {
	t.Parallel()
	const name = "kubectl-podwatch_v1.2.3_linux_amd64.tar.gz"
	program := entry{name: "kubectl-podwatch", mode: 0o755}
	licence := entry{name: "LICENSE", mode: 0o644}
	tests := map[string]struct {
		content []byte
		want    string
	}{
		"not gzip":        {[]byte("text"), "unexpected EOF"},
		"cut short":       {tarGz(t, program, licence)[:60], "unexpected EOF"},
		"no executable":   {tarGz(t, licence), "no kubectl-podwatch in it"},
		"not executable":  {tarGz(t, entry{name: "kubectl-podwatch", mode: 0o644}, licence), "has mode"},
		"no licence":      {tarGz(t, program), "no LICENSE in it"},
		"symbolic link":   {tarGz(t, program, licence, entry{name: "x", link: "LICENSE"}), "neither a folder"},
		"path goes up":    {tarGz(t, program, licence, entry{name: "../x"}), "leaves the folder"},
		"path is rooted":  {tarGz(t, program, licence, entry{name: "/etc/x"}), "leaves the folder"},
		"zip named as gz": {zipped(t, "kubectl-podwatch", "LICENSE"), "invalid header"},
	}
	for situation, tt := range tests {
		t.Run(situation, func(t *testing.T) {
			t.Parallel()
			dist := t.TempDir()
			write(t, dist, name, tt.content)
			out := filepath.Join(dist, "krew.yaml")
			wantError(t, run(dist, out), tt.want)
			if _, err := os.Stat(out); err == nil {
				t.Error("a manifest was written")
			}
		})
	}
}

func TestArchivesOfTwoVersionsAreRefused(t *testing.T) {
	t.Parallel()
	dist := t.TempDir()
	content := tarGz(t, entry{name: "kubectl-podwatch", mode: 0o755}, entry{name: "LICENSE", mode: 0o644})
	write(t, dist, "kubectl-podwatch_v1.2.3_linux_amd64.tar.gz", content)
	write(t, dist, "kubectl-podwatch_v1.2.4_linux_arm64.tar.gz", content)
	wantError(t, run(dist, filepath.Join(dist, "krew.yaml")), "two versions")
}

func TestFolderWithoutArchivesIsRefused(t *testing.T) {
	t.Parallel()
	wantError(t, run(t.TempDir(), "krew.yaml"), "make snapshot")
}

// entry is a file of an archive, or a symbolic link if link is set.
type entry struct {
	name, link string
	mode       int64
}

func tarGz(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	tw := tar.NewWriter(zw)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		}
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipped(t *testing.T, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	for _, name := range names {
		h := &zip.FileHeader{Name: name}
		h.SetMode(0o755)
		if _, err := zw.CreateHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func hexSum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func write(t *testing.T, folder, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func parseFile(t *testing.T, path string) *manifest {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error = %v, want one with %q", err, part)
	}
}
