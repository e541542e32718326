// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package scope_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: prod, context: {cluster: one, user: me, namespace: shop}}
- {name: test, context: {cluster: two, user: me}}
clusters:
- {name: one, cluster: {server: "https://127.0.0.1:1"}}
- {name: two, cluster: {server: "https://127.0.0.1:2"}}
users:
- {name: me, user: {token: secret}}
`

// clusters resolves args against a kubeconfig file of the given content.
func clusters(t *testing.T, content string, args ...string) ([]scope.Cluster, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	flags := scope.NewFlags()
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.AddTo(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	s, err := flags.Scope(set.Args())
	if err != nil {
		t.Fatal(err)
	}
	return flags.Clusters(s, "test")
}

func TestR18_TheKubeconfigNamesTheCluster(t *testing.T) {
	for name, test := range map[string]struct {
		args       []string
		context    []string
		namespaces []string
	}{
		"the current context and its namespace": {nil, []string{"prod"}, []string{"shop"}},
		"another context without a namespace":   {[]string{"--context", "test"}, []string{"test"}, []string{"default"}},
		"namespaces by flag":                    {[]string{"-n", "a,b"}, []string{"prod"}, []string{"a", "b"}},
		"all namespaces":                        {[]string{"-A"}, []string{"prod"}, []string{""}},
		"several contexts":                      {[]string{"--context", "prod,test", "-n", "a"}, []string{"prod", "test"}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clusters(t, kubeconfig, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			var contexts []string
			for _, c := range got {
				contexts = append(contexts, c.Context)
			}
			if diff := cmp.Diff(test.context, contexts); diff != "" {
				t.Errorf("contexts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.namespaces, got[0].Namespaces); diff != "" {
				t.Errorf("namespaces (-want +got):\n%s", diff)
			}
		})
	}
}

// In a pod, client-go finds the service account at a fixed path; that a process
// is in none can be shown anywhere.
func TestR18_WithoutAKubeconfigAndInNoPodThereIsNoCluster(t *testing.T) {
	_, err := clusters(t, "")
	if err == nil || err.Error() != "load kubeconfig: there is none, and this is no pod" || exit.Code(err) != 1 {
		t.Errorf("Clusters = %v", err)
	}
}

// F20: a CA that is named as a file has to stay one, for only then it is read again
// when the cluster gets another.
func TestF20_AFileOfTheAuthorityStaysAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.crt")
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	srv.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(file, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	named := strings.Replace(kubeconfig, `{server: "https://127.0.0.1:1"}`, fmt.Sprintf(`{server: "https://127.0.0.1:1", certificate-authority: %q}`, file), 1)
	for name, args := range map[string][]string{"of the kubeconfig": nil, "of the flag": {"--certificate-authority", file}} {
		t.Run(name, func(t *testing.T) {
			got, err := clusters(t, named, args...)
			if err != nil {
				t.Fatal(err)
			}
			if c := got[0].REST.TLSClientConfig; c.CAFile != file || len(c.CAData) != 0 {
				t.Errorf("the client has the file %q and %d bytes of its own, want %q", c.CAFile, len(c.CAData), file)
			}
		})
	}
}

// Flags can lead away from the cluster that a context stands for.
func TestClustersSayWhichTheyAre(t *testing.T) {
	const noContext = `apiVersion: v1
kind: Config
contexts: [{name: prod, context: {cluster: one, user: me}}]
clusters: [{name: one, cluster: {server: "https://u:secret@127.0.0.1:1/k8s/c-1?token=secret"}}]
users: [{name: me, user: {token: secret}}]
`
	type identity struct {
		Context, Name, Server, User string
		Elsewhere                   bool
	}
	for name, test := range map[string]struct {
		kubeconfig string
		args       []string
		want       identity
	}{
		"the context":           {kubeconfig, nil, identity{Context: "prod", Name: "one", Server: "https://127.0.0.1:1"}},
		"its own cluster again": {kubeconfig, []string{"--cluster", "one", "--user", "me"}, identity{Context: "prod", Name: "one", Server: "https://127.0.0.1:1"}},
		"its own server again":  {kubeconfig, []string{"-s", "https://127.0.0.1:1/"}, identity{Context: "prod", Name: "one", Server: "https://127.0.0.1:1"}},
		"another cluster":       {kubeconfig, []string{"--cluster", "two"}, identity{Context: "prod", Name: "two", Server: "https://127.0.0.1:2", Elsewhere: true}},
		"another server":        {kubeconfig, []string{"-s", "https://127.0.0.1:2"}, identity{Context: "prod", Server: "https://127.0.0.1:2", Elsewhere: true}},
		"another user": {
			kubeconfig + "- {name: root, user: {token: x}}\n",
			[]string{"--user", "root"},
			identity{Context: "prod", Name: "one", Server: "https://127.0.0.1:1", User: "root"},
		},
		"contexts and none of them": {noContext, []string{"--cluster", "one"}, identity{Name: "one", Server: "https://127.0.0.1:1/k8s/c-1", Elsewhere: true}},
		"no kubeconfig":             {"", []string{"-s", "https://u:secret@127.0.0.1:3?x=secret"}, identity{Server: "https://127.0.0.1:3", Elsewhere: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clusters(t, test.kubeconfig, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			c := identity{got[0].Context, got[0].Name, got[0].Server, got[0].User, got[0].Elsewhere}
			if diff := cmp.Diff(test.want, c); diff != "" {
				t.Errorf("cluster (-want +got):\n%s", diff)
			}
		})
	}
}
