// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package scope_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func parse(t *testing.T, args ...string) (scope.Scope, error) {
	t.Helper()
	flags := scope.NewFlags()
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.AddTo(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags.Scope(set.Args())
}

func TestScope(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want scope.Scope
	}{
		"nothing asked": {nil, scope.Scope{}},
		"namespaces in any form": {
			[]string{"-n", "b,a", "--namespace=c", "-n", "a"},
			scope.Scope{Namespaces: []string{"a", "b", "c"}},
		},
		"R1 --managed-by is a label": {
			[]string{"--managed-by", "web", "-l", "tier=front"},
			scope.Scope{LabelSelector: "tier=front,app.kubernetes.io/managed-by=web"},
		},
		"--node is a field": {
			[]string{"--node", "n1", "--field-selector", "status.phase=Failed"},
			scope.Scope{FieldSelector: "status.phase=Failed,spec.nodeName=n1"},
		},
		"one pod is asked for by name": {
			[]string{"web-0"},
			scope.Scope{FieldSelector: "metadata.name=web-0", Targets: []scope.Target{{Kind: "Pod", Name: "web-0"}}},
		},
		"several targets": {
			[]string{"deploy/web", "sts/db"},
			scope.Scope{Targets: []scope.Target{{Kind: "Deployment", Name: "web"}, {Kind: "StatefulSet", Name: "db"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(t, test.args...)
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("Scope(%q) error %v (-want +got):\n%s", test.args, err, diff)
			}
		})
	}
}

func TestScopeRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"S26 an empty namespace from an unset variable": {[]string{"-n", ""}, "flag --namespace: the value is empty"},
		"S26 an empty namespace in a list":              {[]string{"-n", "a,,b"}, "flag --namespace: the value is empty"},
		"S26 an empty selector":                         {[]string{"-l", ""}, "flag --selector: the value is empty"},
		"S26 a blank selector":                          {[]string{"-l", "  "}, "flag --selector: the value is empty"},
		"an empty node":                                 {[]string{"--node="}, "flag --node: the value is empty"},
		"a namespace with a blank":                      {[]string{"-n", "a, b"}, `flag --namespace " b": want the name of a namespace: small letters, digits and -`},
		"-n= in a shell":                                {[]string{"-n="}, `flag --namespace "=": want the name of a namespace: small letters, digits and -`},
		"a pattern of namespaces":                       {[]string{"-n", "pay*"}, `flag --namespace "pay*": want the name of a namespace: small letters, digits and -`},
		"a phase that is none":                          {[]string{"--field-selector", "status.phase=Evicted"}, `flag --field-selector: phase "Evicted" is none of Pending, Running, Succeeded, Failed, Unknown`},
		"a phase in small letters":                      {[]string{"--field-selector", "spec.nodeName=n,status.phase==failed"}, `flag --field-selector: phase "failed" is none of Pending, Running, Succeeded, Failed, Unknown`},
		"-A with -n":                                    {[]string{"-A", "-n", "a"}, "flags --all-namespaces and --namespace exclude each other"},
		"an unknown type":                               {[]string{"svc/web"}, `argument "svc/web": "svc" is none of pod, deploy, sts, ds, rs, job, cronjob, node`},
		"a type without a name":                         {[]string{"deploy/"}, `argument "deploy/": want NAME or TYPE/NAME`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, test.args...)
			if err == nil || err.Error() != test.want {
				t.Errorf("Scope(%q) = %v, want %q", test.args, err, test.want)
			}
		})
	}
}

