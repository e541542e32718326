// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type situation struct {
	name string
	pod  *corev1.Pod
	want string
}

func checkSituations(t *testing.T, list []situation) {
	t.Helper()
	for _, s := range list {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			v := judge(s.pod)
			if got := brief(v); got != s.want {
				t.Errorf("verdict = %q, want %q\n%+v", got, s.want, v.Findings)
			}
			checkShape(t, v)
		})
	}
}

// exitRule sets the container's own restart policy with one rule for an exit code.
func exitRule(policy corev1.ContainerRestartPolicy, action corev1.ContainerRestartRuleAction, operator corev1.ContainerRestartRuleOnExitCodesOperator, codes ...int32) change {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].RestartPolicy = &policy
		p.Spec.Containers[0].RestartPolicyRules = []corev1.ContainerRestartRule{{
			Action: action, ExitCodes: &corev1.ContainerRestartRuleOnExitCodes{Operator: operator, Values: codes},
		}}
	}
}

func TestContainersThatEnd(t *testing.T) {
	t.Parallel()
	const (
		always    = corev1.ContainerRestartPolicyAlways
		never     = corev1.ContainerRestartPolicyNever
		restart   = corev1.ContainerRestartRuleActionRestart
		onFailure = corev1.RestartPolicyOnFailure
	)
	onceEnded := func(code int32, reason string) *corev1.Pod {
		return newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), app(exited(code, reason, ago(time.Minute))))
	}
	loop := func(last corev1.ContainerState) *corev1.Pod {
		return newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=c"), 9, last)))
	}
	checkSituations(t, []situation{
		{"exit 126: the command cannot be executed", onceEnded(126, "Error"), "Failed: critical ExitCode on App c"},
		{"exit 127: the command is not there", onceEnded(127, "Error"), "Failed: critical ExitCode on App c"},
		{"exit 139: segmentation fault", onceEnded(139, "Error"), "Failed: critical ExitCode on App c"},
		{"exit 255 by the program itself", onceEnded(255, "Error"), "Failed: critical ExitCode on App c"},
		{"exit code without a reason, as old runtimes gave it", onceEnded(3, ""), "Failed: critical ExitCode on App c"},
		{"SIGTERM that nobody asked for", onceEnded(143, "Error"), "Failed: critical ExitCode on App c"},
		{"killed, and not for memory", onceEnded(137, "Error"), "Failed: critical ExitCode/SigKilled on App c"},
		{"out of memory with exit 1: a child was killed and the parent gave up", onceEnded(1, "OOMKilled"), "Failed: critical OOMKilled on App c"},
		{"CRI-O found no exit file (-1)", onceEnded(-1, "Error"), "Failed: warning StatusLost on App c"},
		{"Docker could not run the container", onceEnded(127, "ContainerCannotRun"), "Failed: critical ContainerStart on App c"},
		{"Windows: access violation", onceEnded(-1073741819, "Error"), "Failed: critical ExitCode on App c"},
		{"loop of segmentation faults", loop(exit(139, "Error", ago(time.Minute))), "Failing: critical CrashLoop/ExitCode on App c"},
		{"loop of out-of-memory kills that the parent survives with 0", loop(exit(0, "OOMKilled", ago(time.Minute))), "Failing: critical CrashLoop/OOMKilled on App c"},
		{"loop whose last end the kubelet lost", loop(exit(137, "ContainerStatusUnknown", metav1.Time{})), "Failing: critical CrashLoop/StatusLost on App c"},
		{"CrashLoopBackOff without any last state", loop(corev1.ContainerState{}), "Failing: critical CrashLoop on App c"},
		{
			"OOM kill under OnFailure, running again",
			newPod(corev1.PodRunning, restartPolicy(onFailure), app(after(running(ago(time.Minute)), 1, exit(137, "OOMKilled", ago(2*time.Minute)))), ready()),
			"Healthy: warning OOMKilled on App c",
		},
		{
			"OOM kill under OnFailure, caught terminated",
			newPod(corev1.PodRunning, restartPolicy(onFailure), app(exited(137, "OOMKilled", ago(time.Second)))),
			"Failing: critical OOMKilled on App c",
		},
		{
			"E30: a Job loops with restartPolicy OnFailure",
			newPod(corev1.PodRunning, restartPolicy(onFailure), app(after(waiting("CrashLoopBackOff", ""), 5, exit(1, "Error", ago(time.Minute))))),
			"Failing: critical CrashLoop/ExitCode on App c",
		},
		{
			"a restart rule makes a container of policy Never loop, caught terminated",
			newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyNever), exitRule(never, restart, corev1.ContainerRestartRuleOnExitCodesOpIn, 42),
				app(after(exited(42, "Error", ago(time.Second)), 3, exit(42, "Error", ago(time.Minute))))),
			"Failing: critical CrashLoop/ExitCode on App c",
		},
		{
			"an exit code that the restart rule does not name ends the container for good",
			newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyNever), exitRule(never, restart, corev1.ContainerRestartRuleOnExitCodesOpIn, 42),
				app(after(exited(1, "Error", ago(time.Second)), 3, exit(42, "Error", ago(time.Minute))))),
			"Failing: critical ExitCode on App c",
		},
		{
			"a restart rule for every exit code but 0",
			newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyNever), exitRule(never, restart, corev1.ContainerRestartRuleOnExitCodesOpNotIn, 0),
				app(after(exited(7, "Error", ago(time.Second)), 4, exit(7, "Error", ago(time.Minute))))),
			"Failing: critical CrashLoop/ExitCode on App c",
		},
		{
			"all containers are restarted by a rule, this one is next",
			newPod(corev1.PodRunning, app(after(exited(137, "RestartingAllContainers", ago(time.Second)), 1, corev1.ContainerState{}))),
			"Progressing: info RestartingAll",
		},
		{
			"the container of a Job runs with Never while its sidecar is out of memory",
			newPod(corev1.PodRunning, restartPolicy(corev1.RestartPolicyNever), initContainer(always, started(after(running(ago(time.Minute)), 1, exit(137, "OOMKilled", ago(2*time.Minute))))),
				app(running(ago(time.Hour))), condition(corev1.PodInitialized, corev1.ConditionTrue, ""), ready()),
			"Healthy: warning OOMKilled on Sidecar i",
		},
		{
			"a sidecar ended in error while the app runs, not yet restarted",
			newPod(corev1.PodRunning, initContainer(always, exited(1, "Error", ago(time.Second))), app(running(ago(time.Hour))),
				condition(corev1.PodInitialized, corev1.ConditionTrue, "")),
			"Failing: critical ExitCode on Sidecar i",
		},
		{
			"a sidecar loops before the app may start",
			newPod(corev1.PodPending, initContainer(always, after(waiting("CrashLoopBackOff", ""), 4, exit(1, "Error", ago(time.Minute)))), app(waiting("PodInitializing", ""))),
			"Failing: critical CrashLoop/ExitCode on Sidecar i",
		},
		{
			"after a reboot of the node everything is created anew",
			newPod(corev1.PodRunning, startTime(ago(100*time.Hour)), app(after(waiting("ContainerCreating", ""), 1, exit(255, "Unknown", ago(30*time.Second))))),
			"Progressing: info Creating",
		},
		{
			"after a reboot of the node a container does not come back",
			newPod(corev1.PodRunning, startTime(ago(100*time.Hour)), app(after(exited(255, "Unknown", ago(5*time.Minute)), 1, corev1.ContainerState{}))),
			"Degraded: warning RuntimeRestarted on App c",
		},
	})
}

