// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Hints returns the commands that bring the reader of finding f about pod p
// one step further, the best one first; never nil. They can be pasted into a
// POSIX shell as they stand and name the context (unless it is empty) and the
// namespace. A mirror pod gets no command that changes the cluster: it can
// only be changed on its node.
func Hints(p *projection.Pod, f v1alpha1.Finding, kubeContext string) []v1alpha1.Hint {
	h := hints{pod: p, finding: f, context: kubeContext, list: []v1alpha1.Hint{}}
	switch f.Category {
	case string(categoryScheduling):
		h.scheduling()
	case string(categoryVolume), string(categorySandbox), string(categoryDevice), string(categoryCreation):
		h.creating()
	case string(categoryImage), string(categoryConfig), string(categoryStart):
		h.starting()
	case string(categoryCrash), string(categoryInit):
		h.crash()
	case string(categoryNode):
		h.node()
	case string(categoryProbe):
		h.probe()
	case string(categoryGate):
		h.look("shows the conditions of the pod and who must set them", "get", "pod", h.pod.Name, "-o", "jsonpath={.status.conditions}")
		h.events()
	case string(categoryDeletion):
		h.deletion()
	default:
		h.events()
	}
	h.rollout()
	return h.list
}

// OwnerHints does for a finding of JudgeOwner about o what Hints does for a pod.
func OwnerHints(o *projection.Owner, f v1alpha1.Finding, kubeContext string) []v1alpha1.Hint {
	// The commands are made as for a pod of the owner's namespace.
	h := hints{pod: &projection.Pod{}, finding: f, context: kubeContext, list: []v1alpha1.Hint{}}
	h.pod.Namespace = o.Namespace
	kind := strings.ToLower(o.Kind)
	if f.Cause == reasonDeadline {
		h.look("shows how far the rollout has come", "rollout", "status", "deployment/"+o.Name, "--watch=false")
		h.history(o.Name)
		return h.list
	}
	h.object()
	h.look("shows the conditions and events", "describe", kind, o.Name)
	if f.Cause == "JobFailed" {
		h.look("shows the last lines of the log of one of its pods", "logs", "job/"+o.Name, "--all-containers", "--tail=50")
	}
	if f.Cause == reasonCreateError {
		h.history(o.Name)
	}
	return h.list
}

// hints collects the commands for one finding.
type hints struct {
	pod     *projection.Pod
	finding v1alpha1.Finding
	context string
	list    []v1alpha1.Hint
}

// look adds a command that reads in the pod's namespace.
func (h *hints) look(reason string, args ...string) {
	h.list = append(h.list, v1alpha1.Hint{Command: h.command(h.pod.Namespace, args), Reason: reason})
}

// lookCluster adds a command that reads objects without a namespace.
func (h *hints) lookCluster(reason string, args ...string) {
	h.list = append(h.list, v1alpha1.Hint{Command: h.command("", args), Reason: reason})
}

// change adds a command that changes something in the pod's namespace.
func (h *hints) change(reason string, args ...string) {
	h.mutate(v1alpha1.Hint{Command: h.command(h.pod.Namespace, args), Reason: reason})
}

// changeCluster adds a command that changes an object without a namespace.
func (h *hints) changeCluster(reason string, args ...string) {
	h.mutate(v1alpha1.Hint{Command: h.command("", args), Reason: reason})
}

func (h *hints) mutate(hint v1alpha1.Hint) {
	if h.pod.Mirror {
		return
	}
	hint.Mutating = true
	h.list = append(h.list, hint)
}

func (h *hints) command(namespace string, args []string) string {
	words := []string{"kubectl"}
	// A plugin gets its flags behind its name.
	if len(args) > 1 && args[0] == "podwatch" {
		words, args = append(words, args[:2]...), args[2:]
	}
	if h.context != "" {
		words = append(words, "--context", h.context)
	}
	if namespace != "" {
		words = append(words, "-n", namespace)
	}
	words = append(words, args...)
	for i := range words {
		words[i] = quote(words[i])
	}
	return strings.Join(words, " ")
}

// quote makes one word of a POSIX shell of s.
func quote(s string) string {
	if s != "" && strings.IndexFunc(s, needsQuotes) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func needsQuotes(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	default:
		return !strings.ContainsRune("-_./:=@%+,", r)
	}
}
