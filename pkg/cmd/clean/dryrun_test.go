// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// proxy stands before the API server and sees what goes over the wire.
type proxy struct {
	*httptest.Server
	mu   sync.Mutex
	sent []string
}

// newProxy returns a proxy for b's server that acts as the administrator.
func newProxy(t *testing.T, b *bench) *proxy {
	t.Helper()
	config := b.server.Config()
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(config.CAData)
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	forward.FlushInterval = -1
	forward.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Method != http.MethodGet && !asks(r) {
			p.mu.Lock()
			p.sent = append(p.sent, fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body))
			p.mu.Unlock()
		}
		r.Header.Set("Authorization", "Bearer "+config.BearerToken)
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) kubeconfig(t *testing.T, namespace string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","namespace":%q}}],"clusters":[{"name":"c","cluster":{"server":%q}}]}`,
		namespace, p.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// asks is true for the question what the user may do: the one POST that changes
// nothing.
func asks(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
}

// TestS40_ADryRunIsTheRealRunBeforehand goes through the whole command, with what
// the user may do and with limits.
func TestS40_ADryRunIsTheRealRunBeforehand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		verbs    []string
		limits   clean.Limits
		truncate bool
		gate     bool
		code     int
		planned  []string
	}{
		"everything may be done":         {[]string{"delete"}, clean.Limits{Ended: 9, Living: 9}, false, false, 3, []string{"a", "b"}},
		"the oldest":                     {[]string{"delete"}, clean.Limits{Ended: 1, Living: 9}, true, false, 3, []string{"a"}},
		"over a limit":                   {[]string{"delete"}, clean.Limits{Ended: 1, Living: 9}, false, false, 1, []string{"a", "b"}},
		"within a limit when forbidden":  {[]string{"delete"}, clean.Limits{Ended: 2, Living: 0}, false, false, 3, []string{"a", "b"}},
		"nothing may be done":            {nil, clean.Limits{Ended: 9, Living: 9}, false, false, 1, nil},
		"nothing may be done, as a gate": {nil, clean.Limits{Ended: 9, Living: 9}, false, true, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for i, pod := range []string{"a", "b"} {
				b.failed(pod, func(p *corev1.Pod) {
					p.Status.Conditions = []corev1.PodCondition{{
						Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(time.Now().Add(time.Duration(i-9) * time.Hour)),
					}}
				})
			}
			b.looping("web", nil)
			b.user(podsOnly(b.namespace, tt.verbs...))
			b.disrupt()
			b.options.Limits, b.options.Truncate, b.options.FailIfFound = tt.limits, tt.truncate, tt.gate
			var before map[string]int
			for _, dryRun := range []v1alpha1.DryRun{v1alpha1.DryRunClient, v1alpha1.DryRunServer, v1alpha1.DryRunNone} {
				b.options.DryRun = dryRun
				r, err := b.run(t.Context())
				if exit.Code(err) != tt.code {
					t.Errorf("%s: run = %v, want exit code %d", dryRun, err, tt.code)
				}
				if tt.code == 1 && len(tt.planned) > 0 && dryRun == v1alpha1.DryRunNone {
					continue // refused: there is no plan to compare
				}
				var planned []string
				for _, item := range r.Items[:r.Summary.Planned] {
					planned = append(planned, item.Name)
				}
				if diff := cmp.Diff(tt.planned, planned); diff != "" {
					t.Errorf("%s: planned (-want +got):\n%s", dryRun, diff)
				}
				if before == nil {
					before = r.Summary.SkippedByReason
				}
				if diff := cmp.Diff(before, r.Summary.SkippedByReason); diff != "" {
					t.Errorf("%s: skipped (-client +this):\n%s", dryRun, diff)
				}
			}
		})
	}
}

