// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers_test

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// now is the instant of all fixtures.
func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// ago returns the time the given span before now.
func ago(d time.Duration) *metav1.Time {
	at := metav1.NewTime(now().Add(-d))
	return &at
}

// logs is the hint for a pod that crashes.
func logs(namespace, pod, container string) []v1alpha1.Hint {
	return []v1alpha1.Hint{
		{Command: "kubectl rollout undo deployment/checkout -n " + namespace, Reason: "back to what ran before", Mutating: true},
		{Command: "kubectl logs -n " + namespace + " " + pod + " -c " + container + " -p --tail=50", Reason: "output before the kill"},
	}
}

// events is the hint for a pod that does not start.
func events(namespace, pod string) []v1alpha1.Hint {
	return []v1alpha1.Hint{{Command: "kubectl events -n " + namespace + " --for pod/" + pod, Reason: "what the kubelet says"}}
}

// outage is a report on a cluster in which a lot is broken.
func outage() *v1alpha1.PodReport {
	r := &v1alpha1.PodReport{
		GeneratedAt: metav1.NewTime(now()), ObservedAt: metav1.NewTime(now()), ObservedAtSource: "Clock",
		Source: v1alpha1.Source{Type: "Cluster", Context: "prod-eu"},
		Scope:  v1alpha1.Scope{AllNamespaces: true},
		Summary: v1alpha1.Summary{
			Pods:     v1alpha1.PodCounts{Total: 131, Healthy: 118, Completed: 4, Failing: 6, Failed: 2, Progressing: 1},
			Findings: v1alpha1.FindingCounts{Critical: 3, Warning: 2, Info: 1},
		},
		Limitations: []v1alpha1.Limitation{
			{Resource: "replicasets", Namespace: "batch", Reason: "Forbidden", Effect: "workloads may be named by their pod template hash"},
			{Resource: "replicasets", Namespace: "infra", Reason: "Forbidden", Effect: "workloads may be named by their pod template hash"},
		},
	}
	for _, p := range []v1alpha1.Pod{crashing("checkout-6d4f-abcde", "ip-10-0-1-2"), crashing("checkout-6d4f-q7xkp", "ip-10-0-1-9")} {
		add(r, p, v1alpha1.Group{AffectedPods: 2, TotalPods: 3, Nodes: []string{"ip-10-0-1-2", "ip-10-0-1-9"}, Restarts: v1alpha1.Restarts{Total: 27, LastAt: ago(2 * time.Minute)}})
	}
	add(r, unscheduled(), v1alpha1.Group{AffectedPods: 1, TotalPods: 3})
	add(r, imageDenied(), v1alpha1.Group{AffectedPods: 1, TotalPods: 1})
	add(r, evicted(), v1alpha1.Group{AffectedPods: 2, TotalPods: 9, Nodes: []string{"ip-10-0-3-7"}})
	add(r, wideRunes(), v1alpha1.Group{AffectedPods: 1, TotalPods: 1, Restarts: v1alpha1.Restarts{Total: 1, LastAt: ago(50 * time.Minute)}})
	add(r, gated(), v1alpha1.Group{AffectedPods: 1, TotalPods: 1})
	r.Pods = append(r.Pods, healthy("frontend-7f9c-2zzkq", 0), healthy("frontend-7f9c-9wq4d", 3))
	return r
}

// add puts p into r, and its first finding as a group unless it is there.
func add(r *v1alpha1.PodReport, p v1alpha1.Pod, g v1alpha1.Group) {
	r.Pods = append(r.Pods, p)
	f := p.Findings[0]
	for i := range r.Groups {
		if r.Groups[i].Workload == p.Workload && r.Groups[i].Cause == f.Cause {
			return
		}
	}
	g.ID, g.Severity, g.Category, g.Cause, g.SubCause = "g-"+p.UID, f.Severity, f.Category, f.Cause, f.SubCause
	g.Workload, g.Container, g.ContainerType = p.Workload, f.Container, f.ContainerType
	g.Since, g.SincePrecision, g.Message, g.Hints = f.Since, f.SincePrecision, f.Message, f.Hints
	g.ExamplePod = p.Name
	for i := range p.Containers {
		g.Images = append(g.Images, p.Containers[i].Image)
	}
	r.Groups = append(r.Groups, g)
}

