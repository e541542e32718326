// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
)

// crashed makes a failed pod whose container has run.
func (b *bench) crashed(name string) *corev1.Pod {
	b.t.Helper()
	return b.failed(name, func(p *corev1.Pod) {
		p.Status.Reason, p.Status.Message = "", ""
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "app", Image: "registry.example.com/app:1", ContainerID: "containerd://1",
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}},
		}}
	})
}

// kubelet answers the requests for logs of config, and counts them.
func kubelet(config *rest.Config, text string) *atomic.Int32 {
	asked := &atomic.Int32{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/log") {
				return next.RoundTrip(r)
			}
			asked.Add(1)
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(strings.NewReader(text)),
			}, nil
		})
	})
	return asked
}

func TestTheLastLinesOfAPodAreKeptWithItsManifest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.crashed("web")
	config := b.server.Config()
	asked := kubelet(config, "starting\npassword=hunter2\nno such table\n")
	b.as(config)
	b.options.Yes, b.options.SaveLogs = true, 2

	b.options.DryRun = v1alpha1.DryRunServer
	if r, err := b.run(t.Context()); err != nil || r.Summary.WouldDelete != 1 || asked.Load() != 0 {
		t.Errorf("dry run = %v, summary %+v, after %d requests for logs; want none", err, r.Summary, asked.Load())
	}
	b.options.DryRun = v1alpha1.DryRunNone
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || len(r.Limitations) != 0 {
		t.Fatalf("run = %v, summary %+v, limitations %+v", err, r.Summary, r.Limitations)
	}
	text, err := os.ReadFile(r.Items[0].LogsPath)
	if want := "==> container app <==\npassword=[REDACTED]\nno such table\n"; err != nil || string(text) != want {
		t.Errorf("logs = %q, %v; want %q", text, err, want)
	}
}

func TestLogsThatCannotBeReadDoNotKeepThePod(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.crashed("web") // its node does not exist
	b.options.Yes, b.options.SaveLogs = true, 10
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || r.Items[0].LogsPath != "" || !strings.Contains(r.Items[0].LogsError, "container app: ") {
		t.Errorf("run = %v, item %+v; want it deleted and told why there are no logs", err, r.Items[0])
	}
}

func TestForbiddenLogsAreToldBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.crashed("web")
	b.user(podsOnly(b.namespace, "delete"))
	b.options.Yes, b.options.SaveLogs = true, 10
	r, err := b.run(t.Context())
	if err != nil || r.Summary.Deleted != 1 || !strings.Contains(r.Items[0].LogsError, "forbidden") {
		t.Errorf("run = %v, item %+v; want it deleted all the same", err, r.Items[0])
	}
	if len(r.Limitations) != 1 || r.Limitations[0].Resource != "pods/log" || r.Limitations[0].Reason != "Forbidden" {
		t.Errorf("limitations = %+v, want that logs are forbidden", r.Limitations)
	}
	if !strings.Contains(b.err.String(), "Limitation: pods/log in namespace "+b.namespace+" not read (Forbidden): the logs of its pods are not kept") {
		t.Errorf("stderr = %q", b.err)
	}
	// Nobody asks for the right without the flag.
	b.crashed("web")
	asked := b.denied(clean.AccessLogs)
	b.options.SaveLogs = 0
	if r, err := b.run(t.Context()); err != nil || r.Summary.Deleted != 1 || strings.Join(*asked, ",") != "delete pods" {
		t.Errorf("run = %v, summary %+v, asked %q", err, r.Summary, *asked)
	}
}