// The gate of a dry run holds over a limit, too; a real run is refused by it.
func TestTheGateOfADryRunWinsOverALimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("a", nil)
	b.failed("b", nil)
	b.options.Limits, b.options.FailIfFound, b.options.Yes = clean.Limits{Ended: 1}, true, true
	for dryRun, want := range map[v1alpha1.DryRun]int{v1alpha1.DryRunClient: 2, v1alpha1.DryRunServer: 2, v1alpha1.DryRunNone: 1} {
		b.options.DryRun = dryRun
		if _, err := b.run(t.Context()); exit.Code(err) != want || !strings.Contains(err.Error(), "more than the limit of 1") || len(b.mutating) > 0 {
			t.Errorf("%s: run = %v, requests %v; want exit code %d", dryRun, err, b.mutating, want)
		}
	}
	b.options.Truncate, b.options.Limits, b.options.DryRun = true, clean.Limits{}, v1alpha1.DryRunClient
	if r, err := b.run(t.Context()); exit.Code(err) != 2 || r.Summary.Planned != 0 {
		t.Errorf("run = %v, summary %+v; want the gate to see what is cut off", err, r.Summary)
	}
}

// TestS39_NoDryRunChangesAnything runs the command line over the cross product of
// its flags and looks at the wire.
func TestS39_NoDryRunChangesAnything(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("evicted", nil)
	b.looping("looping", nil)
	p := newProxy(t, b)
	kubeconfig := p.kubeconfig(t, b.namespace)
	state := t.TempDir()
	before := b.versions()
	env := func(name string) (string, bool) { return state, name == "XDG_STATE_HOME" }
	runs := 0
	for _, dryRun := range []string{"client", "server"} {
		for _, output := range []string{"table", "wide", "json", "yaml", "name", "jsonpath={.summary}"} {
			for _, quiet := range []string{"false", "true"} {
				for _, yes := range []string{"false", "true"} {
					for _, category := range []string{"evicted,shutdown,rejected,failed", "succeeded,crashloop,imagepull,evicted"} {
						runs++
						args := []string{
							"--kubeconfig", kubeconfig, "--dry-run", dryRun, "-o", output, "--quiet=" + quiet, "--yes=" + yes,
							"--category", category, "--older-than", "0s",
						}
						var out, errOut bytes.Buffer
						c := NewCommand(genericiooptions.IOStreams{In: strings.NewReader("y\n"), Out: &out, ErrOut: &errOut}, env)
						c.SetArgs(args)
						c.SilenceUsage, c.SilenceErrors = true, true
						if err := c.ExecuteContext(t.Context()); err != nil {
							t.Errorf("%q: %v", args, err)
						}
						p.check(t, dryRun, args)
						if quiet == "true" && errOut.Len() > 0 {
							t.Errorf("%q: stderr %q", args, errOut.String())
						}
					}
				}
			}
		}
	}
	if diff := cmp.Diff(before, b.versions()); diff != "" {
		t.Errorf("pods after %d dry runs (-before +after):\n%s", runs, diff)
	}
	if entries, err := os.ReadDir(state); err != nil || len(entries) > 0 {
		t.Errorf("a dry run has left %v, %v", entries, err)
	}
}

// check looks at what a dry run has sent, and forgets it.
func (p *proxy) check(t *testing.T, dryRun string, args []string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, request := range p.sent {
		if dryRun == string(v1alpha1.DryRunClient) || !strings.Contains(request, "All") || strings.Contains(request, "dryRun=") {
			t.Errorf("%q sent %q", args, request)
		}
	}
	if dryRun == string(v1alpha1.DryRunServer) && len(p.sent) == 0 {
		t.Errorf("%q has not asked the server", args)
	}
	p.sent = nil
}

// versions returns the resourceVersions of the pods that are there.
func (b *bench) versions() map[string]string {
	b.t.Helper()
	list, err := b.server.Client().CoreV1().Pods(b.namespace).List(b.t.Context(), metav1.ListOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]string{}
	for i := range list.Items {
		out[list.Items[i].Name] = list.Items[i].ResourceVersion
	}
	return out
}
