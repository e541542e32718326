// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// Workload names a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job.
type Workload struct{ Kind, Name string }

// String returns the workload as TYPE/NAME in lower case.
func (w Workload) String() string { return strings.ToLower(w.Kind) + "/" + w.Name }

// Whole reports whether the gate is about workloads, too: they can lack pods
// that nobody sees.
func (o Options) Whole() bool {
	return slices.ContainsFunc(o.Conditions, func(c Condition) bool { return c.whole })
}

// at is a context and a namespace in there.
type at = [2]string

// read takes in what was read above pods, or of the workloads themselves.
func (g *Gate) read(of at, s *reconcile.Surroundings) {
	switch {
	case !s.Named:
		g.around[of] = s
	case !slices.ContainsFunc(s.Limitations, passes):
		g.workloads[of] = s
	}
	// What could not be read this time stays as it was known.
}

// passes is true for what may be read when it is asked for again.
func passes(l v1alpha1.Limitation) bool { return l.Reason != "Forbidden" && l.Reason != "NotFound" }

// of returns the workloads named w in what was read of one namespace. seen is
// false if they may not be read: then the pods alone count.
func (w Workload) of(s *reconcile.Surroundings) (found []*projection.Owner, seen bool) {
	resource := strings.ToLower(w.Kind) + "s"
	if slices.ContainsFunc(s.Limitations, func(l v1alpha1.Limitation) bool { return l.Resource == resource }) {
		return nil, false
	}
	for _, o := range s.Owners {
		if o.Kind == w.Kind && o.Name == w.Name {
			found = append(found, o)
		}
	}
	return found, true
}

// rollingOut says which workload is not rolled out, "" if all are.
func (g *Gate) rollingOut() string {
	if !g.opts.Whole() || len(g.opts.Workloads) == 0 {
		return ""
	}
	sources := slices.SortedFunc(maps.Keys(g.states), func(a, b at) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, w := range g.opts.Workloads {
		found := w.Kind == projection.KindJob // which is rolled out by running
		for _, source := range sources {
			s := g.workloads[source]
			if s == nil {
				return fmt.Sprintf("%s could not be read yet", w)
			}
			owners, seen := w.of(s)
			found = found || !seen || len(owners) > 0
			for _, o := range owners {
				if text := unfinished(o); text != "" {
					return name(o) + ": " + text
				}
			}
		}
		if !found {
			return fmt.Sprintf("%s does not exist", w)
		}
	}
	return ""
}

// unfinished says what the rollout of o lacks, "" if nothing, as `kubectl rollout
// status` sees it. A Job has none.
func unfinished(o *projection.Owner) string {
	var text string
	switch {
	case o.Kind == projection.KindJob:
		return ""
	case o.Deleting:
		return "it is being deleted"
	case !o.Observed:
		return "its controller has not seen the latest change yet"
	case o.Updated < o.MustUpdate:
		text = share(o.Updated, o.MustUpdate) + " updated"
	case o.Kind == projection.KindDeployment && o.Created > o.Updated:
		text = fmt.Sprintf("%s of an older revision %s still there", pods(o.Created-o.Updated), are(o.Created-o.Updated))
	case o.Available < o.Desired:
		text = share(o.Available, o.Desired) + " available"
	default:
		return ""
	}
	if c := o.Condition("ReplicaFailure"); c != nil && c.Status == corev1.ConditionTrue {
		text += ": " + strings.TrimSuffix(c.Reason+": "+c.Message, ": ")
	}
	return text
}

// stuck says which workload will never be rolled out, "" if none is known to be
// so: a Deployment that is past its deadline, a Job that has failed.
func (g *Gate) stuck() string {
	if !g.opts.Whole() {
		return ""
	}
	var all []string
	for _, s := range g.workloads {
		for _, w := range g.opts.Workloads {
			owners, _ := w.of(s)
			for _, o := range owners {
				if c := givenUp(o); c != nil {
					all = append(all, strings.TrimSuffix(name(o)+": "+c.Reason+": "+c.Message, ": "))
				}
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return slices.Min(all)
}

// givenUp is the condition with which the controller of o has given up, nil if it
// has not.
func givenUp(o *projection.Owner) *projection.Condition {
	switch {
	case o.Deleting || !o.Observed:
	case o.Kind == projection.KindJob:
		for _, t := range []batchv1.JobConditionType{batchv1.JobFailed, batchv1.JobFailureTarget} {
			if c := o.Condition(string(t)); c != nil && c.Status == corev1.ConditionTrue {
				return c
			}
		}
	case o.Kind == projection.KindDeployment && !o.Paused:
		c := o.Condition("Progressing")
		if c != nil && c.Status == corev1.ConditionFalse && c.Reason == "ProgressDeadlineExceeded" {
			return c
		}
	}
	return nil
}

func name(o *projection.Owner) string {
	return fmt.Sprintf("%s %q", strings.ToLower(o.Kind), o.Namespace+"/"+o.Name)
}

// pods counts n pods.
func pods[N int | int32](n N) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}

func are[N int | int32](n N) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// share says "1 of 3 pods is".
func share[N int | int32](n, of N) string { return fmt.Sprintf("%d of %s %s", n, pods(of), are(n)) }
