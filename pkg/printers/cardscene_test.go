// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	podlogs "github.com/podwatch/kubectl-podwatch/pkg/logs"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	podreport "github.com/podwatch/kubectl-podwatch/pkg/report"
)

// scene is a pod of the corpus and what stands around it.
type scene struct {
	file string
	// change makes another pod of it.
	change func(*corev1.Pod)
	// siblings are pods of the same workload with the same problem.
	siblings int
	events   []corev1.Event
	revision string
	logs     []string
	unread   string
}

// happened is an event about the pod of a scene, times before now.
func happened(kind, reason, container, message string, count int32, first, last time.Duration) corev1.Event {
	e := corev1.Event{
		Type: kind, Reason: reason, Message: message, Count: count,
		FirstTimestamp: *ago(first), LastTimestamp: *ago(last),
	}
	if container != "" {
		e.InvolvedObject.FieldPath = "spec.containers{" + container + "}"
	}
	return e
}

func waiting(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	}
}

func cardScenes() map[string]scene {
	const normal, warning = corev1.EventTypeNormal, corev1.EventTypeWarning
	return map[string]scene{
		"crash-loop-exit-code": {
			file: "001-crashloop-exit1", revision: "7",
			events: []corev1.Event{
				happened(normal, "Pulled", "app", `Container image "registry.example.com/billing/ledger-api:e609eddd3a8e" already present on machine`, 12, 59*time.Minute, 72*time.Second),
				happened(normal, "Created", "app", "Created container: app", 12, 59*time.Minute, 72*time.Second),
				happened(normal, "Started", "app", "Started container app", 12, 59*time.Minute, 72*time.Second),
				happened(warning, "BackOff", "app", "Back-off restarting failed container app in pod ledger-api", 250, 59*time.Minute, 5*time.Second),
			},
			logs: []string{
				"2026-11-20T11:58:49Z INFO  ledger-api e609eddd3a8e starting",
				"2026-11-20T11:58:49Z INFO  connecting to postgres://ledger:hunter2@ledger-db.billing.svc:5432/ledger?sslmode=require",
				"2026-11-20T11:58:50Z FATAL migration 0042 failed: relation \"entries_v2\" already exists",
			},
		},
		"init-crash-loop":          {file: "003-init-crashloop", logs: []string{"curl: (7) Failed to connect to config.streams.svc port 80: Connection refused"}},
		"sidecar-crash-loop":       {file: "005-sidecar-crashloop-while-main-runs", logs: []string{}},
		"out-of-memory":            {file: "008-oomkilled-between-restarts", unread: "Forbidden"},
		"out-of-memory-three-pods": {file: "008-oomkilled-between-restarts", siblings: 2, revision: "31"},
		"liveness-kill": {
			file: "014-liveness-kills-137-not-oom",
			events: []corev1.Event{
				happened(warning, "Unhealthy", "payments", "Liveness probe failed: Get \"http://10.244.24.9:8080/healthz\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)", 9, 58*time.Minute, 4*time.Minute+50*time.Second),
				happened(normal, "Killing", "payments", "Container payments failed liveness probe, will be restarted", 3, 58*time.Minute, 4*time.Minute+41*time.Second),
			},
		},
		"exits-zero":  {file: "016-crashloop-caught-running-ready"},
		"cannot-exec": {file: "021-runcontainererror-exec-not-found"},
		"image-not-found": {
			file:   "030-imagepullbackoff-rate-limit",
			change: waiting("ImagePullBackOff", `Back-off pulling image "acme/indexer:2025.1.5": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/acme/indexer:2025.1.5": failed to resolve reference "docker.io/acme/indexer:2025.1.5": docker.io/acme/indexer:2025.1.5: not found`),
			events: []corev1.Event{
				happened(normal, "Scheduled", "", "Successfully assigned search/indexer-0 to worker-03", 1, 17*time.Minute, 17*time.Minute),
				happened(normal, "Pulling", "indexer", `Pulling image "acme/indexer:2025.1.5"`, 8, 16*time.Minute, 5*time.Minute),
				happened(warning, "Failed", "indexer", `Failed to pull image "acme/indexer:2025.1.5": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/acme/indexer:2025.1.5": failed to resolve reference "docker.io/acme/indexer:2025.1.5": docker.io/acme/indexer:2025.1.5: not found`, 8, 16*time.Minute, 5*time.Minute),
				happened(warning, "Failed", "indexer", "Error: ErrImagePull", 8, 16*time.Minute, 5*time.Minute),
				happened(normal, "BackOff", "indexer", `Back-off pulling image "acme/indexer:2025.1.5"`, 60, 16*time.Minute, 10*time.Second),
			},
		},
		"image-auth":         {file: "035-init-imagepullbackoff-never"},
		"image-rate-limit":   {file: "030-imagepullbackoff-rate-limit"},
		"config-key-missing": {file: "041-createcontainerconfigerror-key-missing-daemonset"},
		"post-start-hook":    {file: "045-poststarthookerror"},
		"init-waits":         {file: "050-init-waits-for-dependency-3h", logs: []string{"waiting for couchdb.faas.svc:5984 ...", "waiting for couchdb.faas.svc:5984 ..."}},
		"image-pull-hangs": {
			file:   "053-podinitializing-stuck-50m",
			events: []corev1.Event{happened(normal, "Pulling", "server", `Pulling image "registry.example.com/registry/server:4"`, 1, 50*time.Minute, 50*time.Minute)},
		},
		"mount-fails": {
			file: "054-containercreating-configmap-missing",
			events: []corev1.Event{
				happened(warning, "FailedMount", "", `MountVolume.SetUp failed for volume "kas-config" : configmap "kas-config" not found`, 20, 27*time.Minute, 90*time.Second),
			},
		},
		"kubelet-silent": {file: "058-pending-bound-kubelet-silent"},
		"unschedulable":  {file: "061-unschedulable-insufficient-cpu"},
		"gated":          {file: "066-scheduling-gated"},
		"evicted":        {file: "070-evicted-memory-status-unknown"},
		"deadline":       {file: "076-deadline-exceeded-bare-status"},
		"node-lost":      {file: "082-node-unreachable-terminating", unread: "Timeout"},
		"finalizer":      {file: "084-terminating-finalizer-already-failed"},
		"being-deleted":  {file: "087-terminating-within-grace"},
		"node-shutdown":  {file: "091-node-shutdown-exit143"},
		"rejected":       {file: "093-unexpectedadmissionerror-device"},
		"completed":      {file: "100-job-completed"},
		"job-failed":     {file: "101-job-failed-finalizer-not-counted", logs: []string{"ReportError: no rows for 2026-11-19"}},
		"readiness-fails": {
			file: "115-readiness-failing-20m",
			events: []corev1.Event{
				happened(warning, "Unhealthy", "survey", "Readiness probe failed: HTTP probe failed with statuscode: 503", 120, 20*time.Minute, 10*time.Second),
			},
			logs: []string{"health: db pool exhausted (32 of 32 in use, 118 waiting)"},
		},
		"readiness-gate": {
			file: "018-old-restarts-healthy-now",
			change: func(p *corev1.Pod) {
				p.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "target-health.example.com/home"}}
				for i := range p.Status.Conditions {
					if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady {
						c.Status, c.Reason, c.LastTransitionTime = corev1.ConditionFalse, "ReadinessGatesNotReady", *ago(25 * time.Minute)
						c.Message = `the status of pod readiness gate "target-health.example.com/home" is not "True", but False`
					}
				}
				p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
					Type: "target-health.example.com/home", Status: corev1.ConditionFalse, Reason: "TargetNotRegistered", LastTransitionTime: *ago(25 * time.Minute),
				})
			},
		},
		"startup": {file: "118-startup-probe-30s"},
		"resize":  {file: "124-resize-infeasible"},
		"healthy": {file: "018-old-restarts-healthy-now"},
	}
}

