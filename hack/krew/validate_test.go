// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestBrokenManifestIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil func(m *manifest)
		want  string
	}{
		"other API version":    {func(m *manifest) { m.APIVersion = "krew/v1" }, "apiVersion"},
		"other kind":           {func(m *manifest) { m.Kind = "Pod" }, "kind"},
		"name of the file":     {func(m *manifest) { m.Metadata.Name = "krew" }, "name is"},
		"version without v":    {func(m *manifest) { m.Spec.Version = "1.2.3" }, "semantic version"},
		"version of two parts": {func(m *manifest) { m.Spec.Version = "v1.2" }, "semantic version"},
		"homepage by http":     {func(m *manifest) { m.Spec.Homepage = "http://x" }, "homepage"},
		"no short description": {func(m *manifest) { m.Spec.ShortDescription = "" }, "one line"},
		"two short lines":      {func(m *manifest) { m.Spec.ShortDescription = "a\nb" }, "one line"},
		"long short line":      {func(m *manifest) { m.Spec.ShortDescription = strings.Repeat("x", 51) }, "longer than 50"},
		"final period":         {func(m *manifest) { m.Spec.ShortDescription = "Find pods." }, "period"},
		"empty word":           {func(m *manifest) { m.Spec.ShortDescription = "A kubectl thing" }, `"kubectl"`},
		"no description":       {func(m *manifest) { m.Spec.Description = " \n" }, "description is empty"},
		"wide description":     {func(m *manifest) { m.Spec.Description = strings.Repeat("x", 81) }, "wider than 80"},
		"command shown":        {func(m *manifest) { m.Spec.Description = "Run kubectl podwatch report" }, "shows a command"},
		"no platforms":         {func(m *manifest) { m.Spec.Platforms = nil }, "no platforms"},
		"same platform twice":  {func(m *manifest) { m.Spec.Platforms = append(m.Spec.Platforms, m.Spec.Platforms[0]) }, "twice"},
		"unknown system":       {func(m *manifest) { m.Spec.Platforms[0].Selector.MatchLabels.OS = "plan9" }, "does not run on"},
		"unknown processor":    {func(m *manifest) { m.Spec.Platforms[0].Selector.MatchLabels.Arch = "s390x" }, "does not run on"},
		"archive by http":      {func(m *manifest) { m.Spec.Platforms[0].URI = "http://x" }, "not https"},
		"archive of another":   {func(m *manifest) { m.Spec.Platforms[0].URI = "https://x/y.tar.gz" }, "does not name"},
		"other system's":       {func(m *manifest) { m.Spec.Platforms[0].Selector.MatchLabels.Arch = "arm64" }, "is not of"},
		"other version's":      {func(m *manifest) { m.Spec.Version = "v9.9.9" }, "is not of"},
		"upper-case checksum":  {func(m *manifest) { m.Spec.Platforms[0].SHA256 = strings.Repeat("A", 64) }, "lower-case"},
		"short checksum":       {func(m *manifest) { m.Spec.Platforms[0].SHA256 = "abc" }, "lower-case"},
		"bin with .exe":        {func(m *manifest) { m.Spec.Platforms[0].Bin += ".exe" }, "not the executable"},
	}
	for situation, tt := range tests {
		t.Run(situation, func(t *testing.T) {
			t.Parallel()
			m := sound(t)
			tt.spoil(m)
			wantError(t, m.validate(), tt.want)
		})
	}
}

func TestManifestWithUnknownFieldIsRefused(t *testing.T) {
	t.Parallel()
	text, err := sound(t).marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse(text); err != nil {
		t.Fatalf("parse(marshal()): %v", err)
	}
	_, err = parse(append(text, "caveat: misspelt\n"...))
	wantError(t, err, `unknown field "caveat"`)
}

// sound is a manifest that breaks no rule.
func sound(t *testing.T) *manifest {
	t.Helper()
	m, err := newManifest([]archive{{
		file:    "kubectl-podwatch_v1.2.3_linux_amd64.tar.gz",
		version: "v1.2.3", os: "linux", arch: "amd64", sha256: strings.Repeat("0", 64),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
