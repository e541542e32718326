// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package frametest

import (
	"net/http"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault answers a request in place of the server, or reports false to leave it
// to the server.
type Fault func(s *Server, w http.ResponseWriter, r *http.Request) bool

// Next lets the faults answer the next requests, one each. nil is no fault.
func (s *Server) Next(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Status answers with an error status.
func Status(code int, reason metav1.StatusReason) Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) bool {
		writeStatus(w, code, reason, string(reason))
		return true
	}
}

// TooLarge answers that the server has not come to the resourceVersion yet.
func TooLarge() Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) bool {
		writeTooLarge(w)
		return true
	}
}

// RetryAfter answers with 429 and asks to wait, in whole seconds.
func RetryAfter(d time.Duration) Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", strconv.Itoa(int(d.Seconds())))
		writeStatus(w, http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "slow down")
		return true
	}
}

// Hang never answers.
func Hang() Fault {
	return func(s *Server, _ http.ResponseWriter, r *http.Request) bool {
		s.holdWhile(r, func() bool { return true })
		return true
	}
}

// Raw answers a watch with the lines and ends it.
func Raw(lines ...string) Fault {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		for _, line := range lines {
			if _, err := w.Write([]byte(line + "\n")); err != nil {
				return true
			}
		}
		return true
	}
}