// report is the report that a scene gives if its pods were asked for by name.
func (s scene) report(t *testing.T) *v1alpha1.PodReport {
	t.Helper()
	data, err := os.ReadFile("../../testdata/corpus/" + s.file + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var index related.Index
	options := podreport.Options{Now: now(), GeneratedAt: now(), ObservedAtSource: "Flag", ShowHealthy: true}
	var pods []*corev1.Pod
	for i := range s.siblings + 1 {
		pod := &corev1.Pod{}
		if err := yaml.Unmarshal(data, pod); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			pod.UID += types.UID(strings.Repeat("x", i))
			pod.Name += strings.Repeat("x", i)
		}
		if s.change != nil {
			s.change(pod)
		}
		pods = append(pods, pod)
		options.Scope.Targets = append(options.Scope.Targets, "pod/"+pod.Name)
	}
	s.around(&index, pods[0])
	options.Scope.Namespaces = []string{pods[0].Namespace}
	c := podreport.NewCollector(options)
	for _, pod := range pods {
		p := projection.From(pod)
		c.Add(p, diagnose.Judge(p, index.Of(p), now(), diagnose.Defaults()))
	}
	r := c.Build(index, nil)
	if s.unread != "" {
		r.Limitations = append(r.Limitations, v1alpha1.Limitation{Resource: "pods/log", Namespace: pods[0].Namespace, Reason: s.unread})
	}
	if s.logs != nil {
		from := lines(s.logs)
		podlogs.Read(t.Context(), from, r, len(s.logs)+1)
	}
	return r
}

// around adds the events and the ReplicaSet of a scene.
func (s scene) around(index *related.Index, pod *corev1.Pod) {
	for i := range s.events {
		e := s.events[i]
		e.InvolvedObject.UID, e.InvolvedObject.Kind = pod.UID, "Pod"
		index.Add(&e)
	}
	if s.revision == "" {
		return
	}
	owner, isController := pod.OwnerReferences[0], true
	index.Add(&appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: pod.Namespace, Name: owner.Name, UID: owner.UID,
		CreationTimestamp: metav1.NewTime(pod.CreationTimestamp.Add(-time.Second)),
		Annotations:       map[string]string{"deployment.kubernetes.io/revision": s.revision},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: "apps/v1", Kind: "Deployment", Name: strings.TrimSuffix(owner.Name, "-"+pod.Labels["pod-template-hash"]),
			UID: "d-" + owner.UID, Controller: &isController,
		}},
	}})
}

// lines is a log.
type lines []string

// Tail implements podlogs.Tailer.
func (l lines) Tail(context.Context, string, string, string, bool, int) ([]string, error) {
	return l, nil
}
