// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/clean"
)

func noEnv(string) (string, bool) { return "", false }

// resolved returns what the flags of args come to, for input from a file.
func resolved(t *testing.T, args ...string) (Options, error) {
	t.Helper()
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: &bytes.Buffer{}, ErrOut: &bytes.Buffer{}}
	f := newFlags()
	c := NewCommand(streams, noEnv)
	c.ResetFlags()
	f.addTo(c.Flags())
	if err := c.ParseFlags(args); err != nil {
		return Options{}, err
	}
	return f.resolve(streams, noEnv, c.Flags().Args())
}

func TestS25_S26_S53_FlagsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"S14 garbage":                        {"--older-than", "soon"},
		"S14 negative age":                   {"--older-than", "-5m"},
		"S25 misspelt category":              {"--category", "evict"},
		"S25 one of two categories":          {"--category", "evicted,fialed"},
		"S25 misspelt flag":                  {"--catgory", "evicted"},
		"S25 pattern that is none":           {"--reason", "["},
		"S25 misspelt owner kind":            {"--owner-kind", "Jobb"},
		"S25 misspelt excluded owner kind":   {"--exclude-owner-kind", "Deployment"},
		"S25 custom owner without a group":   {"--allow-custom-owner", "Workflow"},
		"S25 unknown value of bare":          {"--bare", "some"},
		"S25 exit code that is no number":    {"--exit-code", "OOM"},
		"S25 unknown dry run":                {"--dry-run", "yes"},
		"S25 unknown output":                 {"-o", "jsonl"},
		"S26 empty namespace":                {"-n", ""},
		"S26 empty selector":                 {"-l", ""},
		"S26 empty field selector":           {"--field-selector", ""},
		"S26 empty excluded namespace":       {"--exclude-namespace", ""},
		"S26 empty category":                 {"--category", ""},
		"S26 empty reason":                   {"--reason", ""},
		"S26 empty owner kind":               {"--owner-kind", ""},
		"S26 empty archive":                  {"--archive", ""},
		"S26 empty restore":                  {"--restore", ""},
		"S26 empty context":                  {"--confirm-context", ""},
		"S26 blank in excluded namespaces":   {"--exclude-namespace", "payments, ledger"},
		"S26 -n= in a shell":                 {"-n="},
		"S25 custom owner that is built in":  {"--allow-custom-owner", "Job"},
		"S25 built in, with its group":       {"--allow-custom-owner", "Job.batch"},
		"S25 phase that is none":             {"--field-selector", "status.phase=Evicted"},
		"yes and a file":                     {"-f", "-", "--yes"},
		"no dry run and a file":              {"-f", "-", "--dry-run=none"},
		"now that is no time":                {"--now", "yesterday"},
		"now and an archive":                 {"--restore", "x", "--now", "2026-11-20T12:00:00Z"},
		"S53 force":                          {"--force"},
		"S53 now":                            {"--now"},
		"S53 grace period of zero":           {"--grace-period", "0"},
		"negative grace period":              {"--grace-period", "-2"},
		"negative limit":                     {"--max", "-1"},
		"negative limit of living pods":      {"--max-disrupt", "-1"},
		"no pod per owner":                   {"--max-per-owner", "0"},
		"keep fewer than none":               {"--keep-last", "-1"},
		"negative restarts":                  {"--min-restarts", "-1"},
		"negative time for budgets":          {"--pdb-timeout", "-1s"},
		"timeout without a wait":             {"--timeout", "5s"},
		"wait for no time":                   {"--wait", "--timeout", "0s"},
		"fewer lines than none":              {"--save-logs", "-1"},
		"more lines than memory may take":    {"--save-logs", "1001"},
		"restore and logs":                   {"--restore", "x", "--save-logs", "1"},
		"restore and a wait":                 {"--restore", "x", "--wait"},
		"restore and a file":                 {"--restore", "x", "-f", "y"},
		"restore and a selector":             {"--restore", "x", "-l", "a=b"},
		"restore and a category":             {"--restore", "x", "--category", "failed"},
		"restore of a Deployment":            {"--restore", "x", "deploy/web"},
		"server dry run and a file":          {"--dry-run", "server", "-f", "y"},
		"all namespaces and one":             {"-A", "-n", "x"},
		"nobody at work":                     {"--concurrency", "0"},
		"two contexts":                       {"--context", "a,b"},
		"a target of a kind that is unknown": {"foo/bar"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !slices.Contains(args, "-f") && !slices.Contains(args, "--restore") {
				args = append(args, "-f", "-")
			}
			_, err := resolved(t, args...)
			if err == nil {
				t.Fatalf("%q was taken", args)
			}
			if strings.Contains(err.Error(), "kubeconfig") {
				t.Errorf("%q got as far as %v", args, err)
			}
		})
	}
}

func TestFlagsBecomeRules(t *testing.T) {
	t.Parallel()
	system := []string{"kube-system", "kube-public", "kube-node-lease"}
	base := clean.Rules{
		Categories: clean.DefaultCategories(), OlderThan: 5 * time.Minute, UnreadyFor: 30 * time.Minute,
		MinRestarts: 5, Bare: clean.BareTerminal, MaxPerOwner: 1,
	}
	job := clean.OwnerKind{Group: "batch", Kind: "Job"}
	for name, tt := range map[string]struct {
		args   []string
		change func(*clean.Rules)
	}{
		"defaults of all namespaces": {nil, func(r *clean.Rules) { r.ExcludeNamespaces = system }},
		"a named system namespace":   {[]string{"-n", "kube-system"}, func(*clean.Rules) {}},
		"excluded ones are added": {
			[]string{"--exclude-namespace", "a,b", "--exclude-namespace", "c"},
			func(r *clean.Rules) { r.ExcludeNamespaces = append(slices.Clone(system), "a", "b", "c") },
		},
		"an age holds for living pods as well": {
			[]string{"-n", "x", "--older-than", "7d"},
			func(r *clean.Rules) { r.OlderThan, r.UnreadyFor = 7*24*time.Hour, 7*24*time.Hour },
		},
		"all the rest": {
			[]string{
				"-n", "x", "--category", "succeeded", "--reason", "Evicted,OutOf*", "--exit-code", "1,137", "--owner-kind", "job",
				"--exclude-owner-kind", "Job.batch", "--allow-custom-owner", "Workflow.argoproj.io", "--bare", "never",
				"--allow-finalizers", "--include-controller-managed", "--keep-last", "3", "--max-per-owner", "2", "--min-restarts", "9",
			},
			func(r *clean.Rules) {
				r.Categories, r.Reasons, r.ExitCodes = clean.Categories()[4:5], []string{"Evicted", "OutOf*"}, []int32{1, 137}
				r.OwnerKinds, r.ExcludeOwnerKinds = []clean.OwnerKind{job}, []clean.OwnerKind{job}
				r.AllowCustomOwners = []clean.OwnerKind{{Group: "argoproj.io", Kind: "Workflow"}}
				r.Bare, r.AllowFinalizers, r.ControllerManaged = clean.BareNever, true, true
				r.KeepLast, r.MaxPerOwner, r.MinRestarts = 3, 2, 9
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := base
			tt.change(&want)
			o, err := resolved(t, append(tt.args, "-f", "-")...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, o.Rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}
