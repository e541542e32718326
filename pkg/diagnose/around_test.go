// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// nodeThat is node n1 with the given Ready condition, as it was read.
func nodeThat(status corev1.ConditionStatus, reason string, d time.Duration, taints ...string) diagnose.Related {
	n := &projection.Node{Name: "n1", Ready: &projection.Condition{
		Type: "Ready", Status: status, Reason: reason, LastTransitionTime: corpusNow().Add(-d),
	}}
	for _, key := range taints {
		n.Taints = append(n.Taints, projection.Taint{Key: key, Effect: corev1.TaintEffectNoExecute})
	}
	return diagnose.Related{Node: n}
}

func TestNodesThatWereRead(t *testing.T) {
	t.Parallel()
	up := app(running(ago(time.Hour)))
	marked := func(d time.Duration) change {
		return func(p *corev1.Pod) {
			sinceCondition(corev1.PodReady, corev1.ConditionFalse, "", "", ago(d))(p)
			condition(corev1.ContainersReady, corev1.ConditionTrue, "")(p)
		}
	}
	missing := diagnose.Related{Node: &projection.Node{Name: "n1", Missing: true}}
	well := nodeThat(corev1.ConditionTrue, "KubeletReady", time.Hour)
	unreachable := nodeThat(corev1.ConditionUnknown, "NodeStatusUnknown", time.Minute, corev1.TaintNodeUnreachable)
	notReady := nodeThat(corev1.ConditionFalse, "KubeletNotReady", time.Minute)
	silent := newPod(corev1.PodPending, noStatuses, sinceCondition(corev1.PodScheduled, corev1.ConditionTrue, "", "", ago(time.Minute)))
	overdue := func(changes ...change) *corev1.Pod {
		return newPod(corev1.PodRunning, append([]change{up, deleted(ago(3 * time.Minute))}, changes...)...)
	}
	checkSurrounded(t, []surrounded{
		{"E2: marked, the node was not read", newPod(corev1.PodRunning, up, marked(time.Minute)), diagnose.Related{}, "Failing: critical NodeNotReady/Inferred", "Node n1", "does not report"},
		{
			"E2: marked, an event says it", newPod(corev1.PodRunning, up, marked(time.Minute)), events(warned(time.Minute, "NodeNotReady", "Node is not ready")),
			"Failing: critical NodeNotReady/NotReady", "Node n1", "",
		},
		{"E2: marked, the node is unreachable", newPod(corev1.PodRunning, up, marked(time.Minute)), unreachable, "Failing: critical NodeNotReady/Unreachable", "Node n1", "NodeStatusUnknown"},
		{"E2: marked, the node is not ready", newPod(corev1.PodRunning, up, marked(time.Minute)), notReady, "Failing: critical NodeNotReady/NotReady", "Node n1", "KubeletNotReady"},
		{"E2: marked, the node is gone", newPod(corev1.PodRunning, up, marked(time.Minute)), missing, "Failing: critical NodeNotReady/NodeGone", "Node n1", "does not exist"},
		{"E2: marked a minute ago, the node is well", newPod(corev1.PodRunning, up, marked(time.Minute)), well, "Progressing: info NodeNotReady/StatusStuck", "Node n1", "stuck"},
		{"E2: marked 3 minutes ago, the node is well", newPod(corev1.PodRunning, up, marked(3*time.Minute)), well, "Degraded: warning NodeNotReady/StatusStuck", "Node n1", "stuck"},
		{"E2: marked 10 minutes ago, the node is well", newPod(corev1.PodRunning, up, marked(10*time.Minute)), well, "Failing: critical NodeNotReady/StatusStuck", "Node n1", "stuck"},
		{
			"E2: the node has just come back", newPod(corev1.PodRunning, up, marked(time.Hour)), nodeThat(corev1.ConditionTrue, "KubeletReady", time.Minute),
			"Progressing: info NodeNotReady/StatusStuck", "Node n1", "",
		},
		{
			"marked, and declared out of service", newPod(corev1.PodRunning, up, marked(time.Minute)),
			nodeThat(corev1.ConditionTrue, "KubeletReady", time.Hour, corev1.TaintNodeOutOfService), "Failing: critical NodeNotReady/OutOfService", "Node n1", "",
		},
		{"unreachable before the pod is marked", newPod(corev1.PodRunning, up, ready()), unreachable, "Failing: critical NodeNotReady/Unreachable", "Node n1", ""},
		{"a node that starts", newPod(corev1.PodRunning, up, ready()), notReady, "Healthy: info NodeNotReady/NotReady", "Node n1", ""},
		{"a taint that is a moment late", newPod(corev1.PodRunning, up, ready()), nodeThat(corev1.ConditionTrue, "", time.Second, corev1.TaintNodeNotReady), "Healthy", "", ""},
		{"with a terminal phase the node does not count", newPod(corev1.PodSucceeded), missing, "Completed", "", ""},
		{"bound a minute ago, the node is well", silent, well, "Progressing: info KubeletUnresponsive", "Node n1", "has not taken the pod"},
		{"bound to a node that does not exist", silent, missing, "Failing: critical KubeletUnresponsive/NodeGone", "Node n1", "does not exist"},
		{"bound to a node that is unreachable", silent, unreachable, "Failing: critical KubeletUnresponsive/Unreachable", "Node n1", ""},
		{"bound to a node that is not ready", silent, notReady, "Progressing: info KubeletUnresponsive/NotReady", "Node n1", ""},
		{"deletion: the node is well", overdue(), well, "Terminating: warning Terminating/KubeletStuck", "", "its kubelet has not ended"},
		{"deletion: the node is gone", overdue(), missing, "Terminating: critical NodeNotReady/NodeGone", "Node n1", ""},
		{
			"evicted for the pressure of the node", newPod(corev1.PodFailed, reason("Evicted", "The node was low on resource: memory. ")),
			diagnose.Related{},
			"Failed: warning Evicted/NodePressure on App c", "Node n1", "",
		},
		{
			"evicted for a limit of its own", newPod(corev1.PodFailed, reason("Evicted", `Usage of EmptyDir volume "v" exceeds the limit "1Gi". `)),
			diagnose.Related{},
			"Failed: warning Evicted/EmptyDirLimit on App c", "", "",
		},
		{"shut down with the node", newPod(corev1.PodFailed, reason("Terminated", "Pod was terminated")), diagnose.Related{}, "Failed: warning NodeShutdown", "Node n1", ""},
	})
	v := around(newPod(corev1.PodRunning, up, marked(time.Minute)), diagnose.Related{})
	if got := v.Primary().Confidence; got != v1alpha1.ConfidenceLow {
		t.Errorf("confidence without the node = %s, want Low", got)
	}
	second := around(overdue(), missing).Findings[1]
	if second.SubCause != "NodeGone" || second.Cause != "Terminating" {
		t.Errorf("deletion on a node that is gone = %s/%s, want Terminating/NodeGone", second.Cause, second.SubCause)
	}
}

