// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Reasons of the Deployment controller (deployment_util.go, v1.37).
const (
	reasonDeadline    = "ProgressDeadlineExceeded"
	reasonCreateError = "ReplicaSetCreateError"
)

func ownerRules() []Rule {
	kinds := []string{}
	for _, p := range refusalPatterns() {
		kinds = append(kinds, p.subCause)
	}
	return []Rule{
		{
			Cause: "FailedCreate", Category: string(categoryOwner), SubCauses: kinds,
			Doc: "Pods are missing because the API server refuses to create them, so there is no pod to look at. " +
				"The sub-cause is who refuses: a quota, a limit range, pod security, a policy, a webhook, a missing service account or priority class.",
			Severity: "Warning, critical after --warn-after: creation is tried again. Info while the namespace is being deleted.",
			Trigger: "Condition ReplicaFailure of a ReplicaSet, or event FailedCreate of a ReplicaSet, StatefulSet, DaemonSet or Job newer than the last " +
				"SuccessfulCreate, as long as pods are missing.",
		},
		{
			Cause: reasonDeadline, Category: string(categoryOwner),
			Doc:      "A rollout made no progress for longer than progressDeadlineSeconds.",
			Severity: "Critical; warning if as many pods are available as the rollout has to keep.",
			Trigger:  "Condition Progressing of a Deployment is False with this reason.",
		},
		{
			Cause: reasonCreateError, Category: string(categoryOwner), SubCauses: kinds,
			Doc:      "The Deployment cannot create the ReplicaSet of its new revision.",
			Severity: "Critical; warning if as many pods are available as the rollout has to keep.",
			Trigger:  "Condition Progressing of a Deployment is False with this reason.",
		},
		{
			Cause: "JobFailed", Category: string(categoryOwner),
			SubCauses: []string{
				batchv1.JobReasonBackoffLimitExceeded, batchv1.JobReasonDeadlineExceeded, batchv1.JobReasonPodFailurePolicy,
				batchv1.JobReasonMaxFailedIndexesExceeded, batchv1.JobReasonFailedIndexes, "<reason>",
			},
			Doc:      "A Job has failed for good and makes no more attempts.",
			Severity: "Critical.",
			Trigger:  "Condition Failed or FailureTarget of a Job is True; the sub-cause is its reason.",
		},
	}
}

// JudgeOwner returns what is wrong with an owner of pods itself, worst first,
// nil if nothing is: pods that cannot be created, a rollout that is stuck, a Job
// that failed. events are those about o, the oldest first. Like Judge it is a
// function of its arguments and changes none of them; Hints are empty.
//
// Nothing is wrong with what is meant to be: an owner that is paused, suspended,
// scaled to zero or being deleted. A nil o, and one of which only the metadata is
// known, has no findings.
func JudgeOwner(o *projection.Owner, events []projection.Event, now time.Time, t Thresholds) []v1alpha1.Finding {
	if o == nil || o.Deleting {
		return nil
	}
	in := input{pod: &projection.Pod{}, related: Related{Events: events}, now: now, limits: t}
	switch o.Kind {
	case projection.KindDeployment:
		in.deployment(o)
	case projection.KindJob:
		in.job(o)
	case projection.KindReplicaSet, projection.KindStatefulSet, projection.KindDaemonSet:
		in.refused(o)
	}
	return in.sorted()
}

func (in *input) job(o *projection.Owner) {
	for _, t := range [...]batchv1.JobConditionType{batchv1.JobFailed, batchv1.JobFailureTarget} {
		if !holds(o, t) {
			continue
		}
		c := o.Condition(string(t))
		in.add(finding{
			severity: v1alpha1.SeverityCritical,
			category: categoryOwner,
			cause:    "JobFailed",
			subCause: word(c.Reason),
			since:    exactly(c.LastTransitionTime),
			message:  orElse(c.Message, orElse(c.Reason, "the Job has failed")),
			evidence: facts(ownerFact(o, c)),
		})
		return
	}
	if !holds(o, batchv1.JobComplete) && !holds(o, batchv1.JobSuccessCriteriaMet) && !holds(o, batchv1.JobSuspended) {
		in.refused(o)
	}
}

// deployment judges a rollout. What its ReplicaSets cannot create is found there.
func (in *input) deployment(o *projection.Owner) {
	c := o.Condition("Progressing")
	if o.Paused || o.Desired == 0 || c == nil || c.Status != corev1.ConditionFalse {
		return
	}
	f := finding{
		severity: v1alpha1.SeverityCritical,
		category: categoryOwner,
		cause:    c.Reason,
		since:    exactly(c.LastTransitionTime),
		message:  orElse(c.Message, c.Reason),
		evidence: facts(ownerFact(o, c)),
	}
	switch c.Reason {
	case reasonDeadline:
	case reasonCreateError:
		f.refusedBy(c.Message, o.Namespace)
	default:
		return
	}
	switch {
	case o.Available >= o.Desired:
		f.step(loweredSatisfied)
	case o.Available >= o.Desired-o.MaxUnavailable:
		f.step(loweredRollout)
	}
	in.add(f)
}

func ownerFact(o *projection.Owner, c *projection.Condition) v1alpha1.Evidence {
	e := conditionFact(c)
	e.Source = o.Kind
	return e
}
