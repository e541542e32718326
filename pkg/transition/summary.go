// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// listedPods bounds the pods of a summary.
const listedPods = 20

// Summary counts all pods as they were told last, and lists those that
// Options.SummaryPods asks for, worst first.
func (t *Teller) Summary(at time.Time, reconciliations int64) v1alpha1.PodWatchEvent {
	s := &v1alpha1.WatchSummary{Reconciliations: reconciliations, Listed: []v1alpha1.SummaryPod{}}
	for _, p := range t.pods {
		s.Pods.Count(p.verdict.State)
		if unhealthy(p) {
			s.Unhealthy++
		}
	}
	for _, key := range t.worstFirst() {
		if len(s.Listed) == listedPods || t.opts.SummaryPods == SummaryNone {
			break
		}
		p := t.pods[key]
		if t.opts.SummaryPods != SummaryAll && !unhealthy(p) {
			continue
		}
		s.Listed = append(s.Listed, snapshot(key, p))
	}
	return v1alpha1.PodWatchEvent{
		TypeMeta: v1alpha1.TypeMeta("PodWatchEvent"), Type: v1alpha1.EventSummary,
		Time: metav1.NewMicroTime(at.UTC()), Summary: s,
	}
}

// End is the last event of a run.
func (t *Teller) End(at time.Time, reconciliations int64, exitCode int, message string) v1alpha1.PodWatchEvent {
	e := t.Summary(at, reconciliations)
	e.Type, e.ExitCode, e.Message = v1alpha1.EventEnd, &exitCode, message
	e.Summary.Listed = []v1alpha1.SummaryPod{}
	return e
}

func unhealthy(p *pod) bool {
	return rank(p.verdict.Severity()) >= rank(v1alpha1.SeverityWarning)
}

// snapshot is the status snapshot of one pod (R6).
func snapshot(key reconcile.Key, p *pod) v1alpha1.SummaryPod {
	k := p.last.Kubectl
	s := v1alpha1.SummaryPod{
		Namespace: key.Namespace, Name: key.Name, UID: string(key.UID), Node: p.last.NodeName,
		Phase: string(p.last.Phase), State: p.verdict.State, KubectlStatus: k.Status,
		Ready: v1alpha1.Ready{Ready: k.Ready, Total: k.Total}, Restarts: k.Restarts,
	}
	if f := p.verdict.Primary(); f != nil {
		s.Severity, s.Cause, s.SubCause = f.Severity, f.Cause, f.SubCause
		s.Container, s.Message = f.Container, f.Message
	}
	return s
}
