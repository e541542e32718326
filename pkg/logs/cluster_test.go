// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/logs"
)

// serve returns a Tailer of an API server that answers with handler.
func serve(t *testing.T, handler http.HandlerFunc) logs.Tailer {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := corev1client.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return logs.FromCluster(client)
}

func TestClusterAsksForTheTail(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	from := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got <- r.Method + " " + r.URL.String()
		_, _ = io.WriteString(w, "1\n2\n3\n4")
	})
	lines, err := from.Tail(t.Context(), "shop", "web-1", "app", true, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := "GET /api/v1/namespaces/shop/pods/web-1/log?container=app&previous=true&tailLines=3"; <-got != want {
		t.Errorf("want the request %s", want)
	}
	if diff := cmp.Diff([]string{"2\n", "3\n", "4"}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// A server that ignores tailLines, or lines without an end, cost no memory.
func TestClusterKeepsLittleOfEndlessText(t *testing.T) {
	t.Parallel()
	from := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 4<<20)+"\n")
		for i := range 100_000 {
			_, _ = fmt.Fprintln(w, i)
		}
		_, _ = io.WriteString(w, strings.Repeat("y", 4<<20))
	})
	lines, err := from.Tail(t.Context(), "shop", "web-1", "app", false, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 2 || lines[0] != "99999\n" || len(lines[1]) > 8*logs.MaxLine || !strings.HasPrefix(lines[1], "yyy") {
		t.Errorf("%d lines, the last of %d bytes", len(lines), len(lines[len(lines)-1]))
	}
}

func TestClusterErrorNamesTheContainer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError} {
		from := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if _, err := from.Tail(t.Context(), "shop", "web-1", "app", false, 2); err == nil || !strings.HasPrefix(err.Error(), "read log of shop/web-1 container app: ") {
			t.Errorf("status %d gives %v", status, err)
		}
	}
	from := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "cut off")
	})
	if _, err := from.Tail(t.Context(), "shop", "web-1", "app", false, 2); err == nil {
		t.Error("an answer that is cut off is no error")
	}
}
