// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// refused judges an owner whose pods the API server does not take.
func (in *input) refused(o *projection.Owner) {
	if o.Paused || o.Created >= o.Desired {
		return
	}
	f := finding{category: categoryOwner, cause: "FailedCreate"}
	e := in.newestEvent(in.lastCreated(), withReason("FailedCreate"))
	switch c := o.Condition("ReplicaFailure"); {
	case c != nil && c.Status == corev1.ConditionTrue && c.Reason == "FailedCreate":
		f.since = exactly(c.LastTransitionTime)
		f.message = c.Message
		f.evidence = facts(ownerFact(o, c))
	case e != nil:
		// It may have begun before the first event that is left of it.
		f.since = atLeast(e.First)
		f.message = eventText(e)
		f.confidence = v1alpha1.ConfidenceMedium
	default:
		return
	}
	if e != nil {
		f.support(eventFact(e))
	}
	f.refusedBy(f.message, o.Namespace)
	f.message = strings.TrimPrefix(orElse(f.message, "pods cannot be created"), "Error creating: ")
	f.severity = in.refusal(f.since.at)
	if f.subCause == "NamespaceTerminating" {
		f.settle(loweredTerminating)
	}
	in.add(f)
}

// refusal is the severity of pods that cannot be created since t: never less
// than a warning, since the error is there and a pod is missing.
func (in *input) refusal(t time.Time) v1alpha1.Severity {
	if t.IsZero() || !in.reached(t.Add(in.limits.WarnAfter)) {
		return v1alpha1.SeverityWarning
	}
	return v1alpha1.SeverityCritical
}

// lastCreated is when a pod was last created, as far as an event tells. The
// slack of newestEvent is for states and not for other events.
func (in *input) lastCreated() time.Time {
	e := in.newestEvent(time.Time{}, withReason("SuccessfulCreate"))
	if e == nil {
		return time.Time{}
	}
	return e.Last.Add(eventSlack)
}

// refusalPatterns are who refuses a pod (k8s.io/apiserver and
// plugin/pkg/admission, v1.37), tried in order: a webhook and a policy may use
// the words of others.
func refusalPatterns() []pattern {
	return []pattern{
		{"NamespaceTerminating", []string{"because it is being terminated"}},
		{"Webhook", []string{"admission webhook", "calling webhook"}},
		{"Policy", []string{"validatingadmissionpolicy"}},
		{"Quota", []string{"exceeded quota", "failed quota", "insufficient quota"}},
		{"LimitRange", []string{" usage per ", "max limit to request ratio"}},
		{"PodSecurity", []string{"violates podsecurity", "security context constraint", "podsecuritypolicy", "pod security policy"}},
		{"ServiceAccount", []string{"service account", "serviceaccount"}},
		{"PriorityClass", []string{"priorityclass"}},
		{"Conflict", []string{"already exists", "being deleted"}},
		{"Invalid", []string{"is invalid"}},
		{"Forbidden", []string{"is forbidden", "cannot create resource"}},
	}
}

// refusedBy tells from the API server's words who refuses.
func (f *finding) refusedBy(message, namespace string) {
	f.subCause = classify(message, refusalPatterns())
	if f.subCause == "Quota" {
		f.object = quotaObject(message, namespace)
	}
}

// quotaObject reads the quota from "exceeded quota: NAME, requested: …" and
// "failed quota: NAME: must specify …", nil if the message names none.
func quotaObject(message, namespace string) *v1alpha1.ObjectReference {
	for _, lead := range [...]string{"exceeded quota: ", "failed quota: "} {
		_, rest, ok := strings.Cut(message, lead)
		if !ok {
			continue
		}
		if end := strings.IndexAny(rest, ",: "); end > 0 {
			return &v1alpha1.ObjectReference{Kind: kindQuota, Namespace: namespace, Name: rest[:end]}
		}
	}
	return nil
}
