// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/projection/projectiontest"
)

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func always() *corev1.ContainerRestartPolicy {
	policy := corev1.ContainerRestartPolicyAlways
	return &policy
}

func TestFromJoinsSpecAndStatusInTheOrderOfTheSpec(t *testing.T) {
	t.Parallel()
	started := true
	pod := &corev1.Pod{
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "setup"}, {Name: "proxy", RestartPolicy: always()}},
			Containers: []corev1.Container{
				{
					Name: "b", Image: "b:1",
					Resources:      corev1.ResourceRequirements{Limits: corev1.ResourceList{"memory": resource.MustParse("1Gi")}},
					ReadinessProbe: &corev1.Probe{InitialDelaySeconds: 30, PeriodSeconds: 15, FailureThreshold: 4},
					StartupProbe:   &corev1.Probe{},
					LivenessProbe:  &corev1.Probe{},
				},
				{Name: "a"},
			},
			EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug"}}},
		},
		Status: corev1.PodStatus{
			InitContainerStatuses: []corev1.ContainerStatus{{Name: "proxy", Started: &started}, {Name: "ghost"}},
			ContainerStatuses: []corev1.ContainerStatus{
				{Name: "a", Ready: true},
				{
					Name: "b", RestartCount: 3,
					Resources: &corev1.ResourceRequirements{Limits: corev1.ResourceList{"memory": resource.MustParse("256Mi")}},
					State:     corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off"}},
				},
			},
		},
	}
	want := []projection.Container{
		{Name: "setup", Type: v1alpha1.ContainerInit},
		{Name: "proxy", Type: v1alpha1.ContainerSidecar, Restart: &projection.Restart{Policy: "Always"}, Reported: true, Started: true},
		{
			Name: "b", Type: v1alpha1.ContainerApp, Image: "b:1", MemoryLimit: 256 << 20, Readiness: 90 * time.Second,
			Startup: 30 * time.Second, Liveness: true, Reported: true, RestartCount: 3,
			Waiting: &projection.Waiting{Reason: "CrashLoopBackOff", Message: "back-off"},
		},
		{Name: "a", Type: v1alpha1.ContainerApp, Reported: true, Ready: true},
		{Name: "debug", Type: v1alpha1.ContainerEphemeral},
		{Name: "ghost", Type: v1alpha1.ContainerInit, Reported: true},
	}
	if diff := cmp.Diff(want, projection.From(pod).Containers); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
}

func TestFromNamesThatOccurTwiceGetAStatusEach(t *testing.T) {
	t.Parallel()
	pod := &corev1.Pod{
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "x"}, {Name: "y"}, {Name: "x"}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
			{Name: "x", RestartCount: 1}, {Name: "x", RestartCount: 2}, {Name: "x", RestartCount: 3},
		}},
	}
	var got []string
	for _, c := range projection.From(pod).Containers {
		got = append(got, fmt.Sprintf("%s:%v:%d", c.Name, c.Reported, c.RestartCount))
	}
	if want := "x:true:1 y:false:0 x:true:2 x:true:3"; strings.Join(got, " ") != want {
		t.Errorf("containers = %v, want %s", got, want)
	}
}

func TestE9_TimesThatStandForUnknownAreZero(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]metav1.Time{
		"null":      {},
		"year 1":    metav1.NewTime(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)),
		"the epoch": metav1.Unix(0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{CreationTimestamp: in, DeletionTimestamp: &in},
				Status: corev1.PodStatus{
					StartTime:  &in,
					Conditions: []corev1.PodCondition{{Type: "Ready", LastTransitionTime: in}},
					ContainerStatuses: []corev1.ContainerStatus{{
						Name:                 "c",
						State:                corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: in}},
						LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: in, FinishedAt: in}},
					}},
				},
			}
			p := projection.From(pod)
			c := p.Containers[0]
			for field, got := range map[string]time.Time{
				"creation": p.CreationTimestamp.Time, "deletion": p.DeletionTimestamp.Time, "start": p.StartTime,
				"condition": p.Conditions[0].LastTransitionTime, "startedAt": c.Running.StartedAt,
				"last startedAt": c.LastTerminated.StartedAt, "last finishedAt": c.LastTerminated.FinishedAt,
			} {
				if !got.IsZero() {
					t.Errorf("%s = %v, want the zero time", field, got)
				}
			}
		})
	}
}