func TestContainersThatCannotStart(t *testing.T) {
	t.Parallel()
	waits := func(reason, message string) *corev1.Pod {
		return newPod(corev1.PodPending, app(waiting(reason, message)))
	}
	start := "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
	checkSituations(t, []situation{
		{"the image of a volume cannot be pulled", waits("ImagePullBackOff", `Back-off pulling image "registry.example.com/models:1": ErrImagePull: registry.example.com/models:1: not found`), "Failing: critical ImagePull/NotFound on App c"},
		{"registry asks for a login, Docker's words", waits("ErrImagePull", `rpc error: code = Unknown desc = Error response from daemon: pull access denied for acme/shop, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`), "Failing: critical ImagePull/Auth on App c"},
		{"tag is gone, Docker's words", waits("ErrImagePull", `rpc error: code = Unknown desc = Error response from daemon: manifest for acme/shop:9 not found: manifest unknown: manifest unknown`), "Failing: critical ImagePull/NotFound on App c"},
		{"tag is gone, CRI-O's words", waits("ErrImagePull", `rpc error: code = Unknown desc = reading manifest 9 in quay.io/acme/shop: manifest unknown`), "Failing: critical ImagePull/NotFound on App c"},
		{"registry does not answer in time", waits("ErrImagePull", `rpc error: code = Unknown desc = Error response from daemon: Get https://registry.example.com/v2/: net/http: TLS handshake timeout`), "Failing: critical ImagePull/Network on App c"},
		{"registry breaks down", waits("ErrImagePull", `failed to resolve reference "registry.example.com/a:1": unexpected status from HEAD request to https://registry.example.com/v2/a/manifests/1: 500 Internal Server Error`), "Failing: critical ImagePull/Network on App c"},
		{"CRI-O's policy wants a signature", waits("ErrImagePull", `rpc error: code = Unknown desc = Source image rejected: A signature was required, but no signature exists`), "Failing: critical ImagePull/Signature on App c"},
		{"a Windows image on a Linux node", waits("ErrImagePull", `image operating system "windows" cannot be used on this platform: operating system is not supported`), "Failing: critical ImagePull/Platform on App c"},
		{"an image whose name sounds like an error", waits("ErrImagePull", `failed to pull and unpack image "ghcr.io/x/certificate-denied:not-found": failed to do request: Head "https://ghcr.io/v2/x/certificate-denied/manifests/not-found": dial tcp: lookup ghcr.io: i/o timeout`), "Failing: critical ImagePull/Network on App c"},
		{"the image is there, but not for this pod", waits("ErrImageNeverPull", `Container image "registry.example.com/a:1" is present with pull policy of Never but does not have the proper credentials`), "Failing: critical ImageNeverPull on App c"},
		{"runAsUser 0 with runAsNonRoot", waits("CreateContainerConfigError", `container's runAsUser breaks non-root policy (pod: "p_ns(u)", container: c)`), "Failing: critical ConfigError/RunAsNonRoot on App c"},
		{"user of the image is a name", waits("CreateContainerConfigError", `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root (pod: "p_ns(u)", container: c)`), "Failing: critical ConfigError/RunAsNonRoot on App c"},
		{"a Secret called after a security profile", waits("CreateContainerConfigError", `secret "seccomp-key" not found`), "Failing: critical ConfigError/SecretNotFound on App c"},
		{"key of an environment file is missing", waits("CreateContainerConfigError", `environment variable key "TOKEN_FILE" not found in file "/etc/env"`), "Failing: critical ConfigError/KeyMissing on App c"},
		{"the kubelet's cache of ConfigMaps does not fill", waits("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition"), "Failing: critical ConfigError on App c"},
		{"a topology manager refuses", waits("PreCreateHookError", "not enough cpus available to satisfy request"), "Failing: critical NodeHookError on App c"},
		{"user of the image does not exist", waits("CreateContainerError", `failed to generate container "x" spec: failed to generate spec: unable to find user shop: no matching entries in passwd file`), "Failing: critical ContainerCreate on App c"},
		{"device is missing on the node", waits("RunContainerError", start+`error during container init: error gathering device information while adding custom device "/dev/fuse": no such file or directory: unknown`), "Failing: critical ContainerStart/Device on App c"},
		{"a file is mounted over a directory", waits("RunContainerError", start+`error during container init: error mounting "/var/lib/kubelet/pods/u/volume-subpaths/config/c/0" to rootfs at "/etc/app/config.yaml": mount: not a directory: Are you trying to mount a directory onto a file (or vice-versa)?`), "Failing: critical ContainerStart/Mount on App c"},
		{"the source of a mount is gone", waits("RunContainerError", start+`error during container init: error mounting "/data" to rootfs at "/data": stat /data: no such file or directory`), "Failing: critical ContainerStart/Mount on App c"},
		{"working directory cannot be entered", waits("RunContainerError", start+`error during container init: chdir to cwd ("/home/app") set in config.json failed: permission denied`), "Failing: critical ContainerStart/WorkingDir on App c"},
		{"memory limit below what the runtime needs to start", waits("RunContainerError", start+`container init was OOM-killed (memory limit too low?)`), "Failing: critical ContainerStart/MemoryLimit on App c"},
		{"image for another architecture, found out at the start", waits("RunContainerError", start+`exec: "/app": exec format error`), "Failing: critical ContainerStart/WrongArch on App c"},
		{"Windows cannot find the command", waits("RunContainerError", `hcs::System::CreateProcess app.exe: The system cannot find the file specified.`), "Failing: critical ContainerStart/EntrypointMissing on App c"},
		{"the command is called like a device", waits("RunContainerError", start+`exec: "/usr/bin/device-cgroup-exporter": stat /usr/bin/device-cgroup-exporter: no such file or directory`), "Failing: critical ContainerStart/EntrypointMissing on App c"},
		{"no runtime handler: the error itself is the reason", waits(`no runtime for "gvisor" is configured`, ""), "Failing: critical Waiting on App c"},
		{
			"the first init container is done, the image of the second is missing",
			newPod(corev1.PodPending, initContainer("", exited(0, "Completed", ago(time.Minute))), secondInit(waiting("ImagePullBackOff", "not found")), app(waiting("PodInitializing", ""))),
			"Failing: critical ImagePull/NotFound on Init j",
		},
		{
			"the first init container loops, the second has not been tried",
			newPod(corev1.PodPending, initContainer("", after(waiting("CrashLoopBackOff", ""), 3, exit(1, "Error", ago(time.Minute)))), secondInit(waiting("PodInitializing", "")), app(waiting("PodInitializing", ""))),
			"Failing: critical CrashLoop/ExitCode on Init i",
		},
	})
}

