// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// deployment wants and has pods; MaxUnavailable is 1 and the rollout is through.
func deployment(desired, available int32, changes ...func(*projection.Owner)) *projection.Owner {
	o := &projection.Owner{
		Kind: projection.KindDeployment, Namespace: "ns", Name: "web", Observed: true,
		Desired: desired, Created: desired, Updated: desired, Available: available, MaxUnavailable: 1,
		Conditions: []projection.Condition{{Type: "Progressing", Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"}},
	}
	for _, c := range changes {
		c(o)
	}
	return o
}

func rolling(o *projection.Owner) { o.Updated--; o.Conditions[0].Reason = "ReplicaSetUpdated" }

func replicaSet(desired, available int32) *projection.Owner {
	return &projection.Owner{Kind: projection.KindReplicaSet, Namespace: "ns", Name: "web-1", Observed: true, Desired: desired, Created: desired, Available: available}
}

// job has failed n times of 6, and has the given conditions.
func job(failed int32, conditions ...string) *projection.Owner {
	o := &projection.Owner{Kind: projection.KindJob, Namespace: "ns", Name: "work", Observed: true, Desired: 1, Created: 1, Failed: failed, BackoffLimit: 6}
	for _, c := range conditions {
		o.Conditions = append(o.Conditions, projection.Condition{Type: corev1.PodConditionType(c), Status: corev1.ConditionTrue})
	}
	return o
}

func owned(owners ...*projection.Owner) diagnose.Related { return diagnose.Related{Owners: owners} }

func TestSeverityIsLoweredIfNobodyIsHurt(t *testing.T) {
	t.Parallel()
	backoff := newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 5, exit(1, "Error", ago(time.Minute)))), condition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady"))
	caught := newPod(corev1.PodRunning, app(after(running(ago(time.Second)), 5, exit(1, "Error", ago(time.Minute)))), ready())
	oom := newPod(corev1.PodRunning, app(after(running(ago(time.Minute)), 1, exit(137, "OOMKilled", ago(time.Minute)))), ready())
	evicted := newPod(corev1.PodFailed, reason("Evicted", "The node was low on resource: memory. "))
	failed := newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), app(exited(1, "Error", ago(time.Minute))))
	lost := newPod(corev1.PodRunning, app(running(ago(time.Hour))), condition(corev1.PodReady, corev1.ConditionFalse, ""), condition(corev1.ContainersReady, corev1.ConditionTrue, ""))
	overdue := newPod(corev1.PodRunning, deleted(ago(time.Hour)), app(running(ago(2*time.Hour))))
	old := func(o *projection.Owner) { o.Observed = false }
	for _, tt := range []struct {
		name string
		pod  *corev1.Pod
		rel  diagnose.Related
		// want ends with the reasons in parentheses.
		want string
	}{
		{"nothing is known", backoff, diagnose.Related{}, "Failing: critical CrashLoop/ExitCode on App c ()"},
		{"E15: as many as desired are available", backoff, owned(replicaSet(2, 2), deployment(3, 3)), "Degraded: warning CrashLoop/ExitCode on App c (OwnerSatisfied)"},
		{"one is missing", backoff, owned(replicaSet(3, 2), deployment(3, 2)), "Failing: critical CrashLoop/ExitCode on App c ()"},
		{"E5: caught in its ready moment it does not make up for itself", caught, owned(replicaSet(3, 3), deployment(3, 3)), "Failing: critical CrashLoop/ExitCode on App c ()"},
		{"E5: caught in its ready moment, others make up for it", caught, owned(replicaSet(4, 4), deployment(3, 4)), "Degraded: warning CrashLoop/ExitCode on App c (OwnerSatisfied)"},
		{"the status is about an older spec", backoff, owned(deployment(3, 3, old)), "Failing: critical CrashLoop/ExitCode on App c ()"},
		{"the Deployment counts, not the ReplicaSet", backoff, owned(replicaSet(0, 0), deployment(3, 2)), "Failing: critical CrashLoop/ExitCode on App c ()"},
		{"the ReplicaSet counts if the Deployment was not read", backoff, owned(replicaSet(2, 2)), "Degraded: warning CrashLoop/ExitCode on App c (OwnerSatisfied)"},
		{"of an owner of another kind only the metadata is known", backoff, owned(&projection.Owner{Name: "x"}), "Failing: critical CrashLoop/ExitCode on App c ()"},
		{"E16: a rollout that keeps what it has to", backoff, owned(replicaSet(1, 0), deployment(3, 2, rolling)), "Degraded: warning CrashLoop/ExitCode on App c (Rollout)"},
		{"E16: a rollout that does not", backoff, owned(replicaSet(1, 0), deployment(3, 1, rolling)), "Failing: critical CrashLoop/ExitCode on App c ()"},
		{"E16: caught in its ready moment", caught, owned(replicaSet(1, 1), deployment(3, 3, rolling)), "Degraded: warning CrashLoop/ExitCode on App c (Rollout)"},
		{"one step, once", backoff, owned(deployment(3, 3, rolling)), "Degraded: warning CrashLoop/ExitCode on App c (OwnerSatisfied)"},
		{"a leftover that was replaced", evicted, owned(replicaSet(3, 3), deployment(3, 3)), "Failed: info Evicted/NodePressure on App c (OwnerSatisfied)"},
		{"the past of a pod that serves is not lowered", oom, owned(deployment(1, 9)), "Healthy: warning OOMKilled on App c ()"},
		{"a deletion is about the object", overdue, owned(deployment(3, 3)), "Terminating: critical Terminating/Overdue ()"},
		{"a lost node is about the node", lost, owned(deployment(3, 3)), "Failing: critical NodeNotReady/Inferred ()"},
		{"E14: the Job has attempts left", failed, owned(job(6)), "Failed: warning ExitCode on App c (JobAttemptsLeft)"},
		{"the Job has none left", failed, owned(job(7)), "Failed: critical ExitCode on App c ()"},
		{"the Job has failed", failed, owned(job(1, "Failed")), "Failed: critical ExitCode on App c ()"},
		{"the Job is about to fail", failed, owned(job(1, "FailureTarget")), "Failed: critical ExitCode on App c ()"},
		{"E14: the Job is complete", failed, owned(job(3, "Complete")), "Failed: info ExitCode on App c (JobComplete)"},
		{"E39: the namespace is being deleted", backoff, diagnose.Related{NamespaceTerminating: true}, "Progressing: info CrashLoop/ExitCode on App c (NamespaceTerminating)"},
		{
			"E39: after one step", backoff,
			diagnose.Related{NamespaceTerminating: true, Owners: []*projection.Owner{deployment(3, 3)}},
			"Progressing: info CrashLoop/ExitCode on App c (OwnerSatisfied NamespaceTerminating)",
		},
		{"E39: the namespace waits for what hangs", overdue, diagnose.Related{NamespaceTerminating: true}, "Terminating: critical Terminating/Overdue ()"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := around(tt.pod, tt.rel)
			if got := brief(v) + " (" + strings.Join(v.Primary().SeverityReason, " ") + ")"; got != tt.want {
				t.Errorf("verdict = %q, want %q", got, tt.want)
			}
			checkShape(t, v)
		})
	}
}