func TestNodesAndClaimsSayWhyNoNodeTakesThePod(t *testing.T) {
	t.Parallel()
	pending := func(message string, more ...change) *corev1.Pod {
		return newPod(corev1.PodPending, append([]change{
			unbound, noStatuses, sinceCondition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", message, ago(3*time.Minute)),
		}, more...)...)
	}
	tolerating := func(list ...corev1.Toleration) change { return func(p *corev1.Pod) { p.Spec.Tolerations = list } }
	mounting := func(claims ...string) change {
		return func(p *corev1.Pod) {
			for _, c := range claims {
				v := corev1.Volume{Name: c}
				v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: c}
				p.Spec.Volumes = append(p.Spec.Volumes, v)
			}
		}
	}
	tainted := func(name, key, value string, effect corev1.TaintEffect) *projection.Node {
		return &projection.Node{Name: name, Taints: []projection.Taint{{Key: key, Value: value, Effect: effect}}}
	}
	nodes := diagnose.Related{Nodes: []*projection.Node{
		tainted("a", "dedicated", "gpu", corev1.TaintEffectNoSchedule), tainted("b", "dedicated", "gpu", corev1.TaintEffectNoSchedule),
		tainted("c", "level", "3", corev1.TaintEffectNoExecute), tainted("d", "soft", "", corev1.TaintEffectPreferNoSchedule),
		{Name: "e", Unschedulable: true, Taints: []projection.Taint{{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}}},
	}}
	const refused = "0/4 nodes are available: 3 node(s) had untolerated taint(s)."
	const want = "Degraded: warning Unschedulable/Taint"
	sized := diagnose.Related{Nodes: []*projection.Node{
		{Name: "small", CPU: 2000, Memory: 64 << 30, Unschedulable: true}, {Name: "large", CPU: 7910, Memory: 16 << 30},
	}}
	claim := func(c projection.Claim) diagnose.Related {
		c.Namespace = "ns"
		return diagnose.Related{Claims: []*projection.Claim{{Namespace: "ns", Name: "logs", Phase: corev1.ClaimBound}, &c}}
	}
	const pvc = "Degraded: warning Unschedulable/PVC"
	const unboundClaims = "0/4 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
	checkSurrounded(t, []surrounded{
		{"taints", pending(refused), nodes, want, "", "not tolerated: dedicated=gpu:NoSchedule on 2 nodes, level=3:NoExecute on 1 node"},
		{
			"a toleration of another value", pending(refused, tolerating(corev1.Toleration{Key: "dedicated", Value: "cpu"})), nodes, want, "",
			"not tolerated: dedicated=gpu:NoSchedule on 2 nodes",
		},
		{
			"what is tolerated is not named", pending(refused, tolerating(corev1.Toleration{Key: "dedicated", Operator: corev1.TolerationOpExists})), nodes, want, "",
			"not tolerated: level=3:NoExecute on 1 node",
		},
		{
			"a toleration of another effect", pending(refused, tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})),
			nodes, want, "", "not tolerated: level=3:NoExecute on 1 node",
		},
		{
			"numbers are compared", pending(refused, tolerating(
				corev1.Toleration{Key: "dedicated", Value: "gpu"}, corev1.Toleration{Key: "level", Operator: corev1.TolerationOpGt, Value: "3"})), nodes, want, "",
			"not tolerated: level=3:NoExecute on 1 node",
		},
		{"cordoned", pending("0/2 nodes are available: 1 node(s) were unschedulable."), sized, "Degraded: warning Unschedulable/Cordoned", "", "cordoned: small"},
		{
			"resources", pending("0/2 nodes are available: 2 Insufficient cpu, 1 Insufficient memory."), sized,
			"Degraded: warning Unschedulable/Resources", "", "the largest node has, used or not, 7910m cpu (large), 64Gi memory (small)",
		},
		{
			"other resources are not guessed at", pending("0/2 nodes are available: 2 Insufficient nvidia.com/gpu."), sized,
			"Degraded: warning Unschedulable/Resources", "", "Insufficient nvidia.com/gpu",
		},
		{
			"the message names the claim", pending(`0/4 nodes are available: persistentvolumeclaim "data-0" not found.`, mounting("logs", "data-0")),
			diagnose.Related{},
			pvc, "PersistentVolumeClaim ns/data-0", `"data-0" not found`,
		},
		{"the only claim", pending(unboundClaims, mounting("data-0")), diagnose.Related{}, pvc, "PersistentVolumeClaim ns/data-0", "unbound"},
		{"several claims, none read", pending(unboundClaims, mounting("logs", "data-0")), diagnose.Related{}, pvc, "", "unbound"},
		{"missing claim", pending(unboundClaims, mounting("logs", "data-0")), claim(projection.Claim{Name: "data-0", Missing: true}), pvc, "PersistentVolumeClaim ns/data-0", "claim data-0 does not exist"},
		{
			"pending claim", pending(unboundClaims, mounting("logs", "data-0")), claim(projection.Claim{Name: "data-0", Phase: corev1.ClaimPending, StorageClass: "fast"}),
			pvc, "PersistentVolumeClaim ns/data-0", "claim data-0 is pending, of storage class fast",
		},
		{"lost claim", pending(unboundClaims, mounting("logs", "data-0")), claim(projection.Claim{Name: "data-0", Phase: corev1.ClaimLost, Volume: "pv-1"}), pvc, "PersistentVolumeClaim ns/data-0", "has lost its volume pv-1"},
		{"claim that is being deleted", pending(unboundClaims, mounting("logs", "data-0")), claim(projection.Claim{Name: "data-0", Phase: corev1.ClaimBound, Deleting: true}), pvc, "PersistentVolumeClaim ns/data-0", "is being deleted"},
		{
			"E27: room is being made", pending("0/4 nodes are available: 4 Insufficient pods.", func(p *corev1.Pod) {
				p.Status.NominatedNodeName = "a"
				seconds := int64(61)
				p.Spec.TerminationGracePeriodSeconds = &seconds
			}), diagnose.Related{}, "Progressing: info Unschedulable/Resources", "", "waits for room on node a",
		},
		{
			"E27: the grace period is over", pending("0/4 nodes are available: 4 Insufficient pods.", func(p *corev1.Pod) { p.Status.NominatedNodeName = "a" }),
			diagnose.Related{},
			"Degraded: warning Unschedulable/Resources", "", "waits for room on node a",
		},
	})
}

