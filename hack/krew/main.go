// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Command krew writes the manifest by which krew, the plugin manager of kubectl, installs podwatch.
// It takes the archives that `make snapshot` or a release has left in a folder, looks into each of
// them, and writes their checksums: go run ./hack/krew -dist dist -out plugins/krew.yaml.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	dist := flag.String("dist", "dist", "folder with the archives")
	out := flag.String("out", "plugins/krew.yaml", "manifest to write")
	flag.Parse()
	if err := run(*dist, *out); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run writes the manifest of the archives in dist to out, or nothing if krew would refuse it.
func run(dist, out string) error {
	archives, err := findArchives(dist)
	if err != nil {
		return err
	}
	m, err := newManifest(archives)
	if err != nil {
		return err
	}
	text, err := m.marshal()
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, text, 0o644); err != nil { //nolint:gosec // a file of the repository
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}