func TestOwnersThemselves(t *testing.T) {
	t.Parallel()
	const quota = `Error creating: pods "web-1-x" is forbidden: exceeded quota: compute, requested: cpu=1, used: cpu=4, limited: cpu=4`
	failing := func(o *projection.Owner, d time.Duration, message string) *projection.Owner {
		o.Created = max(o.Created-1, 0)
		o.Conditions = append(o.Conditions, projection.Condition{
			Type: "ReplicaFailure", Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: message, LastTransitionTime: corpusNow().Add(-d),
		})
		return o
	}
	missing := func(kind string) *projection.Owner {
		return &projection.Owner{Kind: kind, Namespace: "ns", Name: "x", Desired: 3, Created: 2}
	}
	stuck := func(o *projection.Owner) {
		o.Conditions[0] = projection.Condition{Type: "Progressing", Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", Message: `ReplicaSet "web-2" has timed out progressing.`, LastTransitionTime: corpusNow().Add(-time.Hour)}
	}
	uncreated := func(o *projection.Owner) { stuck(o); o.Conditions[0].Reason = "ReplicaSetCreateError" }
	jobThat := func(condition, reason string) *projection.Owner {
		o := job(7, condition)
		o.Conditions[0].Reason, o.Conditions[0].Message = reason, "Job has failed"
		return o
	}
	refused := func(message string) []projection.Event {
		return []projection.Event{since(3*time.Minute, warned(time.Second, "FailedCreate", message))}
	}
	for _, tt := range []struct {
		name         string
		owner        *projection.Owner
		events       []projection.Event
		want, object string
	}{
		{"all is well", deployment(3, 3), nil, "", ""},
		{"quota, a minute ago", failing(replicaSet(3, 3), time.Minute, quota), nil, "warning FailedCreate/Quota", "ResourceQuota ns/compute"},
		{"quota, two minutes ago", failing(replicaSet(3, 3), 2*time.Minute, quota), nil, "critical FailedCreate/Quota", "ResourceQuota ns/compute"},
		{
			"quota that wants limits", failing(replicaSet(3, 3), time.Hour, `pods "x" is forbidden: failed quota: mem: must specify limits.memory`), nil,
			"critical FailedCreate/Quota", "ResourceQuota ns/mem",
		},
		{"limit range", failing(replicaSet(3, 3), time.Hour, `pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi`), nil, "critical FailedCreate/LimitRange", ""},
		{"pod security", failing(replicaSet(3, 3), time.Hour, `pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`), nil, "critical FailedCreate/PodSecurity", ""},
		{"webhook refuses, in the words of a quota", failing(replicaSet(3, 3), time.Hour, `admission webhook "q.acme.io" denied the request: exceeded quota: x`), nil, "critical FailedCreate/Webhook", ""},
		{"webhook does not answer", failing(replicaSet(3, 3), time.Hour, `Internal error occurred: failed calling webhook "x": dial tcp: connection refused`), nil, "critical FailedCreate/Webhook", ""},
		{"policy", failing(replicaSet(3, 3), time.Hour, `pods "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`), nil, "critical FailedCreate/Policy", ""},
		{"service account", failing(replicaSet(3, 3), time.Hour, `pods "x" is forbidden: error looking up service account ns/sa: serviceaccount "sa" not found`), nil, "critical FailedCreate/ServiceAccount", ""},
		{"priority class", failing(replicaSet(3, 3), time.Hour, `pods "x" is forbidden: no PriorityClass with name high was found`), nil, "critical FailedCreate/PriorityClass", ""},
		{"forbidden", failing(replicaSet(3, 3), time.Hour, `pods is forbidden: User "x" cannot create resource "pods"`), nil, "critical FailedCreate/Forbidden", ""},
		{"invalid", failing(replicaSet(3, 3), time.Hour, `Pod "x" is invalid: spec.containers[0].image: Required value`), nil, "critical FailedCreate/Invalid", ""},
		{"E32: unknown words", failing(replicaSet(3, 3), time.Hour, `etcdserver: request timed out`), nil, "critical FailedCreate", ""},
		{"E39: namespace that is being deleted", failing(replicaSet(3, 3), time.Hour, `pods "x" is forbidden: unable to create new content in namespace ns because it is being terminated`), nil, "info FailedCreate/NamespaceTerminating", ""},
		{"StatefulSet, by its event", missing(projection.KindStatefulSet), refused(`create Pod x-2 in StatefulSet x failed error: pods "x-2" is forbidden: exceeded quota: q, requested: pods=1`), "critical FailedCreate/Quota", "ResourceQuota ns/q"},
		{"DaemonSet, by its event", missing(projection.KindDaemonSet), refused(quota), "critical FailedCreate/Quota", "ResourceQuota ns/compute"},
		{"Job, by its event", missing(projection.KindJob), refused(quota), "critical FailedCreate/Quota", "ResourceQuota ns/compute"},
		{
			"a pod was created since", missing(projection.KindJob),
			[]projection.Event{warned(time.Minute, "FailedCreate", quota), normal(time.Second, "SuccessfulCreate", "Created pod: x")},
			"", "",
		},
		{"no pod is missing any more", replicaSet(3, 3), refused(quota), "", ""},
		{"E40: scaled to zero", failing(replicaSet(0, 0), time.Hour, quota), nil, "", ""},
		{"rollout is stuck", deployment(3, 1, stuck), nil, "critical ProgressDeadlineExceeded", ""},
		{"rollout is stuck, availability is kept", deployment(3, 2, stuck), nil, "warning ProgressDeadlineExceeded (Rollout)", ""},
		{"rollout is stuck, all are available", deployment(3, 3, stuck), nil, "warning ProgressDeadlineExceeded (OwnerSatisfied)", ""},
		{"E40: rollout is stuck, but paused", deployment(3, 1, stuck, func(o *projection.Owner) { o.Paused = true }), nil, "", ""},
		{"E40: rollout is stuck, but scaled to zero", deployment(0, 0, stuck), nil, "", ""},
		{"being deleted", deployment(3, 1, stuck, func(o *projection.Owner) { o.Deleting = true }), nil, "", ""},
		{"no ReplicaSet", deployment(3, 0, uncreated), nil, "critical ReplicaSetCreateError", ""},
		{"Job: too many failures", jobThat("Failed", "BackoffLimitExceeded"), nil, "critical JobFailed/BackoffLimitExceeded", ""},
		{"Job: too late", jobThat("Failed", "DeadlineExceeded"), nil, "critical JobFailed/DeadlineExceeded", ""},
		{"Job: by policy, pods are still ending", jobThat("FailureTarget", "PodFailurePolicy"), nil, "critical JobFailed/PodFailurePolicy", ""},
		{"Job: indexes", jobThat("Failed", "MaxFailedIndexesExceeded"), nil, "critical JobFailed/MaxFailedIndexesExceeded", ""},
		{"E32: Job with another reason", jobThat("Failed", "Whatever"), nil, "critical JobFailed/Whatever", ""},
		{"Job that is complete", func() *projection.Owner { o := job(1, "Complete"); o.Created = 0; return o }(), refused(quota), "", ""},
		{"E40: Job that is suspended", func() *projection.Owner { o := job(0); o.Created, o.Paused = 0, true; return o }(), refused(quota), "", ""},
		{"only metadata", &projection.Owner{Name: "x"}, refused(quota), "", ""},
		{"nothing", nil, nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := diagnose.Verdict{Findings: diagnose.JudgeOwner(tt.owner, tt.events, corpusNow(), diagnose.Defaults())}
			got := strings.TrimPrefix(brief(v), ": ")
			if f := v.Primary(); f != nil && len(f.SeverityReason) > 0 && f.Cause != "FailedCreate" {
				got += " (" + strings.Join(f.SeverityReason, " ") + ")"
			}
			if got != tt.want {
				t.Errorf("findings = %q, want %q", got, tt.want)
			}
			if got := blamed(v.Primary()); got != tt.object {
				t.Errorf("object = %q, want %q", got, tt.object)
			}
			checkShape(t, v)
		})
	}
}
