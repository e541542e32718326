// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

// manyContainers is far beyond what an API server takes (about 1.5 MiB a pod).
const manyContainers = 10_000

// crowd is a pod of many containers, each with the status that it is given.
func crowd(status corev1.ContainerStatus) *corev1.Pod {
	pod := &corev1.Pod{}
	pod.Name, pod.Namespace, pod.Status.Phase = "crowd", "ns", corev1.PodRunning
	for i := range manyContainers {
		status.Name = fmt.Sprintf("c%d", i)
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: status.Name})
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, status)
	}
	return pod
}

// deadSidecars is a pod whose many sidecars have ended beside many apps.
func deadSidecars() *corev1.Pod {
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}}
	pod, always := crowd(corev1.ContainerStatus{State: ended}), corev1.ContainerRestartPolicyAlways
	for i := range manyContainers {
		name := fmt.Sprintf("s%d", i)
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: name, RestartPolicy: &always})
		pod.Status.InitContainerStatuses = append(pod.Status.InitContainerStatuses, corev1.ContainerStatus{Name: name, State: ended})
	}
	return pod
}

// gated is a pod of many readiness gates, none of which holds.
func gated() *corev1.Pod {
	pod := &corev1.Pod{}
	pod.Name, pod.Namespace, pod.Status.Phase = "gated", "ns", corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ReadinessGatesNotReady"}}
	for i := range manyContainers {
		gate := corev1.PodConditionType(fmt.Sprintf("example.com/g%d", i))
		pod.Spec.ReadinessGates = append(pod.Spec.ReadinessGates, corev1.PodReadinessGate{ConditionType: gate})
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: gate, Status: corev1.ConditionFalse})
	}
	return pod
}

// filled is a pod that has text in every string, at in every time and count in
// every number, two of everything that is a list, and one pointer each.
func filled(phase corev1.PodPhase, text string, at time.Time, count int64) *corev1.Pod {
	pod := &corev1.Pod{}
	for _, part := range []any{&pod.ObjectMeta, &pod.Spec.InitContainers, &pod.Spec.Containers, &pod.Spec.EphemeralContainers, &pod.Status} {
		fillAll(reflect.ValueOf(part).Elem(), text, at, count, 0)
	}
	pod.Spec.NodeName, pod.Status.Phase = text, phase
	pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: corev1.PodConditionType(text)}}
	pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: text}}
	return pod
}

func fillAll(v reflect.Value, text string, at time.Time, count int64, depth int) {
	if t, ok := reflect.TypeAssert[*metav1.Time](v.Addr()); ok {
		*t = metav1.NewTime(at)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int32, reflect.Int64:
		v.SetInt(count)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		if depth < 12 {
			v.Set(reflect.New(v.Type().Elem()))
			fillAll(v.Elem(), text, at, count, depth+1)
		}
	case reflect.Slice:
		if depth < 12 && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range v.Len() {
				fillAll(v.Index(i), text, at, count, depth+1)
			}
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				fillAll(field, text, at, count, depth+1)
			}
		}
	}
}

func TestHostilePodsGiveAClearReportInBoundedSpace(t *testing.T) {
	t.Parallel()
	const evil = "\x1b]0;owned\x07\x1b[2J\u009b31m\xff\xfe\r\x00<b>'$(reboot)\n"
	year := func(y int) time.Time { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC) }
	loop := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: strings.Repeat("x", 200)}}
	pods := map[string]*corev1.Pod{
		"nil":                            nil,
		"empty":                          {},
		"statuses without anything else": {Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: make([]corev1.ContainerStatus, 3), Conditions: make([]corev1.PodCondition, 3)}},
		"10,000 containers that loop":    crowd(corev1.ContainerStatus{RestartCount: math.MaxInt32, State: loop}),
		"10,000 containers of one name":  sameName(crowd(corev1.ContainerStatus{State: loop})),
		"10,000 containers to come":      crowd(corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}),
		"20,000 containers that ended":   deadSidecars(),
		"10,000 readiness gates":         gated(),
		"negative restarts": crowd(corev1.ContainerStatus{RestartCount: math.MinInt32, State: corev1.ContainerState{
			Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now())},
		}}),
	}
	for _, phase := range []corev1.PodPhase{corev1.PodPending, corev1.PodRunning, corev1.PodFailed, corev1.PodSucceeded, corev1.PodUnknown, "", evil} {
		pods["escapes everywhere, phase "+fmt.Sprintf("%q", phase)] = filled(phase, evil, year(1970), -1)
		pods["escapes everywhere, deleted no more, phase "+fmt.Sprintf("%q", phase)] = undeleted(filled(phase, evil, year(2100), math.MaxInt32))
	}
	for _, phase := range []corev1.PodPhase{corev1.PodPending, corev1.PodRunning, corev1.PodFailed} {
		pods["1 MiB in every string, phase "+string(phase)] = undeleted(filled(phase, strings.Repeat("Back-off pulling image \"", 1<<20/24), year(2100), 7))
	}
	for name, pod := range pods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			formats := []string{"table", "json", "wide", "yaml", "name"}
			if pod != nil && max(len(pod.Status.ContainerStatuses), len(pod.Status.Conditions)) >= manyContainers {
				formats = formats[:2] // YAML of so many takes seconds, all of them in its encoder
			}
			checkHostile(t, pod, formats)
		})
	}
}

func undeleted(pod *corev1.Pod) *corev1.Pod {
	pod.DeletionTimestamp = nil
	return pod
}

func sameName(pod *corev1.Pod) *corev1.Pod {
	for i := range pod.Spec.Containers {
		pod.Spec.Containers[i].Name, pod.Status.ContainerStatuses[i].Name = "c", "c"
	}
	return pod
}

// checkHostile judges, folds and prints the pod.
func checkHostile(t *testing.T, pod *corev1.Pod, formats []string) {
	t.Helper()
	c := report.NewCollector(report.Options{Now: now(), GeneratedAt: now(), ShowHealthy: true, HintContext: "ctx"})
	p := projection.From(pod)
	v := diagnose.Judge(p, diagnose.Related{}, now(), diagnose.Defaults())
	if v.State == "" {
		t.Error("the pod has no state")
	}
	c.Add(p, v)
	r := c.Build(related.Index{}, nil)
	for _, format := range formats {
		printer, err := printers.NewReport(format, printers.ReportOptions{ShowInfo: true, ShowHealthy: true, Hints: true, Width: 120})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := printer.PrintObj(r, &out); err != nil {
			t.Errorf("print %s: %v", format, err)
		}
		checkPlain(t, format, out.Bytes())
		// Bounded by the number of findings, however long the server's texts are.
		if limit := (1 + len(v.Findings) + len(p.Containers)) * 32 << 10; out.Len() > limit {
			t.Errorf("%s has %d bytes for %d findings and %d containers, want at most %d", format, out.Len(), len(v.Findings), len(p.Containers), limit)
		}
	}
	checkPlain(t, "summary", []byte(printers.ReportSummary(r, &printers.ReportOptions{})))
}

func checkPlain(t *testing.T, format string, out []byte) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Errorf("%s is not UTF-8", format)
	}
	for i, r := range string(out) {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f {
			t.Errorf("%s has the control character %q at %d", format, r, i)
			return
		}
	}
	if bytes.Contains(out, []byte(`\u001b`)) || bytes.Contains(out, []byte(`\x1b`)) {
		t.Errorf("%s has an escape in escaped form", format)
	}
}
