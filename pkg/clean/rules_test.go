// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

const (
	succeeded = v1alpha1.CategorySucceeded
	crashloop = v1alpha1.CategoryCrashLoop
	imagepull = v1alpha1.CategoryImagePull
)

// everything asks for all categories at any age.
func everything(change ...func(*Rules)) Rules {
	r := Rules{Categories: Categories()}
	for _, c := range change {
		c(&r)
	}
	return r
}

func waiting(name, reason string, restarts int32, last ...corev1.ContainerStatus) corev1.ContainerStatus {
	s := corev1.ContainerStatus{
		Name: name, RestartCount: restarts,
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}},
	}
	if len(last) > 0 {
		s.LastTerminationState = last[0].State
	}
	return s
}

func running(name string, restarts int32, since metav1.Time, last ...corev1.ContainerStatus) corev1.ContainerStatus {
	s := waiting(name, "", restarts, last...)
	s.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: since}}
	return s
}

func ready(status corev1.ConditionStatus, since metav1.Time) option {
	return condition(corev1.PodReady, status, "ContainersNotReady", since)
}

// loopingPod crashes for an hour.
func loopingPod(options ...option) *corev1.Pod {
	crash := ended("app", 137, "OOMKilled", ago(time.Minute))
	return failedPod("a", "p", append([]option{
		phase(corev1.PodRunning), containers(waiting("app", "CrashLoopBackOff", 12, crash)), ready(corev1.ConditionFalse, ago(time.Hour)),
	}, options...)...)
}

func pullingPod(options ...option) *corev1.Pod {
	return failedPod("a", "p", append([]option{
		phase(corev1.PodPending), containers(waiting("app", "ImagePullBackOff", 0)), ready(corev1.ConditionFalse, ago(time.Hour)),
	}, options...)...)
}