// The runtime removes the init containers of a pod in time, and older kubelets then
// say again that they wait for their turn.
func TestInitContainersThatTheRuntimeHasRemoved(t *testing.T) {
	t.Parallel()
	up, lost := app(running(ago(5*time.Hour))), waiting("PodInitializing", "")
	initialized := condition(corev1.PodInitialized, corev1.ConditionTrue, "")
	begun := startTime(ago(5 * time.Hour))
	checkSituations(t, []situation{
		{"the pod is well", newPod(corev1.PodRunning, begun, initContainer("", lost), up, initialized, ready()), "Healthy"},
		{"nothing says that it is initialized but its app", newPod(corev1.PodRunning, begun, initContainer("", lost), up, ready()), "Healthy"},
		{"it had been restarted before", newPod(corev1.PodRunning, begun, initContainer("", after(lost, 2, exit(0, "Completed", ago(5*time.Hour)))), up, initialized, ready()), "Healthy"},
		{"there is no state at all", newPod(corev1.PodRunning, begun, initContainer("", corev1.ContainerStatus{}), up, initialized, ready()), "Healthy"},
		{
			"the app itself is what waits",
			newPod(corev1.PodPending, begun, initContainer("", lost), app(waiting("PodInitializing", "")), initialized),
			"Failing: critical Creating on App c",
		},
		{
			"an error is one",
			newPod(corev1.PodRunning, begun, initContainer("", waiting("ImagePullBackOff", "not found")), up, initialized, ready()),
			"Failing: critical ImagePull/NotFound on Init i",
		},
		{
			"a sidecar does not come back",
			newPod(corev1.PodRunning, begun, initContainer(corev1.ContainerRestartPolicyAlways, lost), up, initialized, ready()),
			"Failing: critical Creating on Sidecar i",
		},
	})
}