func crashing(name, node string) v1alpha1.Pod {
	return v1alpha1.Pod{
		Namespace: "shop", Name: name, UID: "uid-" + name, Node: node, Phase: "Running", State: v1alpha1.StateFailing,
		KubectlStatus: "CrashLoopBackOff", Ready: v1alpha1.Ready{Total: 1}, Restarts: 9, CreatedAt: ago(3 * time.Hour),
		Owner:    &v1alpha1.OwnerReference{Kind: "ReplicaSet", Name: "checkout-6d4f"},
		Workload: v1alpha1.Workload{Kind: "Deployment", Namespace: "shop", Name: "checkout"},
		Containers: []v1alpha1.Container{{
			Name: "app", Type: v1alpha1.ContainerApp, Image: "registry.example/checkout:1.42", State: "Waiting",
			Reason: "CrashLoopBackOff", Message: "back-off 5m0s restarting failed container", RestartCount: 9,
			LastTermination: &v1alpha1.Termination{Reason: "OOMKilled", ExitCode: 137, Signal: "SIGKILL", FinishedAt: ago(2 * time.Minute)},
		}},
		Findings: []v1alpha1.Finding{{
			Severity: v1alpha1.SeverityCritical, Category: "Crash", Cause: "CrashLoop", SubCause: "OOMKilled", Container: "app",
			ContainerType: v1alpha1.ContainerApp, Since: ago(42 * time.Minute), SincePrecision: v1alpha1.SinceAtLeast,
			Message:  "exit 137 after 48s, memory limit 256Mi, next start in 3m",
			Evidence: []v1alpha1.Evidence{{Source: "PodStatus", Path: "status.containerStatuses[app].lastState.terminated", Value: "OOMKilled exit 137", Time: ago(2 * time.Minute)}},
			Hints:    logs("shop", name, "app"),
		}},
	}
}

func unscheduled() v1alpha1.Pod {
	return v1alpha1.Pod{
		Namespace: "shop", Name: "redis-2", UID: "uid-redis-2", Phase: "Pending", State: v1alpha1.StateFailing,
		KubectlStatus: "Pending", Ready: v1alpha1.Ready{Total: 1}, CreatedAt: ago(3 * time.Hour),
		Owner:      &v1alpha1.OwnerReference{Kind: "StatefulSet", Name: "redis"},
		Workload:   v1alpha1.Workload{Kind: "StatefulSet", Namespace: "shop", Name: "redis"},
		Containers: []v1alpha1.Container{{Name: "redis", Type: v1alpha1.ContainerApp, Image: "registry.example/redis:8.2"}},
		Findings: []v1alpha1.Finding{{
			Severity: v1alpha1.SeverityCritical, Category: "Scheduling", Cause: "Unschedulable", SubCause: "PVC",
			Since: ago(3 * time.Hour), SincePrecision: v1alpha1.SinceExact,
			Message: "0/9 nodes are available: persistentvolumeclaim \"data-redis-2\" not found. preemption: 0/9 nodes are available: 9 Preemption is not helpful for scheduling.",
			Hints:   []v1alpha1.Hint{{Command: "kubectl describe pvc -n shop data-redis-2", Reason: "why it is not bound"}},
		}},
	}
}

func imageDenied() v1alpha1.Pod {
	return v1alpha1.Pod{
		Namespace: "batch", Name: "importer-29401230-x8bvn", UID: "uid-importer", Node: "ip-10-0-1-2", Phase: "Pending",
		State: v1alpha1.StateFailing, KubectlStatus: "Init:ImagePullBackOff", Ready: v1alpha1.Ready{Total: 2}, CreatedAt: ago(6 * time.Minute),
		Owner:    &v1alpha1.OwnerReference{Kind: "Job", Name: "importer-29401230"},
		Workload: v1alpha1.Workload{Kind: "CronJob", Namespace: "batch", Name: "importer"},
		Containers: []v1alpha1.Container{{
			Name: "migrate", Type: v1alpha1.ContainerInit, Image: "registry.example/migrate:7", State: "Waiting", Reason: "ImagePullBackOff",
		}},
		Findings: []v1alpha1.Finding{{
			Severity: v1alpha1.SeverityCritical, Category: "Image", Cause: "ImagePull", SubCause: "Auth", Container: "migrate",
			ContainerType: v1alpha1.ContainerInit, Since: ago(6 * time.Minute), SincePrecision: v1alpha1.SinceExact,
			Message: "registry.example/migrate:7: pull access denied",
			Hints:   events("batch", "importer-29401230-x8bvn"),
		}},
	}
}