func TestRegistriesAndObjectsOfErrors(t *testing.T) {
	t.Parallel()
	of := func(image string) change { return func(p *corev1.Pod) { p.Spec.Containers[0].Image = image } }
	down := app(waiting("ErrImagePull", "dial tcp: i/o timeout"))
	for image, host := range map[string]string{
		"nginx": "docker.io", "nginx:1.27": "docker.io", "library/nginx": "docker.io", "index.docker.io/library/nginx": "docker.io",
		"docker.io/library/nginx": "docker.io", "registry:5000/app": "registry:5000", "localhost/app": "localhost", "ghcr.io/a/b/c:1": "ghcr.io",
		"ghcr.io/a@sha256:abc": "ghcr.io", "nginx@sha256:abc": "docker.io", "Registry/app": "Registry", "[::1]:5000/app": "[::1]:5000",
	} {
		if got := blamed(around(newPod(corev1.PodPending, of(image), down), diagnose.Related{}).Primary()); got != "Registry "+host {
			t.Errorf("E38: registry of %s = %q, want %q", image, got, host)
		}
	}
	config := func(message string) *corev1.Pod {
		return newPod(corev1.PodPending, app(waiting("CreateContainerConfigError", message)))
	}
	checkSurrounded(t, []surrounded{
		{
			"the image of a volume", newPod(corev1.PodPending, of("nginx"), app(waiting("ImagePullBackOff", `Back-off pulling image "quay.io/data/set:1": ErrImagePull: 429 Too Many Requests`))),
			diagnose.Related{},
			"Failing: critical ImagePull/RateLimit on App c", "Registry quay.io", "",
		},
		{"an image that is not there is no fault of the registry", newPod(corev1.PodPending, of("ghcr.io/x"), app(waiting("ErrImagePull", "x: not found"))), diagnose.Related{}, "Failing: critical ImagePull/NotFound on App c", "", ""},
		{"ConfigMap", config(`configmap "app" not found`), diagnose.Related{}, "Failing: critical ConfigError/ConfigMapNotFound on App c", "ConfigMap ns/app", ""},
		{"Secret", config(`secret "db" not found`), diagnose.Related{}, "Failing: critical ConfigError/SecretNotFound on App c", "Secret ns/db", ""},
		{"key of a ConfigMap", config(`couldn't find key a.b in ConfigMap ns/app`), diagnose.Related{}, "Failing: critical ConfigError/KeyMissing on App c", "ConfigMap ns/app", ""},
		{"key of a Secret", config(`couldn't find key network in Secret ns/hcloud`), diagnose.Related{}, "Failing: critical ConfigError/KeyMissing on App c", "Secret ns/hcloud", ""},
		{"neither", config(`container has runAsNonRoot and image will run as root`), diagnose.Related{}, "Failing: critical ConfigError/RunAsNonRoot on App c", "", ""},
	})
}

