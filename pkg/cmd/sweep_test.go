// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// sweep is a `watch --clean` on a namespace of a real server, seen from both
// sides: what it prints and what it sends.
type sweep struct {
	t         *testing.T
	server    *controlplane.Server
	namespace string
	archive   string
	proxy     *httptest.Server
	// before is called before a request is passed on; broken fails writes.
	before func(*http.Request)
	broken func(written string) error

	mu      sync.Mutex
	changed chan struct{}
	out     bytes.Buffer
	errOut  bytes.Buffer
	// reads and writes are the requests, with their bodies.
	reads, writes []string

	stop context.CancelCauseFunc
	code chan int
}

func newSweep(t *testing.T, server *controlplane.Server) *sweep {
	t.Helper()
	w := &sweep{
		t: t, server: server, namespace: server.Namespace(t), archive: filepath.Join(t.TempDir(), "archive"),
		changed: make(chan struct{}), code: make(chan int, 1), before: func(*http.Request) {}, broken: func(string) error { return nil },
	}
	config := server.Config()
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
	w.proxy = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.note(r)
		w.before(r)
		r.Header.Set("Authorization", "Bearer "+config.BearerToken)
		forward.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.proxy.Close)
	return w
}

// note keeps what the request asks for.
func (w *sweep) note(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	line := fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body)
	w.change(func() {
		switch {
		case r.Method == http.MethodGet:
			w.reads = append(w.reads, line)
		case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
			// It changes nothing.
		default:
			w.writes = append(w.writes, line)
		}
	})
}

func (w *sweep) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
}

// Write implements io.Writer: it is standard output.
func (w *sweep) Write(p []byte) (n int, err error) {
	if err := w.broken(string(p)); err != nil {
		return 0, err
	}
	w.change(func() { n, err = w.out.Write(p) })
	return n, err
}

// start starts the command with flags for no wait but that of ten seconds.
func (w *sweep) start(args ...string) {
	w.t.Helper()
	kubeconfig := filepath.Join(w.t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","namespace":%q}}],"clusters":[{"name":"c","cluster":{"server":%q}}]}`,
		w.namespace, w.proxy.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(w.t.Context())
	w.stop = stop
	args = append([]string{"watch", "--kubeconfig", kubeconfig, "--older-than", "0s", "--archive", w.archive}, args...)
	go func() {
		w.code <- cmd.Main(ctx, args, genericiooptions.IOStreams{In: strings.NewReader("y\n"), Out: w, ErrOut: &w.errOut}, noEnv)
	}()
	w.t.Cleanup(func() { stop(nil) })
}

// until waits until ok is true of the output and the requests.
func (w *sweep) until(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.After(time.Minute)
	for {
		w.mu.Lock()
		holds, changed := ok(), w.changed
		w.mu.Unlock()
		if holds {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.t.Fatalf("waited a minute for %s; stdout:\n%s\nsent: %q", what, w.out.String(), w.writes)
		}
	}
}

// clean returns the clean events on standard output so far: type, name, result and
// skip reason. It is called with mu held.
func (w *sweep) clean() []string {
	var out []string
	for line := range strings.Lines(w.out.String()) {
		var e v1alpha1.PodWatchEvent
		if json.Unmarshal([]byte(line), &e) == nil && e.Clean != nil {
			out = append(out, strings.Join(strings.Fields(fmt.Sprint(e.Type, " ", e.Name, " ", e.Clean.Result, " ", e.Clean.SkipReason)), " "))
		}
	}
	return out
}

// end stops the command and returns its exit code and the cleaned pods that its
// last line counts.
func (w *sweep) end() (code, cleaned int) {
	w.t.Helper()
	w.stop(cmd.Interrupted(syscall.SIGINT))
	code = <-w.code
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(w.out.String()), "\n")
	var last v1alpha1.PodWatchEvent
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err == nil && last.Summary != nil {
		cleaned = last.Summary.Cleaned
	}
	return code, cleaned
}

// mutations returns the requests that change something.
func (w *sweep) mutations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.writes)
}

func (w *sweep) failed(name string) *corev1.Pod {
	w.t.Helper()
	pod := runningPod(w.namespace, name)
	pod.Status = failedStatus()
	made, err := w.server.CreatePod(w.t.Context(), pod)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func failedStatus() corev1.PodStatus {
	return corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{{
		Name: "app", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 1, Reason: "Error", FinishedAt: metav1.NewTime(time.Now().Add(-time.Hour)),
		}},
	}}}
}

// uids returns those of the pods that are there, by name.
func (w *sweep) uids() map[string]string {
	w.t.Helper()
	list, err := w.server.Client().CoreV1().Pods(w.namespace).List(context.WithoutCancel(w.t.Context()), metav1.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]string{}
	for i := range list.Items {
		out[list.Items[i].Name] = string(list.Items[i].UID)
	}
	return out
}

// onFirst calls act before the first request with the method and the end of its
// path is passed on.
func (w *sweep) onFirst(method, suffix string, act func()) {
	var once sync.Once
	w.before = func(r *http.Request) {
		if r.Method == method && strings.HasSuffix(r.URL.Path, suffix) {
			once.Do(act)
		}
	}
}