func evicted() v1alpha1.Pod {
	return v1alpha1.Pod{
		Namespace: "infra", Name: "log-shipper-2kd8s", UID: "uid-log-shipper", Node: "ip-10-0-3-7", Phase: "Failed", State: v1alpha1.StateFailed,
		KubectlStatus: "Evicted", Ready: v1alpha1.Ready{Total: 2}, CreatedAt: ago(9 * time.Hour),
		Owner:      &v1alpha1.OwnerReference{Kind: "DaemonSet", Name: "log-shipper"},
		Workload:   v1alpha1.Workload{Kind: "DaemonSet", Namespace: "infra", Name: "log-shipper"},
		Containers: []v1alpha1.Container{{Name: "proxy", Type: v1alpha1.ContainerSidecar, Image: "registry.example/proxy:3"}},
		Findings: []v1alpha1.Finding{{
			Severity: v1alpha1.SeverityWarning, Category: "Disruption", Cause: "Evicted", SubCause: "EphemeralStorage", Container: "proxy",
			ContainerType: v1alpha1.ContainerSidecar, Since: ago(50 * time.Minute), SincePrecision: v1alpha1.SinceAtMost,
			Message: "The node was low on resource: ephemeral-storage. Threshold quantity: 2Gi, available: 1931Mi.",
			Hints:   []v1alpha1.Hint{{Command: "kubectl describe node ip-10-0-3-7", Reason: "what the node is short of"}},
		}},
	}
}

func wideRunes() v1alpha1.Pod {
	return v1alpha1.Pod{
		Namespace: "infra", Name: "batch-worker", UID: "uid-batch-worker", Node: "ip-10-0-3-7", Phase: "Running", State: v1alpha1.StateDegraded,
		KubectlStatus: "Running", Ready: v1alpha1.Ready{Ready: 1, Total: 1}, Restarts: 1, CreatedAt: ago(2 * time.Hour),
		Workload: v1alpha1.Workload{Kind: "Pod", Namespace: "infra", Name: "batch-worker"},
		Containers: []v1alpha1.Container{{
			Name: "worker", Type: v1alpha1.ContainerApp, Image: "registry.example/worker:11", State: "Running", Ready: true, RestartCount: 1,
			LastTermination: &v1alpha1.Termination{Reason: "Error", ExitCode: 1, FinishedAt: ago(50 * time.Minute)},
		}},
		Findings: []v1alpha1.Finding{{
			Severity: v1alpha1.SeverityWarning, Category: "Crash", Cause: "ExitCode", Container: "worker",
			ContainerType: v1alpha1.ContainerApp, SincePrecision: v1alpha1.SinceUnknown,
			Message: "設定ファイルが見つかりません\n/etc/worker.yaml:\tno such file",
		}},
	}
}

func gated() v1alpha1.Pod {
	return v1alpha1.Pod{
		Namespace: "batch", Name: "train-0", UID: "uid-train-0", Phase: "Pending", State: v1alpha1.StateProgressing,
		KubectlStatus: "SchedulingGated", Ready: v1alpha1.Ready{Total: 1}, CreatedAt: ago(12 * time.Second),
		Workload: v1alpha1.Workload{Kind: "Job", Namespace: "batch", Name: "train"},
		Findings: []v1alpha1.Finding{{
			Severity: v1alpha1.SeverityInfo, Category: "Scheduling", Cause: "SchedulingGated",
			Since: ago(12 * time.Second), SincePrecision: v1alpha1.SinceExact, Message: "waits for gate kueue.x-k8s.io/admission",
		}},
	}
}

func healthy(name string, restarts int64) v1alpha1.Pod {
	return v1alpha1.Pod{
		Namespace: "shop", Name: name, UID: "uid-" + name, Node: "ip-10-0-1-2", Phase: "Running", State: v1alpha1.StateHealthy,
		KubectlStatus: "Running", Ready: v1alpha1.Ready{Ready: 2, Total: 2}, Restarts: restarts, CreatedAt: ago(26 * time.Hour),
		Workload: v1alpha1.Workload{Kind: "Deployment", Namespace: "shop", Name: "frontend"},
	}
}

// shop is the part of outage that is in one namespace.
func shop() *v1alpha1.PodReport {
	r := outage()
	r.Scope = v1alpha1.Scope{Namespaces: []string{"shop"}}
	var pods []v1alpha1.Pod
	for _, p := range r.Pods {
		if p.Namespace == "shop" {
			pods = append(pods, p)
		}
	}
	var groups []v1alpha1.Group
	for _, g := range r.Groups {
		if g.Workload.Namespace == "shop" {
			groups = append(groups, g)
		}
	}
	r.Pods, r.Groups, r.Limitations = pods, groups, nil
	r.Summary.Pods = v1alpha1.PodCounts{Total: 5, Healthy: 2, Failing: 3}
	r.Summary.Findings = v1alpha1.FindingCounts{Critical: 2}
	return r
}

// allWell is a report without findings.
func allWell() *v1alpha1.PodReport {
	return &v1alpha1.PodReport{
		ObservedAt: metav1.NewTime(now()),
		Scope:      v1alpha1.Scope{Namespaces: []string{"shop"}},
		Summary:    v1alpha1.Summary{Pods: v1alpha1.PodCounts{Total: 118, Healthy: 118}},
	}
}