func TestDecideOnLivingPods(t *testing.T) {
	t.Parallel()
	hour := Age{time.Hour, BasisReady}
	crash := ended("app", 1, "Error", ago(time.Minute))
	tests := []struct {
		name  string
		pod   *corev1.Pod
		rules Rules
		want  Decision
	}{
		{"crash loop", loopingPod(), everything(), Decision{crashloop, hour, ""}},
		{"crash loop, not asked for", loopingPod(), Rules{}, Decision{Skip: SkipNotMatching}},
		{"image that cannot be pulled", pullingPod(), everything(), Decision{imagepull, hour, ""}},
		{
			"image name that is none", pullingPod(containers(waiting("app", "InvalidImageName", 0))), everything(),
			Decision{imagepull, hour, ""},
		},
		{
			"S19 init container in a crash loop",
			loopingPod(phase(corev1.PodPending), initContainers(waiting("init", "CrashLoopBackOff", 7, ended("init", 1, "Error", ago(time.Minute)))),
				containers(waiting("app", "PodInitializing", 0))),
			everything(),
			Decision{crashloop, hour, ""},
		},
		{
			"S20 fifty restarts, and ready for three days",
			loopingPod(containers(running("app", 50, ago(72*time.Hour), ended("app", 1, "Error", ago(72*time.Hour)))), func(p *corev1.Pod) {
				p.Status.Conditions = nil
				p.Status.ContainerStatuses[0].Ready = true
			}, ready(corev1.ConditionTrue, ago(72*time.Hour))),
			everything(),
			Decision{Skip: SkipNotMatching},
		},
		{
			"S21 caught running between two crashes",
			loopingPod(containers(running("app", 12, ago(30*time.Second), crash))),
			everything(),
			Decision{crashloop, hour, ""},
		},
		{
			"S21 ready again",
			loopingPod(containers(running("app", 12, ago(30*time.Second), crash)), func(p *corev1.Pod) { p.Status.Conditions = nil },
				ready(corev1.ConditionTrue, ago(time.Second))),
			everything(),
			Decision{Skip: SkipNotMatching},
		},
		{
			"S22 three containers with four restarts are four, not twelve",
			loopingPod(containers(waiting("a", "CrashLoopBackOff", 4, crash), waiting("b", "CrashLoopBackOff", 4, crash),
				waiting("c", "CrashLoopBackOff", 4, crash))),
			everything(func(r *Rules) { r.MinRestarts = 10 }),
			Decision{Skip: SkipNotMatching},
		},
		{"too young", loopingPod(), everything(func(r *Rules) { r.UnreadyFor = 2 * time.Hour }), Decision{crashloop, hour, SkipTooYoung}},
		{
			"since when is not known", loopingPod(func(p *corev1.Pod) { p.Status.Conditions = nil }),
			everything(func(r *Rules) { r.UnreadyFor = time.Minute }),
			Decision{crashloop, Age{}, SkipAgeUnknown},
		},
		{"being deleted", loopingPod(deleted), everything(), Decision{Skip: SkipAlreadyTerminating}},
		{"phase Unknown", loopingPod(phase(corev1.PodUnknown)), everything(), Decision{Skip: SkipNotMatching}},
		{"S30 of a Job", loopingPod(controlledBy("batch/v1", "Job")), everything(), Decision{crashloop, hour, SkipJobCrashLoop}},
		{"S30 image pull of a Job", pullingPod(controlledBy("batch/v1", "Job")), everything(), Decision{imagepull, hour, SkipJobCrashLoop}},
		{"of a StatefulSet", loopingPod(controlledBy("apps/v1", "StatefulSet")), everything(), Decision{crashloop, hour, SkipControllerHandles}},
		{"without a controller", loopingPod(bare), everything(), Decision{crashloop, hour, SkipBarePod}},
		{
			"without a controller, allowed", loopingPod(bare), everything(func(r *Rules) { r.Bare = BareAll }),
			Decision{crashloop, hour, ""},
		},
		{
			"of a priority of the system", loopingPod(func(p *corev1.Pod) { p.Spec.Priority = new(int32(2_000_001_000)) }), everything(),
			Decision{crashloop, hour, SkipCritical},
		},
		{
			"not to be disrupted", loopingPod(annotated("karpenter.sh/do-not-disrupt", "true")), everything(),
			Decision{crashloop, hour, SkipDoNotDisrupt},
		},
		{
			"not safe to evict", loopingPod(annotated("cluster-autoscaler.kubernetes.io/safe-to-evict", "false")), everything(),
			Decision{crashloop, hour, SkipDoNotDisrupt},
		},
		{
			"safe to evict", loopingPod(annotated("cluster-autoscaler.kubernetes.io/safe-to-evict", "true")), everything(),
			Decision{crashloop, hour, ""},
		},
		{
			"better not evicted", loopingPod(annotated("descheduler.alpha.kubernetes.io/prefer-no-eviction", "")), everything(),
			Decision{crashloop, hour, SkipDoNotDisrupt},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, decide(tt.pod, tt.rules)); diff != "" {
				t.Errorf("Decide() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecideByRules(t *testing.T) {
	t.Parallel()
	oom := failedPod("a", "p", containers(ended("app", 137, "OOMKilled", ago(time.Hour))))
	done := failedPod("a", "p", phase(corev1.PodSucceeded), containers(ended("app", 0, "Completed", ago(time.Hour))))
	rc, job := OwnerKind{Kind: "ReplicationController"}, OwnerKind{Group: "batch", Kind: "Job"}
	rs, workflow := OwnerKind{Group: "apps", Kind: "ReplicaSet"}, OwnerKind{Group: "argoproj.io", Kind: "Workflow"}
	tests := []struct {
		name  string
		pod   *corev1.Pod
		rules Rules
		want  SkipReason
	}{
		{"succeeded is not asked for", done, Rules{}, SkipNotMatching},
		{"succeeded", done, everything(), ""},
		{"only evicted", oom, Rules{Categories: []v1alpha1.Category{evicted}}, SkipNotMatching},
		{"reason of a container", oom, Rules{Reasons: []string{"OOMKilled"}}, ""},
		{"pattern", failedPod("a", "p", because("OutOfcpu", "")), Rules{Reasons: []string{"OutOf*"}}, ""},
		{"other reason", oom, Rules{Reasons: []string{"Evicted", "Error"}}, SkipNotMatching},
		{"S23 reason of the run before", loopingPod(), everything(func(r *Rules) { r.Reasons = []string{"OOMKilled"} }), ""},
		{"exit code", oom, Rules{ExitCodes: []int32{1, 137}}, ""},
		{"other exit code", oom, Rules{ExitCodes: []int32{1}}, SkipNotMatching},
		{"owner kind", oom, Rules{OwnerKinds: []OwnerKind{rs}}, ""},
		{"other owner kind", oom, Rules{OwnerKinds: []OwnerKind{job}}, SkipNotMatching},
		{"no owner is no owner kind", failedPod("a", "p", bare), Rules{OwnerKinds: []OwnerKind{rs}}, SkipNotMatching},
		{"excluded owner kind", oom, Rules{ExcludeOwnerKinds: []OwnerKind{rs}}, SkipNotMatching},
		{"ReplicationController", failedPod("a", "p", controlledBy("v1", "ReplicationController")), Rules{OwnerKinds: []OwnerKind{rc}}, ""},
		{"excluded namespace", oom, Rules{ExcludeNamespaces: []string{"b", "a"}}, SkipNamespaceExcluded},
		{"excluded by a pattern", oom, Rules{ExcludeNamespaces: []string{"b", "?*"}}, SkipNamespaceExcluded},
		{"no bare pods", failedPod("a", "p", bare), Rules{Bare: BareNever}, SkipBarePod},
		{"bare pods that have ended", failedPod("a", "p", bare), Rules{Bare: BareTerminal}, ""},
		{"S35 a finalizer", failedPod("a", "p", finalizer("kueue.x-k8s.io/managed")), Rules{}, SkipFinalizer},
		{"S35 a finalizer, allowed", failedPod("a", "p", finalizer("kueue.x-k8s.io/managed")), Rules{AllowFinalizers: true}, ""},
		{"StatefulSet, allowed", failedPod("a", "p", controlledBy("apps/v1", "StatefulSet")), Rules{ControllerManaged: true}, ""},
		{"S34 custom owner", failedPod("a", "p", controlledBy("argoproj.io/v1alpha1", "Workflow")), Rules{}, SkipCustomOwner},
		{
			"S34 custom owner, allowed", failedPod("a", "p", controlledBy("argoproj.io/v1alpha1", "Workflow")),
			Rules{AllowCustomOwners: []OwnerKind{workflow}},
			"",
		},
		{
			"a built-in owner is no custom one", failedPod("a", "p", controlledBy("batch/v1", "Job")),
			Rules{AllowCustomOwners: []OwnerKind{job}},
			SkipJobActive,
		},
		{"S57 the own pod", oom, Rules{Self: Self{Namespace: "a", Name: "p"}}, SkipSelf},
		{"S57 its namespace is not known", oom, Rules{Self: Self{Name: "p"}}, SkipSelf},
		{"S57 another pod", oom, Rules{Self: Self{Namespace: "b", Name: "p", Started: noon}}, ""},
		{
			"S57 a pod that is younger than the run", failedPod("a", "q", created(ago(-time.Second))),
			Rules{Self: Self{Namespace: "a", Name: "p", Started: noon}},
			SkipSelf,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := decide(tt.pod, tt.rules); got.Skip != tt.want {
				t.Errorf("Decide() = %+v, want skip reason %q", got, tt.want)
			}
		})
	}
}

func TestDecideByWhatIsKnown(t *testing.T) {
	t.Parallel()
	ofJob := failedPod("a", "p", controlledBy("batch/v1", "Job"))
	jobs := func(uid types.UID, s JobState) Known { return Known{Jobs: map[types.UID]JobState{uid: s}} }
	namespace := func(n Namespace) Known { return Known{Namespaces: map[string]Namespace{"a": n}} }
	tests := []struct {
		name  string
		pod   *corev1.Pod
		known Known
		want  SkipReason
	}{
		{"S28 active Job", ofJob, jobs("uid-owner", JobActive), SkipJobActive},
		{"S28 ended Job", ofJob, jobs("uid-owner", JobEnded), ""},
		{"S36 Job that could not be read", ofJob, Known{}, SkipOwnerUnknown},
		{"S37 the Job is gone", ofJob, jobs("uid-owner", JobGone), ""},
		{"S37 only the Job of another UID is known", ofJob, jobs("uid-of-the-next", JobEnded), SkipOwnerUnknown},
		{"the namespace is to be kept", failedPod("a", "p"), namespace(Namespace{Keep: true}), SkipKeepAnnotation},
		{"S48 ended pod in a terminating namespace", failedPod("a", "p"), namespace(Namespace{Terminating: true}), ""},
		{"S48 living pod in a terminating namespace", loopingPod(), namespace(Namespace{Terminating: true}), SkipAlreadyTerminating},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, v := judge(tt.pod, noon)
			if got := Decide(p, v, noon, everything(), tt.known); got.Skip != tt.want {
				t.Errorf("Decide() = %+v, want skip reason %q", got, tt.want)
			}
		})
	}
}

