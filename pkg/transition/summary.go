// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// listedPods bounds the pods of a summary.
const listedPods = 20

// Summary counts all pods as they were told last, lists those that
// Options.SummaryPods asks for, worst first, and says what is not seen at the
// instant at.
func (t *Teller) Summary(at time.Time, reconciliations int64) v1alpha1.PodWatchEvent {
	s := &v1alpha1.WatchSummary{Reconciliations: reconciliations, Listed: []v1alpha1.SummaryPod{}, Streams: t.blind(at)}
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
		s.Listed = append(s.Listed, t.snapshot(key, p))
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
func (t *Teller) snapshot(key reconcile.Key, p *pod) v1alpha1.SummaryPod {
	k := p.last.Kubectl
	s := v1alpha1.SummaryPod{
		Context: t.shownContext(key.Context), Namespace: key.Namespace, Name: key.Name, UID: string(key.UID), Node: p.last.NodeName,
		Phase: string(p.last.Phase), State: p.verdict.State, KubectlStatus: k.Status,
		Ready: v1alpha1.Ready{Ready: k.Ready, Total: k.Total}, Restarts: k.Restarts,
	}
	if f := p.verdict.Primary(); f != nil {
		s.Severity, s.Cause, s.SubCause = f.Severity, f.Cause, f.SubCause
		s.Container, s.Message = f.Container, f.Message
	}
	return s
}

// shownContext is context, "" if all is of one.
func (t *Teller) shownContext(context string) string {
	if t.opts.SeveralContexts {
		return context
	}
	return ""
}

// blind lists the sources that are not seen as they are at the instant now.
func (t *Teller) blind(now time.Time) []v1alpha1.SummaryStream {
	out := []v1alpha1.SummaryStream{}
	for _, key := range slices.SortedFunc(maps.Keys(t.streams), compareSources) {
		s := t.streams[key]
		if state := s.summed(); state != "" {
			out = append(out, v1alpha1.SummaryStream{
				Context: t.shownContext(key[0]), Namespace: key[1], State: state, BlindSeconds: int64(s.blindFor(now) / time.Second),
			})
		}
	}
	return out
}

// summed is the state of a source that is not seen as it is, "" if it is seen. The
// first sync comes before the sources say that they are live, so one that connects
// counts as seen unless it was told to be away.
func (s *seen) summed() v1alpha1.StreamState {
	if s.failed && s.State != stream.Forbidden {
		return v1alpha1.StreamFailed
	}
	switch s.State {
	case stream.Lagging:
		return v1alpha1.StreamLagging
	case stream.Stale:
		return v1alpha1.StreamStale
	case stream.Forbidden:
		return v1alpha1.StreamForbidden
	case stream.CredentialsRejected:
		return v1alpha1.StreamUnauthorized
	case stream.Connecting:
		if s.told != "" {
			return v1alpha1.StreamConnecting
		}
	case stream.Live:
	}
	return ""
}
