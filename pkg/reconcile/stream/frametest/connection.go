// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package frametest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// connection is an open watch. Its fields are guarded by Server.mu.
type connection struct {
	scope scope
	// version is that of the last change which was sent.
	version int
	// initial is what is sent before any change.
	initial []frame
	// extra is sent as it is.
	extra []string
	// last ends the watch after extra; dead sends nothing any more.
	last, dead bool
}

// watch streams changes until the client goes.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, sc scope) {
	c, ok := s.open(w, r, sc)
	if !ok {
		return
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watches, c)
		s.notify()
	}()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	for {
		s.mu.Lock()
		frames, last := s.pending(c)
		changed := s.changed
		s.mu.Unlock()
		for _, line := range frames {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
		if err := out.Flush(); err != nil || last {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-s.done:
			return
		}
	}
}

// open registers a watch, or answers that it cannot be.
func (s *Server) open(w http.ResponseWriter, r *http.Request, sc scope) (*connection, bool) {
	q := r.URL.Query()
	version, _ := strconv.Atoi(q.Get("resourceVersion"))
	s.mu.Lock()
	defer s.mu.Unlock()
	streaming := q.Get("sendInitialEvents") == "true"
	c := &connection{scope: sc, version: version}
	switch {
	case streaming && version > s.version:
		writeTooLarge(w)
		return nil, false
	case version == 0 || streaming:
		c.version = s.version
		for _, p := range s.covered(sc) {
			c.initial = append(c.initial, frame{watch.Added, p.raw})
		}
		if streaming && !s.endless {
			c.initial = append(c.initial, bookmark(s.version, map[string]string{metav1.InitialEventsAnnotationKey: "true"}))
		}
	case version < s.floor:
		writeStatus(w, http.StatusGone, metav1.StatusReasonExpired, fmt.Sprintf("too old resource version: %d", version))
		return nil, false
	case version > s.version:
		writeTooLarge(w)
		return nil, false
	}
	s.watches[c] = struct{}{}
	s.notify()
	return c, true
}

// pending returns the lines to write, and whether the watch ends after them.
// The caller holds mu.
func (s *Server) pending(c *connection) (lines [][]byte, last bool) {
	if c.dead || s.silent {
		return nil, false
	}
	for _, f := range c.initial {
		lines = append(lines, f.line())
	}
	c.initial = nil
	if !s.held {
		if c.version < s.floor || c.version > s.version {
			return append(lines, errorFrame(http.StatusGone, metav1.StatusReasonExpired, "too old resource version").line()), true
		}
		for _, ch := range s.log[s.after(c.version):] {
			if f, ok := ch.frame(c.scope); ok {
				lines = append(lines, f.line())
			}
		}
		c.version = s.version
	}
	for _, line := range c.extra {
		lines = append(lines, []byte(line+"\n"))
	}
	c.extra = nil
	return lines, c.last
}

// after returns the position in the log of the first change after version: the
// log has one entry per version.
func (s *Server) after(version int) int {
	return len(s.log) - min(s.version-version, len(s.log))
}

func (f frame) line() []byte {
	return fmt.Appendf(nil, "{\"type\":%q,\"object\":%s}\n", string(f.Type), f.Object)
}

func bookmark(version int, annotations map[string]string) frame {
	raw, _ := json.Marshal(map[string]any{ // cannot fail: strings only
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"resourceVersion": strconv.Itoa(version), "annotations": annotations},
	})
	return frame{watch.Bookmark, raw}
}
