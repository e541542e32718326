// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestMessagesSayWhatAnEngineerNeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		pod  *corev1.Pod
		want string
	}{
		{
			"OOM loop names the limit",
			newPod(corev1.PodRunning, memoryLimit("256Mi"), app(after(waiting("CrashLoopBackOff", ""), 9, exit(137, "OOMKilled", ago(time.Minute))))),
			"out of memory: exit 137 (SIGKILL), memory limit 256Mi",
		},
		{
			"R7: 10 restarts are not yet too many",
			newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 10, exit(1, "Error", ago(time.Minute))))),
			"exit 1",
		},
		{
			"R7: more than 10 restarts need manual investigation",
			newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 11, exit(1, "Error", ago(time.Minute))))),
			"exit 1, needs manual investigation",
		},
		{
			"the container's last words",
			newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 1, withMessage(exit(2, "Error", ago(time.Minute)), "\npanic: no config\ngoroutine 1")))),
			"exit 2: panic: no config",
		},
		{
			"credentials in the last words",
			newPod(corev1.PodRunning, app(after(waiting("CrashLoopBackOff", ""), 1, withMessage(exit(2, "Error", ago(time.Minute)), "dial postgres://app:s3cret@db")))),
			"exit 2: dial postgres://[REDACTED]@db",
		},
		{
			"Windows exit codes are hexadecimal",
			newPod(corev1.PodFailed, app(exited(-1073741819, "Error", ago(time.Minute)))),
			"exit 0xc0000005",
		},
		{
			"a failing pull reads the same in both of its moments (back-off)",
			newPod(corev1.PodPending, app(waiting("ImagePullBackOff", `Back-off pulling image "a/b:1": ErrImagePull: a/b:1: not found`))),
			"a/b:1: not found",
		},
		{
			"a failing pull reads the same in both of its moments (error)",
			newPod(corev1.PodPending, app(waiting("ErrImagePull", `a/b:1: not found`))),
			"a/b:1: not found",
		},
		{
			"a message of several lines",
			newPod(corev1.PodPending, app(waiting("CreateContainerError", "first\nsecond\x1b[31m"))),
			"first | second[31m",
		},
		{
			"the name of the finalizer",
			newPod(corev1.PodFailed, deleted(ago(time.Hour), "example.com/x", "foregroundDeletion")),
			"the containers are gone, finalizer example.com/x, foregroundDeletion holds the pod",
		},
		{
			"the name of the readiness gate",
			newPod(corev1.PodRunning, app(running(ago(time.Hour))), gate("target-health.example.com/tg"),
				condition(corev1.PodReady, corev1.ConditionFalse, "ReadinessGatesNotReady"),
				sinceCondition("target-health.example.com/tg", corev1.ConditionFalse, "Draining", "going down", ago(time.Minute))),
			"readiness gate target-health.example.com/tg is False: Draining: going down",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := judge(tt.pod).Primary()
			if f == nil || f.Message != tt.want {
				t.Errorf("finding = %+v, want message %q", f, tt.want)
			}
		})
	}
}

func TestSubCausesFromTheServersWords(t *testing.T) {
	t.Parallel()
	type words struct{ message, want string }
	for reason, cases := range map[string][]words{
		"ErrImagePull": {
			{`failed to resolve reference "docker.io/a/b:1": docker.io/a/b:1: not found`, "NotFound"},
			{`manifest for a/b:1 not found: manifest unknown`, "NotFound"},
			{`failed to pull and unpack image: no match for platform in manifest: not found`, "Platform"},
			{`pull access denied, repository does not exist or may require authorization: insufficient_scope`, "Auth"},
			{`unexpected status from HEAD request to https://r/v2/a: 401 Unauthorized`, "Auth"},
			{`unexpected status from GET request to https://r/v2/a/sha256:c401: 429 Too Many Requests`, "RateLimit"},
			{`dial tcp: lookup registry.example.com: no such host`, "Network"},
			{`net/http: TLS handshake timeout: dial tcp 10.0.0.1:443: i/o timeout`, "Network"},
			{`tls: failed to verify certificate: x509: certificate signed by unknown authority`, "TLS"},
			{`write /var/lib/containerd/x: no space left on device`, "NodeDisk"},
			{`short-name "b" did not resolve to an alias`, "ShortName"},
			{`image digest sha256:401403429aa is odd`, ""},
		},
		"CreateContainerConfigError": {
			{`configmap "settings" not found`, "ConfigMapNotFound"},
			{`secret "db" not found`, "SecretNotFound"},
			{`couldn't find key network in Secret kube-system/cloud-api`, "KeyMissing"},
			{`container has runAsNonRoot and image will run as root`, "RunAsNonRoot"},
			{`failed to prepare subPath for volumeMount "x" of container "c"`, "SubPath"},
			{`something else`, ""},
		},
		"RunContainerError": {
			{`exec: "serve": executable file not found in $PATH: unknown`, "EntrypointMissing"},
			{`exec: "/start.sh": permission denied: unknown`, "EntrypointPerm"},
			{`exec /start: exec format error`, "WrongArch"},
			{`error setting seccomp profile`, "Security"},
			{`error setting cgroup config`, "Node"},
		},
		"CreateContainerError": {{`ImageVolumeMountFailed: x`, "ImageVolume"}, {`name is reserved`, ""}},
	} {
		for _, tt := range cases {
			t.Run(reason+" "+tt.message, func(t *testing.T) {
				t.Parallel()
				f := judge(newPod(corev1.PodPending, app(waiting(reason, tt.message)))).Primary()
				if f == nil || f.SubCause != tt.want {
					t.Errorf("finding = %+v, want sub-cause %q", f, tt.want)
				}
			})
		}
	}
}

func TestUnschedulableSubCauseIsWhatRulesOutMostNodes(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"0/5 nodes are available: 2 node(s) had untolerated taint(s), 3 Insufficient cpu. preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.": "Resources",
		"0/5 nodes are available: 3 node(s) had untolerated taint(s), 2 Insufficient memory.":                                                                               "Taint",
		"0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Too many pods.":                                              "Resources",
		"0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.":                                                                                     "NodeSelector",
		"0/3 nodes are available: 3 node(s) were unschedulable.":                                                                                                            "Cordoned",
		"0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports.":                                                                            "HostPort",
		"0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.":                                                                                  "Spread",
		"0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.":                                                                                          "PodAffinity",
		"0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.":                                                                              "PodAffinity",
		"0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found":                                                                              "PVC",
		`0/3 nodes are available: persistentvolumeclaim "data" not found.`:                                                                                                  "PVC",
		"0/3 nodes are available: 3 node(s) didn't match PersistentVolume's node affinity.":                                                                                 "VolumeTopology",
		"0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 3 node(s) exceed max volume count.":                                                                        "VolumeLimit",
		"0/3 nodes are available: 3 something that nobody has seen before.":                                                                                                 "",
		"": "",
	} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			pod := newPod(corev1.PodPending, unbound, noStatuses,
				sinceCondition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", message, ago(time.Hour)))
			if f := judge(pod).Primary(); f == nil || f.Cause != "Unschedulable" || f.SubCause != want {
				t.Errorf("finding = %+v, want Unschedulable/%s", f, want)
			}
		})
	}
}
