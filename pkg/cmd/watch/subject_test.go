// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/podwatch/kubectl-podwatch/pkg/aftermath"
	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/live"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile"
)

// log is the log of every container.
type log func(container string, previous bool) ([]string, error)

func (f log) Tail(_ context.Context, _, _, container string, previous bool, _ int) ([]string, error) {
	return f(container, previous)
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// judged is the event about a pod that crashes again and again.
func judged() reconcile.Event {
	ended := corev1.ContainerStateTerminated{
		ExitCode: 1, Reason: "Error", StartedAt: metav1.NewTime(noon.Add(-2 * time.Minute)), FinishedAt: metav1.NewTime(noon.Add(-time.Minute)),
	}
	p := projection.From(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "u1", CreationTimestamp: metav1.NewTime(noon.Add(-time.Hour))},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady"}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", RestartCount: 5, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				LastTerminationState: corev1.ContainerState{Terminated: &ended},
			}},
		},
	})
	verdict := diagnose.Judge(p, diagnose.Related{}, noon, diagnose.Defaults())
	return reconcile.Event{Type: reconcile.Judged, Key: reconcile.Key{Namespace: "shop", Name: "web", UID: "u1"}, Pod: p, To: &verdict, Time: noon}
}

func TestASubjectDescribesItsPodAsACard(t *testing.T) {
	t.Parallel()
	row := newSubjects(Options{}).row(judged())
	if row.Status != "CrashLoopBackOff" || row.Restarts != 5 || row.Primary == nil || row.Primary.Cause != "CrashLoop" {
		t.Errorf("row %+v", row)
	}
	d := row.Subject.Describe(noon)
	card, ok := printers.CardOf(d.Report)
	if !ok || card.Pod.Name != "web" || len(card.Group.Hints) == 0 {
		t.Errorf("card %+v", card)
	}
	if diff := cmp.Diff([]live.Condition{{Type: "Ready", Status: "False", Reason: "ContainersNotReady"}}, d.Conditions); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := row.Subject.Read(t.Context()); len(got.Logs)+len(got.Events)+len(got.Errors) != 0 {
		t.Errorf("a replay has read %+v", got)
	}
}

func TestASubjectReadsThePreviousLogAndEvents(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset(&corev1.EventList{Items: []corev1.Event{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "e"}, InvolvedObject: corev1.ObjectReference{UID: "u1"},
		Type: "Warning", Reason: "BackOff", Message: "back-off", Count: 7, LastTimestamp: metav1.NewTime(noon),
	}}})
	for name, test := range map[string]struct {
		log  log
		want live.Reading
	}{
		"both": {
			func(container string, previous bool) ([]string, error) {
				if container != "app" || !previous {
					return nil, errors.New("asked for another log")
				}
				return []string{"panic"}, nil
			},
			live.Reading{
				Logs:   []v1alpha1.LogTail{{Container: "app", Source: v1alpha1.LogPrevious, Lines: []string{"panic"}}},
				Events: []v1alpha1.PodEvent{{Type: "Warning", Reason: "BackOff", Message: "back-off", Count: 7, Last: new(metav1.NewTime(noon))}},
			},
		},
		"the log is gone": {
			func(string, bool) ([]string, error) { return nil, errors.New("log gone") },
			live.Reading{
				Events: []v1alpha1.PodEvent{{Type: "Warning", Reason: "BackOff", Message: "back-off", Count: 7, Last: new(metav1.NewTime(noon))}},
				Errors: []error{errors.New("log gone")},
			},
		},
	} {
		s := subjects{readers: map[string]*aftermath.Reader{"": aftermath.NewReader(test.log, client.CoreV1(), detailLines, detailEvents)}}
		got := s.row(judged()).Subject.Read(t.Context())
		if diff := cmp.Diff(test.want, got, cmp.Transformer("text", func(err error) string { return err.Error() })); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
