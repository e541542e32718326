// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

// before is the time the given number of seconds before now.
func before(seconds int) metav1.Time {
	return metav1.NewTime(now().Add(-time.Duration(seconds) * time.Second))
}

// timeline tells the timeline of pod in lines, with times in seconds before now.
func timeline(t *testing.T, pod *corev1.Pod, around ...metav1.Object) []string {
	t.Helper()
	var index related.Index
	for _, obj := range around {
		index.Add(obj)
	}
	c := report.NewCollector(report.Options{Now: now()})
	p := projection.From(pod)
	c.Add(p, diagnose.Verdict{State: v1alpha1.StateFailing, Findings: diagnose.Judge(p, index.Of(p), now(), diagnose.Defaults()).Findings})
	r := c.Build(index, nil)
	if len(r.Pods) != 1 {
		t.Fatalf("%d pods, want 1 with a finding", len(r.Pods))
	}
	lines := []string{}
	for _, e := range r.Pods[0].Timeline {
		line := fmt.Sprintf("%d %s", int(now().Sub(e.Time.Time).Seconds()), e.Event)
		if e.Container != "" {
			line += " " + e.Container
		}
		if e.Detail != "" {
			line += ": " + e.Detail
		}
		if e.Count != 1 {
			line += fmt.Sprintf(" x%d", e.Count)
		}
		if e.FirstTime != nil {
			line += fmt.Sprintf(" from %d", int(now().Sub(e.FirstTime.Time).Seconds()))
		}
		if e.RunSeconds != nil {
			line += fmt.Sprintf(" ran %d", *e.RunSeconds)
		}
		lines = append(lines, line+" ["+e.Source+"]")
	}
	return lines
}

func onset(reason, container, message string, count int32, first, last int) *corev1.Event {
	e := &corev1.Event{Reason: reason, Message: message, Count: count, FirstTimestamp: before(first), LastTimestamp: before(last)}
	e.InvolvedObject.UID = "u1"
	if container != "" {
		e.InvolvedObject.FieldPath = "spec.containers{" + container + "}"
	}
	return e
}

// webPod is a pod of revision 7 that runs for 40 seconds each time.
func webPod() *corev1.Pod {
	isController, start := true, before(3598)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-6d4f-abcde", UID: "u1", CreationTimestamp: before(3600),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-6d4f", UID: "rs1", Controller: &isController}},
		},
		Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "web:7"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, StartTime: &start,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady", LastTransitionTime: before(99)}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", RestartCount: 7,
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
					Reason: "OOMKilled", ExitCode: 137, StartedAt: before(140), FinishedAt: before(100),
				}},
			}},
		},
	}
}

