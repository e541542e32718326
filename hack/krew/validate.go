// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The rules are those of krew v0.5.0 (internal/index/validation) and, marked so, of the review of
// the krew index. krew itself ignores unknown fields and is not served as a Go module everywhere,
// hence a validation of our own.
var (
	semanticVersion = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
	lowerHex        = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// Review: they say nothing in a list of kubectl plugins for Kubernetes.
	emptyWords = regexp.MustCompile(`(?i)\b(kubernetes|kubectl|plugin)\b`)
)

const (
	// Review, and `krew search` cuts there.
	maxShortDescription = 50
	// Review.
	maxDescriptionWidth = 80
)

// installable are the systems on which krew runs.
func installable() []labels {
	return []labels{
		{"darwin", "386"},
		{"darwin", "amd64"},
		{"darwin", "arm64"},
		{"linux", "386"},
		{"linux", "amd64"},
		{"linux", "arm"},
		{"linux", "arm64"},
		{"linux", "ppc64le"},
		{"windows", "386"},
		{"windows", "amd64"},
		{"windows", "arm64"},
	}
}

// validate returns every rule that m breaks, joined, or nil.
func (m *manifest) validate() error {
	var broken []error
	rule := func(holds bool, format string, args ...any) {
		if !holds {
			broken = append(broken, fmt.Errorf(format, args...))
		}
	}
	rule(m.APIVersion == apiVersion, "apiVersion is %q, want %q", m.APIVersion, apiVersion)
	rule(m.Kind == "Plugin", "kind is %q, want %q", m.Kind, "Plugin")
	rule(m.Metadata.Name == "podwatch", "name is %q, want %q: kubectl finds the plugin by it", m.Metadata.Name, "podwatch")
	s := m.Spec
	rule(semanticVersion.MatchString(s.Version), "version %q is not v and a semantic version", s.Version)
	rule(strings.HasPrefix(s.Homepage, "https://"), "homepage %q is not https", s.Homepage)

	short := s.ShortDescription
	rule(short != "" && !strings.Contains(short, "\n"), "shortDescription %q is not one line", short)
	rule(len(short) <= maxShortDescription, "shortDescription is longer than %d", maxShortDescription)
	rule(!strings.HasSuffix(short, "."), "shortDescription ends in a period")
	rule(!emptyWords.MatchString(short), "shortDescription says %q", emptyWords.FindString(short))

	rule(strings.TrimSpace(s.Description) != "", "description is empty")
	rule(!strings.Contains(s.Description, "kubectl podwatch"), "description shows a command") // review
	for line := range strings.Lines(s.Description) {
		rule(len(strings.TrimSuffix(line, "\n")) <= maxDescriptionWidth, "description is wider than %d: %q", maxDescriptionWidth, line)
	}

	rule(len(s.Platforms) > 0, "no platforms")
	seen := map[any]bool{}
	for i, p := range s.Platforms {
		for _, unique := range []any{p.Selector, p.URI, p.SHA256} {
			rule(!seen[unique], "platforms[%d]: %v stands there twice", i, unique)
			seen[unique] = true
		}
		if err := p.validate(s.Version); err != nil {
			broken = append(broken, fmt.Errorf("platforms[%d]: %w", i, err))
		}
	}
	return errors.Join(broken...)
}

// validate returns the first rule that p breaks in a manifest of the given version, or nil.
func (p platform) validate(version string) error {
	system := p.Selector.MatchLabels
	part := archiveName.FindStringSubmatch(path.Base(p.URI))
	switch {
	case !slices.Contains(installable(), system):
		return fmt.Errorf("krew does not run on %q", system)
	case !strings.HasPrefix(p.URI, "https://"):
		return fmt.Errorf("uri %q is not https", p.URI)
	case part == nil:
		return fmt.Errorf("uri %q does not name an archive of podwatch", p.URI)
	case !slices.Equal(part[1:], []string{version, system.OS, system.Arch}):
		return fmt.Errorf("uri %q is not of %s %s/%s", p.URI, version, system.OS, system.Arch)
	case !lowerHex.MatchString(p.SHA256):
		return fmt.Errorf("sha256 %q is not 64 lower-case hex digits", p.SHA256)
	case p.Bin != archive{os: system.OS}.bin():
		return fmt.Errorf("bin %q is not the executable for %s", p.Bin, system.OS)
	}
	return nil
}