func TestFromKeepsNoAnnotationsButTheirMeaning(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		annotations  map[string]string
		mirror, keep bool
	}{
		"none":                    {nil, false, false},
		"mirror pod":              {map[string]string{"kubernetes.io/config.mirror": "hash"}, true, false},
		"source file":             {map[string]string{"kubernetes.io/config.source": "file"}, true, false},
		"source api":              {map[string]string{"kubernetes.io/config.source": "api"}, false, false},
		"keep":                    {map[string]string{"podwatch.dev/keep": "until Friday"}, false, true},
		"keep with an empty text": {map[string]string{"podwatch.dev/keep": ""}, false, true},
		"keep switched off":       {map[string]string{"podwatch.dev/keep": "false"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := projection.From(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: tt.annotations}})
			if p.Mirror != tt.mirror || p.Keep != tt.keep || p.Annotations != nil {
				t.Errorf("mirror, keep, annotations = %v, %v, %v, want %v, %v, none", p.Mirror, p.Keep, p.Annotations, tt.mirror, tt.keep)
			}
		})
	}
}

func TestFromKnowsWhenTheStatusOfAnEndedPodWasWritten(t *testing.T) {
	t.Parallel()
	at := func(minutes int, subresource string) metav1.ManagedFieldsEntry {
		when := metav1.NewTime(noon().Add(time.Duration(minutes) * time.Minute))
		return metav1.ManagedFieldsEntry{Subresource: subresource, Time: &when}
	}
	fields := []metav1.ManagedFieldsEntry{at(1, "status"), at(3, "status"), at(2, "status"), at(9, ""), {Subresource: "status"}}
	for phase, want := range map[corev1.PodPhase]*time.Time{
		corev1.PodFailed: new(noon().Add(3 * time.Minute)), corev1.PodSucceeded: new(noon().Add(3 * time.Minute)),
		corev1.PodRunning: nil, corev1.PodPending: nil,
	} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{ManagedFields: fields}, Status: corev1.PodStatus{Phase: phase}}
		if diff := cmp.Diff(want, projection.From(pod).StatusWritten); diff != "" {
			t.Errorf("%s (-want +got):\n%s", phase, diff)
		}
	}
	if got := projection.From(&corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed}}).StatusWritten; got != nil {
		t.Errorf("without managed fields: %v, want nil", got)
	}
}

func TestFromCleansRedactsAndBoundsText(t *testing.T) {
	t.Parallel()
	evil := "\x1b]0;owned\x07\u009b\xff"
	long := strings.Repeat("日本", projection.MaxMessage)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: evil, Finalizers: []string{evil}},
		Spec:       corev1.PodSpec{NodeName: evil, Containers: []corev1.Container{{Name: evil, Image: evil}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodPhase(evil), Reason: evil, Message: long,
			Conditions: []corev1.PodCondition{{Type: corev1.PodConditionType(evil), Reason: evil, Message: evil}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: evil, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: evil, Message: "PASSWORD=hunter2"}},
			}},
		},
	}
	p := projection.From(pod)
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`\u001b`, `\u0007`, "\u009b", "hunter2"} {
		if strings.Contains(string(data), bad) {
			t.Errorf("the projection holds %q: %s", bad, data)
		}
	}
	if len(p.Message) > projection.MaxMessage || !strings.HasSuffix(p.Message, "…") {
		t.Errorf("message has %d bytes, want at most %d and a mark at the end", len(p.Message), projection.MaxMessage)
	}
	if want := "]0;owned\ufffd"; p.Kubectl.Status != want {
		t.Errorf("kubectl status = %q, want %q", p.Kubectl.Status, want)
	}
}

