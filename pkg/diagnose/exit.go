// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Reasons of a terminated container. The kubelet copies them from the runtime.
const (
	reasonOOMKilled     = "OOMKilled"
	reasonStartError    = "StartError"         // containerd: the process never began
	reasonCannotRun     = "ContainerCannotRun" // Docker's word for the same
	reasonRuntimeLost   = "Unknown"            // containerd lost the task over a restart
	reasonStatusLost    = "ContainerStatusUnknown"
	reasonRestartAll    = "RestartingAllContainers"
	reasonSeccompKilled = "seccomp killed" // CRI-O, with a space
)

// Sub-causes of an end, shared by all causes that an end can have.
const (
	exitOOMKilled      = "OOMKilled"
	exitZero           = "ExitedZero"
	exitContainerStart = "ContainerStart"
	exitSigKilled      = "SigKilled"
	exitSeccomp        = "SeccompKilled"
	exitCode           = "ExitCode"
	exitRuntime        = "RuntimeRestarted"
	exitLost           = "StatusLost"
	exitRestartAll     = "RestartingAll"
)

func exitKinds() []string {
	return []string{
		exitOOMKilled, exitZero, exitContainerStart, exitSigKilled, exitSeccomp, exitCode, exitRuntime, exitLost, exitRestartAll,
		exitLiveness, exitStartup, exitSpecChanged, exitPostStart,
	}
}

// exitKind says how a run ended.
func exitKind(t *projection.Terminated) string {
	switch t.Reason {
	case reasonOOMKilled:
		return exitOOMKilled
	case reasonStartError, reasonCannotRun:
		return exitContainerStart
	case reasonRuntimeLost:
		return exitRuntime
	case reasonStatusLost:
		return exitLost
	case reasonRestartAll:
		return exitRestartAll
	case reasonSeccompKilled:
		return exitSeccomp
	}
	switch {
	case t.ExitCode == -1:
		// CRI-O found no record of how the process ended.
		return exitLost
	case t.ExitCode == 0:
		return exitZero
	case t.ExitCode == 137 || t.Signal == 9:
		return exitSigKilled
	default:
		return exitCode
	}
}

// isOwn is true for an end that the container brought about itself. The others
// are the kubelet's way to say that it does not know, with a made-up exit code.
func isOwn(kind string) bool {
	return kind != exitRuntime && kind != exitLost && kind != exitRestartAll
}

// lastExit is the most recent known end of a run, nil if there is none.
func lastExit(c *projection.Container) *projection.Terminated {
	if c.Terminated != nil {
		return c.Terminated
	}
	return c.LastTerminated
}

// lastRestart is the start of the present run, or the end of the last one while
// there is none; zero if unknown.
func lastRestart(c *projection.Container) time.Time {
	if c.Running != nil && !c.Running.StartedAt.IsZero() {
		return c.Running.StartedAt
	}
	if last := lastExit(c); last != nil {
		return last.FinishedAt
	}
	return time.Time{}
}

// restartsAfter is true if the kubelet starts a container again that ended
// like t: by a rule of the container's own policy, else by that policy, else by
// the pod's. An empty policy is the API's default, Always.
func (in *input) restartsAfter(c *projection.Container, t *projection.Terminated) bool {
	policy := string(in.pod.RestartPolicy)
	if c.Restart != nil {
		if c.Restart.Matches(t.ExitCode) {
			return true
		}
		policy = cmp.Or(string(c.Restart.Policy), policy)
	}
	switch policy {
	case string(corev1.RestartPolicyNever):
		return false
	case string(corev1.RestartPolicyOnFailure):
		return t.ExitCode != 0
	default:
		return t.ExitCode != 0 || !isInit(c)
	}
}

func isInit(c *projection.Container) bool { return c.Type == v1alpha1.ContainerInit }

// endText describes an end in one line: how, how often, and the container's
// last words.
func (in *input) endText(c *projection.Container, t *projection.Terminated) string {
	if e := in.killing(c, t); e != nil {
		return in.killText(c, t, e)
	}
	var b strings.Builder
	switch exitKind(t) {
	case exitOOMKilled:
		b.WriteString("out of memory: " + codeText(t))
		if c.MemoryLimit > 0 {
			b.WriteString(", memory limit " + resource.NewQuantity(c.MemoryLimit, resource.BinarySI).String())
		}
	case exitContainerStart:
		b.WriteString("the container cannot be started: " + startText(orElse(firstLine(t.Message), codeText(t))))
	case exitSigKilled:
		b.WriteString(codeText(t) + ", not reported as out of memory")
		if c.Liveness {
			b.WriteString(" (a failed liveness probe ends like this)")
		}
	case exitRuntime:
		b.WriteString("lost over a restart of the node or its container runtime")
	case exitLost:
		b.WriteString(orElse(firstLine(t.Message), "the kubelet could not tell how the container ended"))
	case exitSeccomp:
		b.WriteString("killed by seccomp, " + codeText(t))
	default:
		b.WriteString(codeText(t))
	}
	b.WriteString(in.restartsText(c))
	if kind := exitKind(t); kind != exitContainerStart && kind != exitLost {
		b.WriteString(behind(firstLine(t.Message)))
	}
	return b.String()
}

// restartsText is R7: above the threshold of restarts a person must look. Their
// number has a field of its own.
func (in *input) restartsText(c *projection.Container) string {
	if c.RestartCount <= in.limits.RestartThreshold {
		return ""
	}
	return ", needs manual investigation"
}

// codeText is the exit code with the signal that it stands for.
func codeText(t *projection.Terminated) string {
	code := int(t.ExitCode)
	switch {
	case code == 0 && t.Signal != 0:
		return "signal " + strconv.Itoa(int(t.Signal))
	case code < -math.MaxInt16:
		// Windows reports NTSTATUS values, which people know in hexadecimal.
		return "exit 0x" + strconv.FormatUint(uint64(uint32(t.ExitCode)), 16)
	}
	text := "exit " + strconv.Itoa(code)
	if name := SignalName(t.ExitCode); name != "" {
		text += " (" + name + ")"
	}
	return text
}

func endFact(c *projection.Container, t *projection.Terminated) v1alpha1.Evidence {
	field := "lastState.terminated"
	if t == c.Terminated {
		field = "state.terminated"
	}
	return fact(c.StatusPath(field), reasonAndMessage(orElse(t.Reason, "no reason")+", "+codeText(t), t.Message), t.FinishedAt)
}
