// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// bench is a namespace on a real API server, and a clean that works on it.
type bench struct {
	t         *testing.T
	server    *controlplane.Server
	namespace string
	options   Options
	out, err  *bytes.Buffer

	// before is called with every request before it is sent.
	before func(*http.Request)
	// answer answers in place of the server; nil leaves it to the server.
	answer func(*http.Request) *http.Response

	mu sync.Mutex
	// mutating are the methods and paths of requests that can change anything.
	mutating []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return benchOn(t, controlplane.Shared(t))
}

// controllers is one server with kube-controller-manager for all tests of this
// package. It ends with the test binary.
var controllers = sync.OnceValues(func() (*controlplane.Server, error) {
	return controlplane.Start(context.Background(), controlplane.Options{Controllers: true})
})

// newControllerBench is a bench on a server whose controllers act.
func newControllerBench(t *testing.T) *bench {
	t.Helper()
	server, err := controllers()
	if err != nil {
		if testing.Short() {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	return benchOn(t, server)
}

func benchOn(t *testing.T, server *controlplane.Server) *bench {
	t.Helper()
	b := &bench{t: t, server: server, namespace: server.Namespace(t), out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	b.options = Options{
		IOStreams:  genericiooptions.IOStreams{In: strings.NewReader(""), Out: b.out, ErrOut: b.err},
		Thresholds: diagnose.Defaults(), Clock: clock.RealClock{}, Listing: clean.ListCandidates,
		Limits: clean.Limits{Ended: 1000, Living: 10}, DryRun: v1alpha1.DryRunNone, Archive: filepath.Join(t.TempDir(), "archive"),
		Concurrency: 8, Format: "json", Printer: &cliprinters.JSONPrinter{},
	}
	b.as(server.Config())
	return b
}

// as has the clean run with the given configuration.
func (b *bench) as(config *rest.Config) {
	b.t.Helper()
	config.QPS = -1
	config.Wrap(b.observe)
	config.Wrap(stream.Observe)
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		b.t.Fatal(err)
	}
	b.options.Cluster = scope.Cluster{Context: "podwatch-test", Namespaces: []string{b.namespace}, Core: clientset.CoreV1()}
	b.options.Jobs, b.options.Reviews = clientset.BatchV1(), clientset.AuthorizationV1()
}

// user has the clean run as somebody with exactly these grants.
func (b *bench) user(grants ...controlplane.Grant) {
	b.t.Helper()
	kubeconfig, err := b.server.User(b.t.Context(), "user-of-"+b.namespace, grants...)
	if err != nil {
		b.t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		b.t.Fatal(err)
	}
	b.as(config)
}

// observe notes the requests that can change anything.
func (b *bench) observe(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet && !asks(r) {
			b.mu.Lock()
			b.mutating = append(b.mutating, r.Method+" "+r.URL.Path)
			b.mu.Unlock()
		}
		if b.before != nil {
			b.before(r)
		}
		if b.answer != nil {
			if response := b.answer(r); response != nil {
				return response, nil
			}
		}
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// failed makes a pod that has failed.
func (b *bench) failed(name string, change func(*corev1.Pod)) *corev1.Pod {
	b.t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: b.namespace, Name: name},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "The node was low on resource: memory. "},
	}
	if change != nil {
		change(pod)
	}
	pod, err := b.server.CreatePod(b.t.Context(), pod)
	if err != nil {
		b.t.Fatal(err)
	}
	return pod
}

// looping makes a running pod of a ReplicaSet that crashes again and again.
func (b *bench) looping(name string, change func(*corev1.Pod)) *corev1.Pod {
	b.t.Helper()
	return b.failed(name, func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-5d8", UID: "5d8d8d8d-0000-4000-8000-000000000000", Controller: new(true),
		}}
		p.Status = crashLooping(time.Now())
		if change != nil {
			change(p)
		}
	})
}

// crashLooping is the status that a kubelet writes between two crashes, an hour
// after the first.
func crashLooping(now time.Time) corev1.PodStatus {
	end := metav1.NewTime(now.Add(-time.Minute))
	return corev1.PodStatus{
		Phase: corev1.PodRunning,
		Conditions: []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady",
			LastTransitionTime: metav1.NewTime(now.Add(-time.Hour)),
		}},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", RestartCount: 12, Image: "registry.example.com/app:1",
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: 137, Reason: "OOMKilled", StartedAt: metav1.NewTime(end.Add(-10 * time.Second)), FinishedAt: end,
			}},
		}},
	}
}

// disrupt lets the clean remove crash-looping pods without a question.
func (b *bench) disrupt() {
	b.options.Rules.Categories = append(clean.DefaultCategories(), v1alpha1.CategoryCrashLoop)
	b.options.Yes, b.options.ConfirmContext = true, "podwatch-test"
}

func (b *bench) run(ctx context.Context) (*v1alpha1.CleanReport, error) {
	b.t.Helper()
	b.out.Reset()
	err := run(ctx, b.options)
	r := &v1alpha1.CleanReport{}
	if b.out.Len() > 0 {
		if err := json.Unmarshal(b.out.Bytes(), r); err != nil {
			b.t.Fatalf("output %q: %v", b.out, err)
		}
	}
	return r, err
}

// names returns the pods that are there.
func (b *bench) names() []string {
	b.t.Helper()
	list, err := b.server.Client().CoreV1().Pods(b.namespace).List(b.t.Context(), metav1.ListOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	names := []string{}
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}
