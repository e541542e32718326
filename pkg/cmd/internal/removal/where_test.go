// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"testing"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
)

func TestProtectedContexts(t *testing.T) {
	t.Parallel()
	const eks, openShift = "arn:aws:eks:eu-west-1:1:cluster/prod", "shop/api-prod-example-com:6443/admin"
	for _, tt := range []struct {
		patterns, context string
		want              bool
	}{
		{"", "prod-eu", false},
		{"prod", "prod-eu", false},
		{"prod-*", "prod-eu", true},
		{"dev, *-eu", "prod-eu", true},
		{"prod-eu,", "prod-eu", true},
		{"*prod*", eks, true},
		{"*", eks, true},
		{"*/prod", eks, true},
		{"*PROD*", eks, true},
		{"*test*", eks, false},
		{"*prod*", openShift, true},
		{"*/api-prod-*", openShift, true},
		{"*/ADMIN", openShift, true},
		{"*", "", true},
		{"in-*", "", true},
	} {
		got, err := Protected(scope.Cluster{Context: tt.context}, func(string) (string, bool) { return tt.patterns, true })
		if err != nil || got != tt.want {
			t.Errorf("Protected(%q) by %q = %t, %v; want %t", tt.context, tt.patterns, got, err, tt.want)
		}
	}
	for _, patterns := range []string{"[", "prod-[ab]*", "(prod|live)", `*,x\y`} {
		if _, err := Protected(scope.Cluster{Context: "prod"}, func(string) (string, bool) { return patterns, true }); err == nil {
			t.Errorf("%q: a pattern that is none protects nothing", patterns)
		}
	}
}

func TestClustersThatFlagsHaveLedTo(t *testing.T) {
	t.Parallel()
	const server = "https://10.0.0.1:6443"
	for name, tt := range map[string]struct {
		cluster     scope.Cluster
		name, where string
		protected   bool
	}{
		"the context's own": {
			scope.Cluster{Context: "dev", Name: "dev", Server: server}, "dev", `context "dev" (https://10.0.0.1:6443)`, false,
		},
		"a context and its cluster": {
			scope.Cluster{Context: "dev", Name: "eu-1", Server: server}, "dev", `context "dev" (cluster "eu-1", https://10.0.0.1:6443)`, false,
		},
		"--cluster": {
			scope.Cluster{Context: "dev", Name: "prod", Server: server, Elsewhere: true}, "prod", `cluster "prod" (https://10.0.0.1:6443)`, true,
		},
		"--server": {
			scope.Cluster{Context: "dev", Server: server, Elsewhere: true}, "10.0.0.1:6443", `cluster "10.0.0.1:6443" (https://10.0.0.1:6443)`, true,
		},
		"--user": {
			scope.Cluster{Context: "dev", Name: "dev", Server: server, User: "root"}, "dev", `context "dev" (https://10.0.0.1:6443, user "root")`, true,
		},
		"--cluster and --user": {
			scope.Cluster{Context: "dev", Name: "prod", Server: server, Elsewhere: true, User: "root"},
			"prod",
			`cluster "prod" (https://10.0.0.1:6443, user "root")`, true,
		},
		"a pod": {scope.Cluster{Server: server}, "in-cluster", `context "in-cluster" (https://10.0.0.1:6443)`, false},
	} {
		protected, err := Protected(tt.cluster, func(string) (string, bool) { return "", false })
		if got := Name(tt.cluster); got != tt.name || protected != tt.protected || err != nil {
			t.Errorf("%s: Name() = %q, Protected() = %t, %v; want %q, %t", name, got, protected, err, tt.name, tt.protected)
		}
		if got := Where(tt.cluster); got != tt.where {
			t.Errorf("%s: Where() = %s, want %s", name, got, tt.where)
		}
	}
}