func TestS25_WhatIsMisspeltIsAnError(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "evict", "Evicted", "crash-loop", "all", "evicted,failed"} {
		if c, err := ParseCategory(s); err == nil {
			t.Errorf("ParseCategory(%q) = %q, want an error", s, c)
		}
	}
	for _, s := range []string{"", " ", "Jobb", "Deployment", "job.apps", "Workflow", "Workflow.argoproj", ".io", "Work flow.argoproj.io"} {
		if k, err := ParseOwnerKind(s); err == nil {
			t.Errorf("ParseOwnerKind(%q) = %q, want an error", s, k)
		}
	}
	for s, want := range map[string]string{
		"job": "Job.batch", "Job.batch": "Job.batch", "replicaset": "ReplicaSet.apps", "Workflow.argoproj.io": "Workflow.argoproj.io",
		"ReplicationController": "ReplicationController",
	} {
		if k, err := ParseOwnerKind(s); err != nil || k.String() != want {
			t.Errorf("ParseOwnerKind(%q) = %q, %v; want %q", s, k, err, want)
		}
	}
	for _, s := range []string{"", " ", "[", "Out[of"} {
		if _, err := ParseReason(s); err == nil {
			t.Errorf("ParseReason(%q): want an error", s)
		}
	}
	pods := judged(failedPod("a", "p", because("ProviderFailed", "")))
	for reason, want := range map[string]string{
		"Evicted": "", "OutOf*": "", "ProviderFailed": "", "Provider*": "",
		"evicted": "did you mean Evicted?", "Evcted": `find reason "Evcted"`, "Provider": "Kubernetes does not know it",
	} {
		err := Rules{Reasons: []string{"Error", reason}}.Unheard(pods)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Unheard(%q) = %v, want %q", reason, err, want)
		}
	}
}

