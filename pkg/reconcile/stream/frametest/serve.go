// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package frametest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"
)

// ServeHTTP answers as at the address of s, for tests with a listener of their own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.wg.Add(1)
	defer s.wg.Done()
	req := Request{Watch: r.URL.Query().Has("watch"), Query: r.URL.Query(), Path: r.URL.Path}
	s.mu.Lock()
	s.requests = append(s.requests, req)
	var fault Fault
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	s.notify()
	s.mu.Unlock()
	if !s.holdWhile(r, func() bool { return s.silent }) {
		return
	}
	if fault != nil && fault(s, w, r) {
		return
	}
	s.mu.Lock()
	w.Header().Set("Date", clock.RealClock{}.Now().Add(s.ahead).UTC().Format(http.TimeFormat))
	also, ok := s.also[r.URL.Path]
	s.mu.Unlock()
	sc, err := scopeOf(r)
	switch {
	case ok:
		if strings.HasPrefix(also, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		_, _ = io.WriteString(w, also)
	case !strings.HasSuffix(r.URL.Path, "/pods"):
		writeStatus(w, http.StatusNotFound, metav1.StatusReasonNotFound, "only pods are served")
	case err != nil:
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
	case req.Watch:
		s.watch(w, r, sc)
	default:
		s.list(w, r, sc)
	}
}

// Also answers requests for path, which is not the pods', with body.
func (s *Server) Also(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.also[path] = body
}

// holdWhile blocks while cond, read under mu, is true. It returns false if the
// client or the server has gone.
func (s *Server) holdWhile(r *http.Request, cond func() bool) bool {
	for {
		s.mu.Lock()
		hold, changed := cond(), s.changed
		s.mu.Unlock()
		if !hold {
			return true
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return false
		case <-s.done:
			return false
		}
	}
}

type podList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`

	Items []json.RawMessage `json:"items"`
}

// list answers with a page. The continue token is the position in the order of
// names.
func (s *Server) list(w http.ResponseWriter, r *http.Request, sc scope) {
	q := r.URL.Query()
	from, _ := strconv.Atoi(q.Get("continue"))
	limit, _ := strconv.Atoi(q.Get("limit"))
	s.mu.Lock()
	if v, _ := strconv.Atoi(q.Get("resourceVersion")); v > s.version {
		s.mu.Unlock()
		writeTooLarge(w)
		return
	}
	all := s.covered(sc)
	out := podList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"},
		ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(s.version)},
		Items:    []json.RawMessage{},
	}
	s.mu.Unlock()
	all = all[min(from, len(all)):]
	if limit > 0 && len(all) > limit && q.Get("resourceVersion") != "0" {
		all = all[:limit]
		out.Continue = strconv.Itoa(from + limit)
	}
	for _, p := range all {
		out.Items = append(out.Items, p.raw)
	}
	writeJSON(w, http.StatusOK, out)
}

// covered returns the pods of the scope in the order of their names. The caller
// holds mu.
func (s *Server) covered(sc scope) []stored {
	var all []stored
	for _, p := range s.pods {
		if sc.covers(p.pod) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b stored) int {
		return cmp.Or(cmp.Compare(a.pod.Namespace, b.pod.Namespace), cmp.Compare(a.pod.Name, b.pod.Name))
	})
	return all
}

func statusOf(code int, reason metav1.StatusReason, message string) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message, //nolint:gosec // a constant
	}
}

func writeStatus(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	writeJSON(w, code, statusOf(code, reason, message))
}

// writeTooLarge answers that the server has not come to a resourceVersion yet.
func writeTooLarge(w http.ResponseWriter) {
	st := statusOf(http.StatusGatewayTimeout, metav1.StatusReasonTimeout, "Too large resource version")
	st.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge}}}
	writeJSON(w, http.StatusGatewayTimeout, st)
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The client may have gone.
	_ = json.NewEncoder(w).Encode(v)
}

func errorFrame(code int, reason metav1.StatusReason, message string) frame {
	raw, _ := json.Marshal(statusOf(code, reason, message)) // cannot fail: a struct of strings
	return frame{watch.Error, raw}
}