func TestDevicesAndUnfinishedDisruptions(t *testing.T) {
	t.Parallel()
	broken := running(ago(time.Hour))
	broken.AllocatedResourcesStatus = []corev1.ResourceStatus{{Name: "nvidia.com/gpu", Resources: []corev1.ResourceHealth{{ResourceID: "gpu-3", Health: corev1.ResourceHealthStatusUnhealthy}}}}
	target := func(reason string, d time.Duration) *corev1.Pod {
		return newPod(corev1.PodRunning, app(running(ago(time.Hour))), ready(), sinceCondition(corev1.DisruptionTarget, corev1.ConditionTrue, reason, "going", ago(d)))
	}
	checkSurrounded(t, []surrounded{
		{"broken device", newPod(corev1.PodRunning, app(broken), ready()), diagnose.Related{}, "Failing: critical DeviceUnhealthy on App c", "", "nvidia.com/gpu/gpu-3"},
		{"evicted a minute ago", target("EvictionByEvictionAPI", time.Minute), diagnose.Related{}, "Healthy: info Disrupted/EvictionAPI", "", "going"},
		{"evicted and never deleted", target("EvictionByEvictionAPI", 2*time.Minute), diagnose.Related{}, "Healthy: warning NeverDeleted/EvictionAPI", "", "nobody has deleted it"},
		{"preempted and never deleted", target("PreemptionByScheduler", time.Hour), diagnose.Related{}, "Healthy: warning NeverDeleted/Scheduler", "", ""},
		{"the kubelet does not delete", target("TerminationByKubelet", time.Hour), diagnose.Related{}, "Healthy: info Disrupted/Kubelet", "", ""},
	})
}