// A pod that may be planned must be spooled when it passes by.
func TestMayConcernCoversEveryPlan(t *testing.T) {
	t.Parallel()
	shutdownMessage := "Pod was terminated in response to imminent node shutdown."
	pods := []*corev1.Pod{
		failedPod("a", "p"), evictedPod("a", "p", ago(time.Hour)), loopingPod(), pullingPod(), failedPod("a", "p", bare),
		failedPod("a", "p", phase(corev1.PodSucceeded)),
		failedPod("a", "p", phase(corev1.PodSucceeded), because("Terminated", shutdownMessage)),
		loopingPod(containers(running("app", 3, ago(time.Second), ended("app", 1, "Error", ago(time.Minute))))),
		failedPod("a", "p", phase(corev1.PodRunning), containers(running("app", 0, ago(time.Hour)))),
		failedPod("a", "p", deleted), failedPod("a", "p", annotated("podwatch.dev/keep", "")),
	}
	some := 0
	for _, c := range append(Categories(), "") {
		r := everything(func(r *Rules) { r.Bare = BareAll })
		if c != "" {
			r.Categories = []v1alpha1.Category{c}
		}
		for i, pod := range pods {
			p, v := judge(pod, noon)
			d := Decide(p, v, noon, r, Known{})
			if d.Planned() && !r.MayConcern(p) {
				t.Errorf("pod %d is planned as %s and MayConcern() is false", i, d.Category)
			}
			if !r.MayConcern(p) {
				some++
			}
		}
	}
	if some == 0 {
		t.Error("MayConcern is true for every pod")
	}
}