func TestTargetsMatchByOwner(t *testing.T) {
	t.Parallel()
	owned := func(kind, name, hash string) *projection.Pod {
		version := map[string]string{"Job": "batch/v1", "CloneSet": "example.com/v1"}[kind]
		if version == "" {
			version = "apps/v1"
		}
		return &projection.Pod{
			Controller:   &projection.Controller{APIVersion: version, Kind: kind, Name: name},
			TemplateHash: hash, NodeName: "n1",
		}
	}
	foreign := owned("StatefulSet", "db", "")
	foreign.Controller.APIVersion = "apps.example.com/v1"
	for name, test := range map[string]struct {
		target string
		pod    *projection.Pod
		want   bool
	}{
		"a Deployment's pod":              {"deploy/web", owned("ReplicaSet", "web-5d8", "5d8"), true},
		"another Deployment's pod":        {"deploy/web", owned("ReplicaSet", "web-api-5d8", "5d8"), false},
		"a ReplicaSet without Deployment": {"deploy/web", owned("ReplicaSet", "web-5d8", ""), false},
		"a StatefulSet's pod":             {"sts/db", owned("StatefulSet", "db", ""), true},
		"another group's StatefulSet":     {"sts/db", foreign, false},
		"a CronJob's pod":                 {"cronjob/night", owned("Job", "night-29391840", ""), true},
		"a Job of a like name":            {"cronjob/night", owned("Job", "night-shift", ""), false},
		"a pod on the node":               {"node/n1", owned("Job", "x", ""), true},
		"a pod without controller":        {"deploy/web", &projection.Pod{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, err := scope.ParseTarget(test.target)
			if err != nil {
				t.Fatal(err)
			}
			s := scope.Scope{Targets: []scope.Target{target}}
			if got := s.Matches(test.pod); got != test.want {
				t.Errorf("Matches = %v, want %v", got, test.want)
			}
		})
	}
}

// A workload without pods stands for the target that would be its pods, or
// those of its controller.
func TestTargetsCoverWorkloads(t *testing.T) {
	t.Parallel()
	owner := func(apiVersion, kind, name string, c *projection.Controller) *projection.Owner {
		return &projection.Owner{APIVersion: apiVersion, Kind: kind, Name: name, Controller: c}
	}
	deployment := &projection.Controller{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}
	cronJob := &projection.Controller{APIVersion: "batch/v1", Kind: "CronJob", Name: "web"}
	for name, test := range map[string]struct {
		target string
		owner  *projection.Owner
		want   bool
	}{
		"a Deployment":                     {"deploy/web", owner("apps/v1", "Deployment", "web", nil), true},
		"the ReplicaSet of a Deployment":   {"deploy/web", owner("apps/v1", "ReplicaSet", "web-1", deployment), true},
		"the ReplicaSet itself":            {"rs/web-1", owner("apps/v1", "ReplicaSet", "web-1", deployment), true},
		"the Job of a CronJob":             {"cronjob/web", owner("batch/v1", "Job", "web-1", cronJob), true},
		"the Job itself":                   {"job/web-1", owner("batch/v1", "Job", "web-1", cronJob), true},
		"another name":                     {"deploy/we", owner("apps/v1", "Deployment", "web", nil), false},
		"another kind":                     {"sts/web", owner("apps/v1", "Deployment", "web", nil), false},
		"the kind of another group":        {"deploy/web", owner("acme.io/v1", "Deployment", "web", nil), false},
		"a pod of the name of a workload":  {"web", owner("apps/v1", "Deployment", "web", nil), false},
		"a node of the name of a workload": {"node/web", owner("apps/v1", "Deployment", "web", nil), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := parse(t, test.target)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Covers(test.owner); got != test.want {
				t.Errorf("Covers = %v, want %v", got, test.want)
			}
			seen := s.NewSeen()
			seen.AddOwner(test.owner)
			if err := seen.Missing(); (err == nil) != test.want {
				t.Errorf("Missing after AddOwner = %v, want an error: %v", err, !test.want)
			}
		})
	}
	all, err := parse(t)
	if err != nil || !all.Covers(owner("apps/v1", "Deployment", "web", nil)) {
		t.Errorf("a scope without targets covers every workload: %v", err)
	}
}

func TestPatternsOfNamespaces(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"payments": true, "pay*": true, "*": true, "team-?-*": true,
		"\tledger": false, "Pay*": false, "pay_*": false, "pay[ab]": false, "": false, "-a": false, "=": false,
	} {
		if err := scope.CheckNamespacePatterns("exclude-namespace", []string{"a", pattern}); (err == nil) != want {
			t.Errorf("CheckNamespacePatterns(%q) = %v", pattern, err)
		}
	}
}