func TestFromSharesNothingThatCanChange(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		pod := projectiontest.Random(rand.New(rand.NewPCG(seed, 2)), noon())
		p := projection.From(pod)
		before, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		scribble(pod)
		after, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(before), string(after)); diff != "" {
			t.Fatalf("seed %d: a change of the pod shows in its projection:\n%s", seed, diff)
		}
	}
}

// scribble overwrites everything that is behind a pointer or in a list.
func scribble(pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil {
		*pod.DeletionTimestamp = metav1.Unix(1, 0)
	}
	if pod.DeletionGracePeriodSeconds != nil {
		*pod.DeletionGracePeriodSeconds = 99
	}
	for i := range pod.Finalizers {
		pod.Finalizers[i] = "x"
	}
	for i := range pod.OwnerReferences {
		pod.OwnerReferences[i].Name = "x"
	}
	for i := range pod.Status.Conditions {
		pod.Status.Conditions[i] = corev1.PodCondition{}
	}
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			for _, state := range []corev1.ContainerState{list[i].State, list[i].LastTerminationState} {
				if state.Waiting != nil {
					*state.Waiting = corev1.ContainerStateWaiting{}
				}
				if state.Running != nil {
					*state.Running = corev1.ContainerStateRunning{}
				}
				if state.Terminated != nil {
					*state.Terminated = corev1.ContainerStateTerminated{}
				}
			}
			list[i] = corev1.ContainerStatus{}
		}
	}
}

func TestFromOfHostilePods(t *testing.T) {
	t.Parallel()
	many := &corev1.Pod{}
	for i := range 10_000 {
		name := fmt.Sprintf("c%d", i)
		many.Spec.InitContainers = append(many.Spec.InitContainers, corev1.Container{Name: name, RestartPolicy: always()})
		many.Spec.Containers = append(many.Spec.Containers, corev1.Container{Name: name})
		many.Status.InitContainerStatuses = append(many.Status.InitContainerStatuses, corev1.ContainerStatus{Name: name})
		many.Status.ContainerStatuses = append(many.Status.ContainerStatuses, corev1.ContainerStatus{Name: name})
	}
	slices.Reverse(many.Status.InitContainerStatuses)
	slices.Reverse(many.Status.ContainerStatuses)
	huge := corev1.Probe{InitialDelaySeconds: math.MaxInt32, PeriodSeconds: math.MaxInt32, FailureThreshold: math.MaxInt32}
	for name, pod := range map[string]*corev1.Pod{
		"nil":                      nil,
		"empty":                    {},
		"statuses without a spec":  {Status: corev1.PodStatus{ContainerStatuses: make([]corev1.ContainerStatus, 3)}},
		"10,000 containers twice":  many,
		"a probe budget overflows": {Spec: corev1.PodSpec{Containers: []corev1.Container{{StartupProbe: &huge}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := projection.From(pod)
			if pod == nil {
				return
			}
			want := max(len(pod.Spec.InitContainers), len(pod.Status.InitContainerStatuses)) +
				max(len(pod.Spec.Containers), len(pod.Status.ContainerStatuses))
			if len(p.Containers) != want {
				t.Errorf("%d containers, want %d", len(p.Containers), want)
			}
			for _, c := range p.Containers {
				if c.Startup < 0 {
					t.Errorf("startup budget %v is negative", c.Startup)
				}
			}
		})
	}
}

// BenchmarkFrom reports, besides the time, the bytes that a projection keeps
// alive: the pod is decoded anew each time and dropped, so the strings that the
// projection holds on to are counted.
func BenchmarkFrom(b *testing.B) {
	data, err := os.ReadFile("testdata/two-containers.yaml")
	if err != nil {
		b.Fatal(err)
	}
	if data, err = yaml.YAMLToJSON(data); err != nil {
		b.Fatal(err)
	}
	pod := &corev1.Pod{}
	if err := json.Unmarshal(data, pod); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		projection.From(pod)
	}
	b.ReportMetric(retained(b, data), "retained-B/pod")
}
