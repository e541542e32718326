// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// LoweredAttempts stands in SeverityReason of what befell a Job that goes on: it
// makes another attempt.
const LoweredAttempts = "JobAttemptsLeft"

// Why else a finding is milder than its cause. They stand in SeverityReason.
const (
	loweredSatisfied   = "OwnerSatisfied"
	loweredRollout     = "Rollout"
	loweredComplete    = "JobComplete"
	loweredTerminating = "NamespaceTerminating"
)

// lower makes findings milder by what is known of the objects above the pod: is
// anybody hurt? It is the last step, so that it holds for every cause.
func (in *input) lower() {
	if len(in.found) == 0 {
		return
	}
	service, job := in.serviceKept(), in.jobGoesOn()
	for i := range in.found {
		f := &in.found[i]
		if f.category == categoryDeletion {
			// A deletion that hangs is about the object. In a namespace that is
			// being deleted it is what the namespace waits for.
			continue
		}
		if service != "" && !f.aside && !f.nodeInForce() {
			f.step(service)
		}
		switch {
		case job == loweredComplete:
			f.settle(job)
		case job != "" && !f.aside:
			f.step(job)
		}
		if in.related.NamespaceTerminating {
			f.settle(loweredTerminating)
		}
	}
}

// nodeInForce is true for the loss of a node: replicas elsewhere make up for the
// pod, but not for the node, and others stand on it too.
func (f *finding) nodeInForce() bool {
	return f.cause == "NodeNotReady" || f.cause == "KubeletUnresponsive"
}

// step lowers the severity by one, if there is anything below it.
func (f *finding) step(reason string) {
	switch f.severity {
	case v1alpha1.SeverityCritical:
		f.severity = v1alpha1.SeverityWarning
	case v1alpha1.SeverityWarning:
		f.severity = v1alpha1.SeverityInfo
	case v1alpha1.SeverityInfo:
		return
	}
	f.lowered = append(f.lowered, reason)
}

// settle lowers the severity to info.
func (f *finding) settle(reason string) {
	if f.severity == v1alpha1.SeverityInfo {
		return
	}
	f.severity = v1alpha1.SeverityInfo
	f.lowered = append(f.lowered, reason)
}

// serviceKept says why the pod is not missed, "" if it is. The pod does not count
// as one of those that make up for it: a crash loop caught in its ready moment
// gets the same answer as in its back-off.
func (in *input) serviceKept() string {
	o := in.service()
	if o == nil || !o.Observed {
		return ""
	}
	others := o.Available
	if in.serves() {
		others--
	}
	switch {
	case others >= o.Desired:
		return loweredSatisfied
	case rollingOut(o) && others >= o.Desired-o.MaxUnavailable:
		return loweredRollout
	default:
		return ""
	}
}

// service is the top-most owner that was read and counts available pods.
func (in *input) service() *projection.Owner {
	var top *projection.Owner
	for _, o := range in.related.Owners {
		switch o.Kind {
		case projection.KindReplicaSet, projection.KindDeployment, projection.KindStatefulSet, projection.KindDaemonSet:
			top = o
		}
	}
	return top
}

// serves is true if the owner may count the pod as available.
func (in *input) serves() bool {
	ready := in.pod.Condition(corev1.PodReady)
	return in.pod.DeletionTimestamp == nil && !terminal(in.pod.Phase) && ready != nil && ready.Status == corev1.ConditionTrue
}

// rollingOut is true for a Deployment between two revisions.
func rollingOut(o *projection.Owner) bool {
	if o.Kind != projection.KindDeployment {
		return false
	}
	progressing := o.Condition("Progressing")
	return o.Updated < o.Desired || o.Created > o.Updated || progressing != nil && progressing.Reason != "NewReplicaSetAvailable"
}

// jobGoesOn says why the end of the pod does not matter to its Job, "" if it may.
func (in *input) jobGoesOn() string {
	for _, o := range in.related.Owners {
		if o.Kind != projection.KindJob {
			continue
		}
		switch {
		case holds(o, batchv1.JobComplete), holds(o, batchv1.JobSuccessCriteriaMet):
			return loweredComplete
		case holds(o, batchv1.JobFailed), holds(o, batchv1.JobFailureTarget), o.Failed > o.BackoffLimit:
			return ""
		default:
			return LoweredAttempts
		}
	}
	return ""
}

func holds(o *projection.Owner, t batchv1.JobConditionType) bool {
	c := o.Condition(string(t))
	return c != nil && c.Status == corev1.ConditionTrue
}
