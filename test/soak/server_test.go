// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// server sends frames as fast as it is told to. It knows one namespace.
type server struct {
	*httptest.Server
	pods    int
	version int
	// script runs once the initial list is out.
	script func(send func(frame string))
}

func newServer(t *testing.T, pods int, script func(s *server, send func(string))) *server {
	t.Helper()
	s := &server{pods: pods, version: 100}
	s.script = func(send func(string)) { script(s, send) }
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.CloseClientConnections)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("watch") == "" {
		http.Error(w, "only streamed lists", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriterSize(w, 1<<16)
	flush := func() {
		_ = out.Flush()
		_ = http.NewResponseController(w).Flush()
	}
	for i := range s.pods {
		_, _ = out.WriteString(s.frame("ADDED", i, ready))
	}
	_, _ = fmt.Fprintf(out, `{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"%d",`+
		`"annotations":{"k8s.io/initial-events-end":"true"}}}}`+"\n", s.version)
	flush()
	s.script(func(frames string) {
		_, _ = out.WriteString(frames)
		flush()
	})
	<-r.Context().Done()
}

// The conditions of a pod that frames tell.
const (
	ready    = `"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"app","ready":true,"started":true,"state":{"running":{"startedAt":"%[1]s"}}}]`
	notReady = `"phase":"Running","conditions":[{"type":"Ready","status":"False","lastTransitionTime":"%[1]s"}],"containerStatuses":[{"name":"app","ready":false,"started":true,"state":{"running":{"startedAt":"%[1]s"}}}]`
	failed   = `"phase":"Failed","containerStatuses":[{"name":"app","state":{"terminated":{"exitCode":1,"reason":"Error","finishedAt":"%[1]s"}}}]`
)

// frame is one line of the watch.
func (s *server) frame(kind string, pod int, status string) string {
	s.version++
	now := time.Now().UTC().Format(time.RFC3339)
	return fmt.Sprintf(`{"type":"%s","object":{"kind":"Pod","apiVersion":"v1","metadata":{"namespace":"soak","name":"%s","uid":"u%d",`+
		`"resourceVersion":"%d","creationTimestamp":"%s"},"spec":{"nodeName":"n1","containers":[{"name":"app","image":"app:1"}]},"status":{%s}}}`+"\n",
		kind, name(pod), pod, s.version, now, fmt.Sprintf(status, now))
}

func name(pod int) string { return fmt.Sprintf("pod-%05d", pod) }
