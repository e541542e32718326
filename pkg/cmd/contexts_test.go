// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// world is a kubeconfig with several contexts.
type world struct {
	kubeconfig string
	eu, us     string // namespaces
}

// newWorld makes a world of the contexts eu and us, each with a crashing pod of
// the same name in a namespace of its own; mirror, which is eu once more; empty,
// which has no pods; those that let nobody in: refused, stranger (401) and denied
// (403); and partial, which gives the pods of us and nothing else.
func newWorld(t *testing.T) world {
	t.Helper()
	s := controlplane.Shared(t)
	w := world{kubeconfig: filepath.Join(t.TempDir(), "config"), eu: s.Namespace(t), us: s.Namespace(t)}
	for _, ns := range []string{w.eu, w.us} {
		if _, err := s.CreatePod(t.Context(), crashing(ns)); err != nil {
			t.Fatal(err)
		}
	}
	config, err := clientcmd.LoadFromFile(s.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	admin := config.Contexts[config.CurrentContext]
	config.Clusters["refused"] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:1"}
	config.AuthInfos["stranger"] = &clientcmdapi.AuthInfo{Token: "expired"}
	for name, grants := range map[string][]controlplane.Grant{
		"denied": nil,
		"partial": {{Namespace: w.us, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
		}}},
	} {
		path, err := s.User(t.Context(), name+"-"+w.eu, grants...)
		if err != nil {
			t.Fatal(err)
		}
		user, err := clientcmd.LoadFromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		config.AuthInfos[name] = user.AuthInfos[user.Contexts[user.CurrentContext].AuthInfo]
	}
	config.Contexts = map[string]*clientcmdapi.Context{
		"eu":       {Cluster: admin.Cluster, AuthInfo: admin.AuthInfo, Namespace: w.eu},
		"us":       {Cluster: admin.Cluster, AuthInfo: admin.AuthInfo, Namespace: w.us},
		"empty":    {Cluster: admin.Cluster, AuthInfo: admin.AuthInfo, Namespace: s.Namespace(t)},
		"mirror":   {Cluster: admin.Cluster, AuthInfo: admin.AuthInfo, Namespace: w.eu},
		"refused":  {Cluster: "refused", AuthInfo: admin.AuthInfo, Namespace: w.eu},
		"stranger": {Cluster: admin.Cluster, AuthInfo: "stranger", Namespace: w.eu},
		"denied":   {Cluster: admin.Cluster, AuthInfo: "denied", Namespace: w.eu},
		"partial":  {Cluster: admin.Cluster, AuthInfo: "partial", Namespace: w.us},
	}
	config.CurrentContext = "eu"
	if err := clientcmd.WriteToFile(*config, w.kubeconfig); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w world) report(t *testing.T, args ...string) (r v1alpha1.PodReport, stderr string, code int) {
	t.Helper()
	return report(t, append([]string{"--kubeconfig", w.kubeconfig}, args...)...)
}

// clustersOf lists the clusters of the groups of r.
func clustersOf(r v1alpha1.PodReport) string {
	var names []string
	for _, g := range r.Groups {
		names = append(names, g.Cluster)
	}
	return strings.Join(names, " ")
}

func TestReportOnSeveralContexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tt := range map[string]struct {
		contexts string
		args     []string
		code     int
		clusters string
		stderr   string
	}{
		"both":                            {"us,eu", nil, 0, "eu us", " of 2 clusters: 2 failing.\n"},
		"one pod under two names":         {"eu,mirror", nil, 0, "eu mirror", "2 findings (2 critical) in 2 pods in namespace "},
		"one named twice":                 {"us,us", nil, 0, "", "1 finding (1 critical) in 1 pod in namespace " + w.us + ": "},
		"one refused":                     {"eu,refused", nil, 3, "eu", "error: list pods: 1 of 2 clusters could not be read in full\n"},
		"one has expired credentials":     {"stranger,us", nil, 3, "us", "Limitation: pods in cluster stranger not read (Unauthorized): no pods of this cluster"},
		"one denied":                      {"denied,eu,us", nil, 3, "eu us", "Limitation: pods in cluster denied not read (Forbidden): no pods of this cluster"},
		"one refused, and allowed to":     {"eu,refused", []string{"--allow-partial", "pods"}, 0, "eu", "Limitation: pods in cluster refused not read"},
		"2 wins over 3":                   {"eu,refused", []string{"--fail-on", "critical"}, 2, "eu", "error: gate --fail-on: critical CrashLoop/ExitCode in Deployment/web of cluster eu\n"},
		"events required":                 {"eu,partial", []string{"--events=require"}, 3, "eu partial", `list events in namespace "` + w.us + `" of cluster partial: required`},
		"a target in one of them":         {"eu,empty", []string{"web-5d8-x"}, 0, "eu", ""},
		"a target in none":                {"eu,us", []string{"nothing"}, 1, "", "error: find pod/nothing: no such pods in scope\n"},
		"a target in what was not read":   {"eu,refused", []string{"nothing"}, 3, "", "error: list pods: 1 of 2 clusters could not be read in full\n"},
		"all refused":                     {"refused,stranger", nil, 1, "", `error: read context "refused": list pods in namespace "` + w.eu + `": `},
		"all refused, and allowed to":     {"refused,denied", []string{"--allow-partial", "pods"}, 1, "", `error: read context "denied": list pods in namespace`},
		"one of them does not exist":      {"eu,moon", nil, 1, "", `error: load kubeconfig: context "moon" does not exist`},
		"one of two namespaces in one":    {"eu,partial", []string{"-n", w.eu + "," + w.us}, 3, "eu eu partial", "error: list pods: 1 of 2 clusters could not be read in full\n"},
		"logs, and nobody to ask them of": {"eu,us", []string{"--logs"}, 0, "eu us", "pods/log in namespace " + w.us + " of cluster us not read ("},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, stderr, code := w.report(t, append([]string{"--context", tt.contexts}, tt.args...)...)
			if code != tt.code || clustersOf(got) != tt.clusters || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("code %d, groups of %q, want %d, %q and %q in stderr:\n%s", code, clustersOf(got), tt.code, tt.clusters, tt.stderr, stderr)
			}
			if printed := got.Kind != ""; printed == (tt.code == 1) {
				t.Errorf("a report was printed: %t", printed)
			}
		})
	}
}

// Each cluster says in the report on several what it says alone, with its name
// on it.
func TestSeveralContextsSayWhatEachSaysAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Format(time.RFC3339)
	both, _, code := w.report(t, "--context", "eu,partial", "--now", now)
	if code != 0 || len(both.Groups) != 2 || len(both.Limitations) == 0 {
		t.Fatalf("code %d, %d groups, %d limitations", code, len(both.Groups), len(both.Limitations))
	}
	if diff := cmp.Diff(v1alpha1.Source{Type: "Cluster", Contexts: []string{"eu", "partial"}}, both.Source); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	for i, name := range []string{"eu", "partial"} {
		alone, _, _ := w.report(t, "--context", name, "--now", now)
		want, got := alone.Groups[0], both.Groups[i]
		if got.ID == want.ID || both.Pods[i].Findings[0].Group != got.ID {
			t.Errorf("%s: group %s, alone %s, of its pod %s", name, got.ID, want.ID, both.Pods[i].Findings[0].Group)
		}
		for _, h := range got.Hints {
			if !strings.Contains(h.Command, "--context "+name) {
				t.Errorf("%s: hint %s", name, h.Command)
			}
		}
		want.ID, want.Cluster = got.ID, name
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: group (-alone +both):\n%s", name, diff)
		}
		var limitations []v1alpha1.Limitation
		for _, l := range both.Limitations {
			if l.Cluster == name {
				l.Cluster = ""
				limitations = append(limitations, l)
			}
		}
		if diff := cmp.Diff(len(alone.Limitations), len(limitations)); diff != "" || len(limitations) > 0 && !cmp.Equal(alone.Limitations, limitations) {
			t.Errorf("%s: limitations (-alone +both):\n%s", name, cmp.Diff(alone.Limitations, limitations))
		}
	}
}
