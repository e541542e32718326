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
	case string(categoryImage), string(categoryConfig), string(categoryStart):
		h.starting()
	case string(categoryCrash), string(categoryInit):
		h.crash()
	case string(categoryNode):
		h.node()
	case string(categoryDeletion):
		h.deletion()
	default:
		h.events()
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

func (h *hints) scheduling() {
	if h.finding.Cause == "SchedulingGated" {
		h.look("shows who set the gates", "get", "pod", h.pod.Name, "-o", "jsonpath={.spec.schedulingGates}")
		return
	}
	h.events()
	switch h.finding.SubCause {
	case "PVC", "VolumeTopology", "RWOP":
		h.look("shows the volume claims of the namespace", "get", "persistentvolumeclaims")
	case "Taint", "Cordoned", "NodeSelector", "Resources":
		h.lookCluster("shows what the nodes offer", "describe", "nodes")
	}
}

func (h *hints) starting() {
	switch h.finding.Cause + "/" + h.finding.SubCause {
	case "ConfigError/ConfigMapNotFound":
		h.object("configmap")
	case "ConfigError/SecretNotFound":
		h.object("secret")
	case "ImagePull/Auth":
		h.look("shows the pull secrets of the pod", "get", "pod", h.pod.Name, "-o", "jsonpath={.spec.imagePullSecrets}")
	}
	h.events()
}

// object names the object that the message of a config error puts in quotes.
func (h *hints) object(kind string) {
	_, rest, ok := strings.Cut(h.finding.Message, kind+` "`)
	name, _, closed := strings.Cut(rest, `"`)
	if ok && closed {
		h.look("shows whether it is there by now", "get", kind, name)
	}
}

func (h *hints) crash() {
	args := []string{"logs", h.pod.Name, "-c", h.finding.Container, "--tail=50"}
	reason := "shows the last lines of the log"
	if h.finding.Cause != "Initializing" && h.restarted() {
		args = append(args, "--previous")
		reason = "shows the last lines before the crash"
	}
	if h.finding.Container != "" {
		h.look(reason, args...)
	}
	h.events()
}

// restarted is true if the container at fault has a run before this one, whose
// log --previous asks for.
func (h *hints) restarted() bool {
	for i := range h.pod.Containers {
		c := &h.pod.Containers[i]
		if c.Name == h.finding.Container {
			return c.Terminated == nil && c.LastTerminated != nil
		}
	}
	return false
}

func (h *hints) node() {
	if h.pod.NodeName != "" {
		h.lookCluster("shows the conditions of the node", "describe", "node", h.pod.NodeName)
	}
	switch h.finding.Cause {
	case "Evicted", "Rejected", "NodeShutdown":
		h.clean()
	default:
		h.events()
	}
}

func (h *hints) deletion() {
	switch h.finding.SubCause {
	case "Finalizer":
		h.look("shows the finalizers and who set them", "get", "pod", h.pod.Name, "-o", "yaml", "--show-managed-fields")
	case "NodeGone":
		h.lookCluster("shows the conditions of the node", "describe", "node", h.pod.NodeName)
		h.change("removes the object; the containers may still run on the node", "delete", "pod", h.pod.Name, "--grace-period=0", "--force")
	default:
		h.events()
	}
}

func (h *hints) events() {
	h.look("shows the recent events of the pod", "events", "--for", "pod/"+h.pod.Name)
}

// clean is not offered for a single pod: leftovers come in numbers.
func (h *hints) clean() {
	h.change("shows the leftovers of failed pods and asks before it removes them", "podwatch", "clean")
}

// look adds a command that reads in the pod's namespace.
func (h *hints) look(reason string, args ...string) {
	h.list = append(h.list, v1alpha1.Hint{Command: h.command(h.pod.Namespace, args), Reason: reason})
}

// lookCluster adds a command that reads objects without a namespace.
func (h *hints) lookCluster(reason string, args ...string) {
	h.list = append(h.list, v1alpha1.Hint{Command: h.command("", args), Reason: reason})
}

// change adds a command that changes the cluster.
func (h *hints) change(reason string, args ...string) {
	if h.pod.Mirror {
		return
	}
	h.list = append(h.list, v1alpha1.Hint{Command: h.command(h.pod.Namespace, args), Reason: reason, Mutating: true})
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