func TestTimelineOfACrashLoop(t *testing.T) {
	t.Parallel()
	rs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web-6d4f", UID: "rs1", CreationTimestamp: before(3601),
		Annotations: map[string]string{"deployment.kubernetes.io/revision": "7"},
	}}
	got := timeline(t, webPod(), rs,
		onset("Scheduled", "", "Successfully assigned shop/web-6d4f-abcde to n1", 1, 3599, 3599),
		onset("Pulling", "app", `Pulling image "web:7"`, 1, 3597, 3597),
		onset("Pulled", "app", `Successfully pulled image "web:7" in 4.187s (4.187s including waiting). Image size: 1234 bytes.`, 1, 3593, 3593),
		onset("Created", "app", "Created container app", 8, 3593, 140),
		onset("Started", "app", "Started container app", 8, 3592, 140),
		onset("Unhealthy", "app", "Liveness probe failed: HTTP probe failed with statuscode: 500", 21, 3500, 110),
		onset("Killing", "app", "Container app failed liveness probe, will be restarted", 7, 3480, 105),
		onset("BackOff", "app", "Back-off restarting failed container app in pod web", 30, 3400, 10),
	)
	want := []string{
		"3601 ReplicaSetCreated: web-6d4f, now revision 7 [ReplicaSet/web-6d4f]",
		"3600 Created [metadata.creationTimestamp]",
		"3599 Scheduled: node n1 [Event/Scheduled]",
		"3598 Acknowledged: node n1 [status.startTime]",
		"3593 Pulled app: web:7 in 4.2s [Event/Pulled]",
		"140 EarlierRuns app: nothing is known of them x7 from 3592 [status.containerStatuses[app].restartCount]",
		"140 Started app [status.containerStatuses[app].lastState.terminated]",
		"110 LivenessProbeFailed app: HTTP probe failed with statuscode: 500 x21 from 3500 [Event/Unhealthy]",
		"105 Killed app: failed liveness probe, will be restarted x7 from 3480 [Event/Killing]",
		"100 Exited app: out of memory, exit 137 (SIGKILL) ran 40 [status.containerStatuses[app].lastState.terminated]",
		"10 BackOff app: waits longer before each restart x30 from 3400 [Event/BackOff]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

// The order in which events come, and events about others, change nothing.
func TestTimelineDependsOnWhatHappenedAlone(t *testing.T) {
	t.Parallel()
	events := []metav1.Object{}
	for i := range 20 {
		events = append(events, onset("FailedMount", "", fmt.Sprintf("no volume %d", i%7), 1, 500+i%3, 500+i%3))
	}
	want := timeline(t, webPod(), events...)
	stranger := onset("Evicted", "", "a pod of the same name before", 1, 400, 400)
	stranger.InvolvedObject.UID = "u0"
	for seed := range uint64(20) {
		shuffled := append(slices.Clone(events), stranger)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(want, timeline(t, webPod(), shuffled...)); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

func TestTimelineEntries(t *testing.T) {
	t.Parallel()
	state := func(change func(*corev1.Pod)) *corev1.Pod {
		p := webPod()
		change(p)
		return p
	}
	status := func(p *corev1.Pod) *corev1.ContainerStatus { return &p.Status.ContainerStatuses[0] }
	for name, tt := range map[string]struct {
		pod    *corev1.Pod
		around []metav1.Object
		want   []string // lines that are there
		never  []string // words that are not
	}{
		"two runs are known, both dead": {
			pod: state(func(p *corev1.Pod) {
				status(p).State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", StartedAt: before(5), FinishedAt: before(2)}}
			}),
			want: []string{"140 EarlierRuns app: nothing is known of them x6", "2 Exited app: exit 1 ran 3"},
		},
		"restarted once, both runs are known": {
			pod: state(func(p *corev1.Pod) {
				status(p).RestartCount, status(p).Ready = 1, true
				status(p).State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: before(90)}}
			}),
			want:  []string{"140 Started app", "100 Exited app", "90 Started app"},
			never: []string{"EarlierRuns"},
		},
		"the process never began": {
			pod: state(func(p *corev1.Pod) {
				last := status(p).LastTerminationState.Terminated
				last.Reason, last.ExitCode, last.StartedAt = "StartError", 128, metav1.Unix(0, 0)
				last.Message = "failed to create shim task: unable to start container process: exec: \"serve\": not found"
			}),
			want:  []string{`100 StartFailed app: exec: "serve": not found [`},
			never: []string{" Started", "Exited"},
		},
		"an end without a time has no place": {
			pod: state(func(p *corev1.Pod) {
				*status(p).LastTerminationState.Terminated = corev1.ContainerStateTerminated{Reason: "ContainerStatusUnknown", ExitCode: 137}
			}),
			never: []string{"Exited", "EarlierRuns"},
		},
		"a run that ended before it began": {
			pod:  state(func(p *corev1.Pod) { status(p).LastTerminationState.Terminated.StartedAt = before(50) }),
			want: []string{"100 Exited app: out of memory, exit 137 (SIGKILL) [status"},
		},
		"an exit code of Windows": {
			pod: state(func(p *corev1.Pod) {
				last := status(p).LastTerminationState.Terminated
				last.Reason, last.ExitCode = "Error", -1073741819
			}),
			want: []string{"100 Exited app: exit 0xc0000005 ran 40"},
		},
		"times of the future are left out": {
			pod: state(func(p *corev1.Pod) {
				grace, at := int64(30), before(-20)
				p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
			}),
			want:  []string{"10 Deleted: with a grace period of 30s [metadata.deletionTimestamp]"},
			never: []string{"GraceOver"},
		},
		"a deletion that is overdue": {
			pod: state(func(p *corev1.Pod) {
				grace, at := int64(30), before(20)
				p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
			}),
			want: []string{"50 Deleted: with a grace period of 30s", "20 GraceOver [metadata.deletionTimestamp]"},
		},
		"not ready without a crash": {
			pod: state(func(p *corev1.Pod) {
				p.Status.Conditions[0].LastTransitionTime, p.Status.Conditions[0].Message = before(60), "containers with unready status: [app]"
			}),
			want: []string{"60 NotReady: containers with unready status: [app] [status.conditions[Ready]]"},
		},
		"a node that was given up": {
			pod: state(func(p *corev1.Pod) {
				status(p).State, status(p).Ready = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: before(3000)}}, true
				p.Status.Conditions = []corev1.PodCondition{
					{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: before(60)},
					{Type: corev1.ContainersReady, Status: corev1.ConditionTrue, LastTransitionTime: before(3000)},
				}
			}),
			want: []string{"60 NodeNotReady: the node controller gave the node up"},
		},
		"an eviction, told once": {
			pod: state(func(p *corev1.Pod) {
				p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "Evicted", "The node was low on resource: memory."
				status(p).State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, StartedAt: before(60), FinishedAt: before(30)}}
			}),
			around: []metav1.Object{onset("Evicted", "", "The node was low on resource: memory.", 1, 32, 32)},
			want:   []string{"30 Evicted: The node was low on resource: memory. [status.reason]"},
			never:  []string{"Event/Evicted"},
		},
		"nothing that another event tells better": {
			pod: webPod(),
			around: []metav1.Object{
				onset("Failed", "app", "Error: ErrImagePull", 1, 50, 50),
				onset("Failed", "app", `Failed to pull image "web:7": failed to resolve reference "docker.io/web:7": docker.io/web:7: not found`, 1, 51, 51),
				onset("not a word", "", "x", 1, 52, 52),
			},
			want:  []string{"51 PullFailed app: docker.io/web:7: not found [Event/Failed]"},
			never: []string{"ErrImagePull", "not a word"},
		},
		"secrets and escapes of a stranger": {
			pod:    webPod(),
			around: []metav1.Object{onset("FailedMount", "", "mount //u:pa55word@host\x1b[2J failed\nbadly", 1, 50, 50)},
			want:   []string{"50 FailedMount: mount //[REDACTED]@host[2J failed | badly [Event/FailedMount]"},
			never:  []string{"pa55word"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := timeline(t, tt.pod, tt.around...)
			for _, want := range tt.want {
				if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
					t.Errorf("no line begins with %q in\n%s", want, strings.Join(got, "\n"))
				}
			}
			for _, word := range tt.never {
				if strings.Contains(strings.Join(got, "\n"), word) {
					t.Errorf("%q is in\n%s", word, strings.Join(got, "\n"))
				}
			}
		})
	}
}

func TestTimelineOfAHealthyPodIsEmpty(t *testing.T) {
	t.Parallel()
	c := report.NewCollector(report.Options{Now: now(), ShowHealthy: true})
	c.Add(projection.From(webPod()), diagnose.Verdict{State: v1alpha1.StateHealthy})
	if r := c.Build(related.Index{}, nil); r.Pods[0].Timeline == nil || len(r.Pods[0].Timeline) > 0 {
		t.Errorf("timeline %v, want an empty list", r.Pods[0].Timeline)
	}
}