// secondInit adds an init container j.
func secondInit(s corev1.ContainerStatus) change {
	return func(p *corev1.Pod) {
		s.Name = "j"
		p.Spec.InitContainers = append(p.Spec.InitContainers, corev1.Container{Name: "j"})
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, s)
	}
}

func TestPodsThatFailed(t *testing.T) {
	t.Parallel()
	rejected := func(r, message string) *corev1.Pod { return newPod(corev1.PodFailed, noStatuses, reason(r, message)) }
	checkSituations(t, []situation{
		{"refused for its node selector, kubelets before v1.22", rejected("MatchNodeSelector", "Pod Predicate MatchNodeSelector failed"), "Failed: warning Rejected/NodeAffinity"},
		{"refused for its host port, kubelets before v1.22", rejected("PodFitsHostPorts", "Pod Predicate PodFitsHostPorts failed"), "Failed: warning Rejected/NodePorts"},
		{"refused for its host name, kubelets before v1.22", rejected("HostName", "Pod Predicate HostName failed"), "Failed: warning Rejected/NodeName"},
		{"refused for a taint", rejected("TaintToleration", "Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"), "Failed: warning Rejected/TaintToleration"},
		{"no room for another pod", rejected("OutOfpods", "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110"), "Failed: warning Rejected/OutOf"},
		{"no device of an extended resource", rejected("OutOfnvidia.com/gpu", "Pod was rejected: Node didn't have enough resource: nvidia.com/gpu, requested: 1, used: 8, capacity: 8"), "Failed: warning Rejected/OutOf"},
		{"NUMA alignment impossible", rejected("TopologyAffinityError", "Pod was rejected: Resources cannot be allocated with Topology locality"), "Failed: warning Rejected/NUMA"},
		{"sysctl that the node forbids", rejected("SysctlForbidden", `Pod was rejected: forbidden sysctl: "net.core.somaxconn" not allowlisted`), "Failed: warning Rejected/NodeFeature"},
		{"too many volumes for the node", rejected("VolumeAttachmentLimitExceeded", "Pod was rejected: Node has exceeded its volume attachment limit"), "Failed: warning Rejected/VolumeLimit"},
		{"node under pressure, kubelets before v1.28", rejected("Evicted", "Pod The node had condition: [MemoryPressure]. "), "Failed: warning Evicted/RejectedUnderPressure"},
		{"evicted, words of v1.10", rejected("Evicted", "The node was low on resource: [DiskPressure]."), "Failed: warning Evicted/NodePressure on App c"},
		{"evicted, words of v1.3", rejected("Evicted", "The node was low on compute resources."), "Failed: warning Evicted/NodePressure on App c"},
		{"node shutdown, word of kubelets before v1.22", rejected("Shutdown", "Node is shutting, evicting pods"), "Failed: warning NodeShutdown"},
		{
			"a reason that nobody knows beside a container that failed by itself",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), reason("ProviderFailed", "container group failed"), app(exited(2, "Error", ago(time.Minute)))),
			"Failed: critical ExitCode on App c",
		},
		{
			"active deadline with a container killed by it",
			newPod(corev1.PodFailed, reason("DeadlineExceeded", "Pod was active on the node longer than the specified deadline"), app(exited(137, "Error", ago(time.Minute)))),
			"Failed: critical ActiveDeadline",
		},
		{
			"ended through the eviction API, exit 143",
			newPod(corev1.PodFailed, condition(corev1.DisruptionTarget, corev1.ConditionTrue, "EvictionByEvictionAPI"), app(exited(143, "Error", ago(time.Minute)))),
			"Failed: warning Disrupted/EvictionAPI",
		},
		{
			"ended by the taint manager, no controller",
			newPod(corev1.PodFailed, bare, condition(corev1.DisruptionTarget, corev1.ConditionTrue, "DeletionByTaintManager"), app(exited(143, "Error", ago(time.Minute)))),
			"Failed: critical Disrupted/TaintManager",
		},
		{
			"a disruption that was called off does not explain an end in error",
			newPod(corev1.PodFailed, condition(corev1.DisruptionTarget, corev1.ConditionFalse, "PreemptionByScheduler"), app(exited(1, "Error", ago(time.Minute)))),
			"Failed: critical ExitCode on App c",
		},
		{
			"one of two containers was lost, the other completed",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), twoApps(exited(0, "Completed", ago(time.Minute)), exited(137, "ContainerStatusUnknown", metav1.Time{}))),
			"Failed: warning StatusLost on App b",
		},
		{
			"an init container was out of memory and exited 0",
			newPod(corev1.PodFailed, restartPolicy(corev1.RestartPolicyNever), initContainer("", exited(0, "OOMKilled", ago(time.Minute))), app(waiting("PodInitializing", ""))),
			"Failed: critical OOMKilled on Init i",
		},
	})
}

