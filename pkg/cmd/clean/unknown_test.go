// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// podsOnly may do, in a Role, what docs/rbac.md says of clean, and nothing about
// Jobs.
func podsOnly(namespace string, verbs ...string) controlplane.Grant {
	return controlplane.Grant{Namespace: namespace, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: append([]string{"get", "list", "watch"}, verbs...)},
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
	}}
}

func TestS36_AJobThatCannotBeReadProtectsItsPods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("of-a-job", ofJob("import", "5d8d8d8d-0000-4000-8000-000000000000"))
	b.failed("bare", nil)
	b.user(podsOnly(b.namespace, "delete"))
	b.options.Yes = true
	r, err := b.run(t.Context())
	if err != nil || r.Summary.SkippedByReason["owner-unknown"] != 1 || r.Summary.Deleted != 1 {
		t.Errorf("run = %v, summary %+v, want the pod of the Job left alone", err, r.Summary)
	}
	var resources []string
	for _, l := range r.Limitations {
		resources = append(resources, l.Resource+" "+l.Reason)
	}
	if diff := cmp.Diff([]string{"jobs Forbidden"}, resources); diff != "" {
		t.Errorf("limitations (-want +got):\n%s", diff)
	}
}

// keep protects the whole namespace of b.
func (b *bench) keep() {
	b.t.Helper()
	patch := []byte(`{"metadata":{"annotations":{"podwatch.dev/keep":"until tuesday"}}}`)
	if _, err := b.server.Client().CoreV1().Namespaces().Patch(b.t.Context(), b.namespace, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		b.t.Error(err)
	}
}

// A Role is enough to read the namespace that it is in.
func TestS36_ARoleSeesThatItsNamespaceIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("evicted", nil)
	b.keep()
	b.user(podsOnly(b.namespace, "delete"))
	b.options.Yes = true
	if r, err := b.run(t.Context()); err != nil || r.Summary.SkippedByReason["keep-annotation"] != 1 || len(r.Limitations) > 0 {
		t.Errorf("run = %v, summary %+v, limitations %v; want it kept", err, r.Summary, r.Limitations)
	}
}

func TestS36_ANamespaceThatCannotBeReadProtectsItsPods(t *testing.T) {
	t.Parallel()
	broken := func(b *bench) {
		b.answer = func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/namespaces/"+b.namespace) {
				return &http.Response{
					StatusCode: http.StatusInternalServerError, Header: http.Header{"Content-Type": {"text/plain"}}, Request: r,
					Body: io.NopCloser(strings.NewReader("etcdserver: request timed out")),
				}
			}
			return nil
		}
	}
	denied := func(b *bench) {
		grant := podsOnly(b.namespace, "delete")
		grant.Rules = grant.Rules[:1]
		b.user(grant)
	}
	for name, tt := range map[string]struct {
		spoil func(*bench)
		hint  string
	}{
		"the server is unwell": {broken, "kubectl get namespace NS"},
		"forbidden":            {denied, "kubectl auth can-i get namespaces/NS -n NS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failed("evicted", nil)
			b.keep()
			tt.spoil(b)
			for _, quiet := range []bool{false, true} {
				b.options.Yes, b.options.Quiet = true, quiet
				b.err.Reset()
				r, err := b.run(t.Context())
				if exit.Code(err) != 3 || r.Summary.SkippedByReason["namespace-unknown"] != 1 || len(b.mutating) > 0 || len(b.names()) != 1 {
					t.Errorf("quiet %t: run = %v, summary %+v, requests %v; want exit code 3 and it left alone", quiet, err, r.Summary, b.mutating)
				}
				if !strings.Contains(b.err.String(), "Limitation: namespaces") || !strings.Contains(b.err.String(), "podwatch.dev/keep") {
					t.Errorf("quiet %t: stderr = %q, want why it was left alone", quiet, b.err)
				}
				var text strings.Builder
				exit.Print(&text, err)
				if hint := strings.ReplaceAll(tt.hint, "NS", b.namespace); !strings.Contains(text.String(), "hint: "+hint+"\n") {
					t.Errorf("error = %q, want the hint %q", text.String(), hint)
				}
			}
		})
	}
}

// What was not read is told before the question, each thing in a line of its own.
func TestLimitationsAreToldBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.failed("of-a-job", ofJob("import", "5d8d8d8d-0000-4000-8000-000000000000"))
	b.failed("bare", nil)
	b.user(podsOnly(b.namespace, "delete"))
	b.options.Interactive, b.options.In = true, strings.NewReader("y\n")
	if r, err := b.run(t.Context()); err != nil || r.Summary.Deleted != 1 {
		t.Errorf("run = %v, summary %+v, want one deleted", err, r.Summary)
	}
	limitation, question := strings.Index(b.err.String(), "Limitation: jobs"), strings.Index(b.err.String(), "[y/N]")
	if limitation < 0 || limitation > question || strings.Count(b.err.String(), "Limitation: ") != 1 {
		t.Errorf("stderr = %q, want the limitation once, before the question", b.err)
	}
}
