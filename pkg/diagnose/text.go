// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Bounds on text in a finding, in bytes. The full text is in the projection.
const (
	maxMessage  = 1024
	maxEvidence = 1024
)

func oneLine(s string) string {
	return plaintext.Cut(plaintext.Line(plaintext.Redact(s)), maxMessage)
}

// firstLine returns the first line of s that says anything.
func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// orElse returns s, or fallback if s says nothing.
func orElse(s, fallback string) string {
	if strings.TrimSpace(s) == "" {
		return fallback
	}
	return s
}

// word returns s if it can stand as a sub-cause: one word of ASCII letters,
// digits, - and _ such as the kubelet's reasons are. Free text gives "".
func word(s string) string {
	if len(s) > 63 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return ""
		}
	}
	return s
}

// pattern names the sub-cause that any of its lower-case fragments stands for.
type pattern struct {
	subCause  string
	fragments []string
}

// classify returns the sub-cause of the first pattern that message contains,
// "" if none does. Wordings change between releases, so a pattern lists every
// known variant and the raw text is always shown beside it.
func classify(message string, patterns []pattern) string {
	message = strings.ToLower(message)
	for i := range patterns {
		for _, fragment := range patterns[i].fragments {
			if strings.Contains(message, fragment) {
				return patterns[i].subCause
			}
		}
	}
	return ""
}

// fact is one piece of evidence from the pod's status.
func fact(path, value string, at time.Time) v1alpha1.Evidence {
	return v1alpha1.Evidence{
		Source: "PodStatus",
		Path:   path,
		Value:  plaintext.Cut(plaintext.Redact(value), maxEvidence),
		Time:   timestamp(at),
	}
}

func facts(e ...v1alpha1.Evidence) []v1alpha1.Evidence { return e }

func waitingFact(c *projection.Container) v1alpha1.Evidence {
	return fact(c.StatusPath("state.waiting"), reasonAndMessage(c.Waiting.Reason, c.Waiting.Message), time.Time{})
}

func conditionFact(c *projection.Condition) v1alpha1.Evidence {
	value := string(c.Status)
	if c.Reason != "" || c.Message != "" {
		value += ", " + reasonAndMessage(c.Reason, c.Message)
	}
	return fact("status.conditions["+string(c.Type)+"]", value, c.LastTransitionTime)
}

func reasonAndMessage(reason, message string) string {
	switch {
	case message == "":
		return reason
	case reason == "":
		return message
	default:
		return reason + ": " + message
	}
}