func TestPodsThatWaitOrGo(t *testing.T) {
	t.Parallel()
	up := app(started(running(ago(time.Hour))))
	const always = corev1.ContainerRestartPolicyAlways
	checkSituations(t, []situation{
		{"deleted before it was scheduled", newPod(corev1.PodPending, unbound, noStatuses, deleted(ago(5*time.Second), "a/b")), "Terminating: info Terminating/Finalizer"},
		{"deleted with a grace period of an hour", newPod(corev1.PodRunning, deleted(ago(-50*time.Minute)), up, ready()), "Terminating: info Terminating"},
		{"deleted while its image cannot be pulled", newPod(corev1.PodPending, deleted(ago(time.Minute)), app(waiting("ImagePullBackOff", "not found"))), "Terminating: info Terminating/Overdue"},
		{"deleted, a sidecar still runs after 15 minutes", newPod(corev1.PodRunning, deleted(ago(15*time.Minute)), initContainer(always, running(ago(time.Hour))), app(exited(0, "Completed", ago(15*time.Minute)))), "Terminating: critical Terminating/Overdue"},
		{"preempted by the scheduler, still running", newPod(corev1.PodRunning, deleted(ago(-20*time.Second)), up, condition(corev1.DisruptionTarget, corev1.ConditionTrue, "PreemptionByScheduler")), "Terminating: info Terminating"},
		{"Succeeded, to be deleted in time", newPod(corev1.PodSucceeded, deleted(ago(-20*time.Second)), app(exited(0, "Completed", ago(time.Minute)))), "Terminating: info Terminating"},
		{"Succeeded, every condition False and the sidecar killed", newPod(corev1.PodSucceeded, initContainer(always, exited(137, "Error", ago(time.Minute))), app(exited(0, "Completed", ago(time.Minute))), condition(corev1.PodReady, corev1.ConditionFalse, "PodCompleted"), condition(corev1.PodReadyToStartContainers, corev1.ConditionFalse, "PodSandboxNotReady")), "Completed"},
		{"sandbox cannot be made for 15 minutes", newPod(corev1.PodPending, startTime(ago(15*time.Minute)), app(waiting("ContainerCreating", "")), condition(corev1.PodReadyToStartContainers, corev1.ConditionFalse, "PodSandboxNotReady")), "Failing: critical Creating/Sandbox on App c"},
		{"image is being pulled for 3 minutes (E25)", newPod(corev1.PodPending, startTime(ago(3*time.Minute)), app(waiting("ContainerCreating", "")), condition(corev1.PodReadyToStartContainers, corev1.ConditionTrue, "")), "Degraded: warning Creating/Image on App c"},
		{"resize waits for room", newPod(corev1.PodRunning, up, ready(), condition(corev1.PodResizePending, corev1.ConditionTrue, "Deferred")), "Healthy: info Resize/Deferred"},
		{"resize went wrong", newPod(corev1.PodRunning, up, ready(), sinceCondition(corev1.PodResizeInProgress, corev1.ConditionTrue, "Error", "cgroup write failed", ago(time.Minute))), "Healthy: warning Resize/Error"},
		{"resize in progress", newPod(corev1.PodRunning, up, ready(), condition(corev1.PodResizeInProgress, corev1.ConditionTrue, "")), "Healthy"},
		{"readiness gate without a condition", newPod(corev1.PodRunning, up, gate("example.com/lb"), sinceCondition(corev1.PodReady, corev1.ConditionFalse, "ReadinessGatesNotReady", "", ago(11*time.Minute))), "Failing: critical ReadinessGate"},
		{"readiness gate that holds, node lost (E2)", newPod(corev1.PodRunning, up, gate("example.com/lb"), condition("example.com/lb", corev1.ConditionTrue, ""), condition(corev1.PodReady, corev1.ConditionFalse, ""), condition(corev1.ContainersReady, corev1.ConditionTrue, "")), "Failing: critical NodeNotReady/Inferred"},
		{"readiness lost a minute ago, of one of two containers", newPod(corev1.PodRunning, twoApps(started(running(ago(time.Hour))), unready(started(running(ago(time.Hour))))), sinceCondition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady", "containers with unready status: [b]", ago(time.Minute))), "Progressing: info NotReady/NeverReady"},
		{"a sidecar is not ready for 12 minutes", newPod(corev1.PodRunning, initContainer(always, unready(started(running(ago(time.Hour))))), up, condition(corev1.PodInitialized, corev1.ConditionTrue, ""), sinceCondition(corev1.PodReady, corev1.ConditionFalse, "ContainersNotReady", "", ago(12*time.Minute))), "Failing: critical NotReady/NeverReady on Sidecar i"},
		{"no scheduler of this name for 11 minutes", newPod(corev1.PodPending, unbound, noStatuses, func(p *corev1.Pod) { p.CreationTimestamp = ago(11 * time.Minute) }), "Failing: critical Unschedulable/NoScheduler"},
		{"clock skew: created in the future", newPod(corev1.PodPending, unbound, noStatuses, func(p *corev1.Pod) { p.CreationTimestamp = ago(-time.Hour) }), "Progressing: info Unschedulable/NoScheduler"},
		{"clock skew: a crash in the future", newPod(corev1.PodRunning, app(after(running(ago(-time.Minute)), 4, exit(1, "Error", ago(-time.Minute))))), "Failing: critical CrashLoop/ExitCode on App c"},
		{"a debug container runs", newPod(corev1.PodRunning, ephemeral(running(ago(time.Hour))), up, ready()), "Healthy"},
		{"a debug container could not be started", newPod(corev1.PodRunning, ephemeral(exited(128, "StartError", ago(time.Minute))), up, ready()), "Healthy: info DebugContainerFailed/ContainerStart on Ephemeral debug"},
		{"init restarted often long ago, the app runs since", newPod(corev1.PodRunning, initContainer("", after(exited(0, "Completed", ago(3*time.Hour)), 5, exit(1, "Error", ago(4*time.Hour)))), app(running(ago(3*time.Hour))), ready(), condition(corev1.PodInitialized, corev1.ConditionTrue, "")), "Healthy"},
		{"a phase that this version does not know", newPod("Hibernated", up, ready()), "Progressing"},
	})
}

func TestSchedulersOfAllVersionsAreUnderstood(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"no nodes available to schedule pods": "NoNodes",
		"0/4 nodes are available: 1 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn't tolerate, 3 Insufficient memory.":                                      "Resources",
		"0/3 nodes are available: 3 node(s) had taints that the pod didn't tolerate.":                                                                                                "Taint",
		"0/3 nodes are available: 3 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.": "Taint",
		"0/3 nodes are available: 3 node(s) didn't match node selector.":                                                                                                             "NodeSelector",
		"0/3 nodes are available: 3 node(s) didn't match Pod's node affinity.":                                                                                                       "NodeSelector",
		"0/3 nodes are available: 3 node(s) didn't match the requested node name.":                                                                                                   "NodeSelector",
		"0/3 nodes are available: 3 node(s) didn't match pod affinity/anti-affinity, 3 node(s) didn't satisfy existing pods anti-affinity rules.":                                    "PodAffinity",
		"0/3 nodes are available: 3 node(s) had volume node affinity conflict.":                                                                                                      "VolumeTopology",
		"0/3 nodes are available: 3 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s).":                                                                      "PVC",
		"0/3 nodes are available: 3 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod.":                               "RWOP",
		"pod has unbound PersistentVolumeClaims (repeated 3 times)":                                                                                                                  "PVC",
		`PersistentVolumeClaim is not bound: "data"`:                                                                                                                                 "PVC",
		"0/3 nodes are available: 3 node(s) had no available disk.":                                                                                                                  "VolumeInUse",
		"0/3 nodes are available: 3 node(s) were not ready.":                                                                                                                         "Taint",
		"0/3 nodes are available: 1 node(s) were out of disk space, 2 Insufficient pods.":                                                                                            "Resources",
		"0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.":             "ResourceClaim",
		`0/2 nodes are available: waiting for resourceclaim "gpu" to be created.`:                                                                                                    "ResourceClaim",
		"No nodes are available that match all of the predicates: Insufficient cpu (1), PodToleratesNodeTaints (4).":                                                                 "Taint",
		"No nodes are available that match all of the following predicates:: MatchNodeSelector (3), Insufficient memory (1).":                                                        "NodeSelector",
		"0/3 nodes are available: 3 node(s) had untolerated taint {example.com/maintenance: no-insufficient-room}.":                                                                  "Taint",
		"0/3 nodes are available: 3 node(s) didn't match Pod's required features.":                                                                                                   "NodeFeature",
		"0/5 nodes are available: 5 Insufficient example.com/taint.":                                                                                                                 "Resources",
	} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			pod := newPod(corev1.PodPending, unbound, noStatuses,
				sinceCondition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", message, ago(time.Hour)))
			v := judge(pod)
			if f := v.Primary(); f == nil || f.Cause != "Unschedulable" || f.SubCause != want {
				t.Errorf("finding = %+v, want Unschedulable/%s", f, want)
			}
			checkShape(t, v)
		})
	}
}
