// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"fmt"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/wildcard"
)

// InCluster is the name of the context of a pod, which has none.
const InCluster = "in-cluster"

// protectedContexts is the variable that Protected reads.
const protectedContexts = "PODWATCH_PROTECTED_CONTEXTS"

// delicate is what --yes alone is not enough for, in words.
const delicate = "living pods, protected contexts and --cluster, --server or --user of another context"

// Name is what the user has to type for the cluster: the name of its context,
// or, if flags have led away from that or there is none, the cluster's name or
// server.
func Name(c scope.Cluster) string {
	switch {
	case c.Context != "" && !c.Elsewhere:
		return c.Context
	case c.Name != "":
		return c.Name
	case c.Elsewhere:
		_, host, _ := strings.Cut(c.Server, "://")
		return host
	}
	return InCluster
}

// Where names the cluster in a sentence, so that nobody has to know what a
// context stands for: what is typed, and the server that it leads to.
func Where(c scope.Cluster) string {
	known := []string{}
	what := "context"
	switch {
	case c.Elsewhere:
		what = "cluster"
	case c.Name != "" && c.Name != c.Context:
		known = append(known, fmt.Sprintf("cluster %q", plaintext.Line(c.Name)))
	}
	if c.Server != "" {
		known = append(known, plaintext.Line(c.Server))
	}
	if c.User != "" {
		known = append(known, fmt.Sprintf("user %q", plaintext.Line(c.User)))
	}
	text := fmt.Sprintf("%s %q", what, plaintext.Line(Name(c)))
	if len(known) > 0 {
		text += " (" + strings.Join(known, ", ") + ")"
	}
	return text
}

// Protected reports whether the user has to type the name of c: if a pattern of
// PODWATCH_PROTECTED_CONTEXTS, a list with commas, matches it or its context,
// without regard to case, and whenever flags have led away from what the
// context stands for. A pattern that is none is an error, because it would
// protect nothing.
func Protected(c scope.Cluster, lookupEnv func(string) (string, bool)) (bool, error) {
	patterns, _ := lookupEnv(protectedContexts)
	protected := c.Elsewhere || c.User != ""
	for pattern := range strings.SplitSeq(patterns, ",") {
		if pattern = strings.TrimSpace(pattern); pattern == "" {
			continue
		}
		if err := wildcard.Check(pattern); err != nil {
			return false, fmt.Errorf("read %s: %w", protectedContexts, err)
		}
		protected = protected || wildcard.MatchFold(pattern, Name(c)) || wildcard.MatchFold(pattern, c.Context)
	}
	return protected, nil
}
