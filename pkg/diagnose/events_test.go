// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// around judges pod with what was read around it.
func around(pod *corev1.Pod, rel diagnose.Related) diagnose.Verdict {
	return diagnose.Judge(projection.From(pod), rel, corpusNow(), diagnose.Defaults())
}

// normal is an event about the pod, of type Normal, last seen d ago.
func normal(d time.Duration, reason, message string) projection.Event {
	at := corpusNow().Add(-d)
	return projection.Event{Reason: reason, Message: message, Count: 1, First: at, Last: at}
}

func warned(d time.Duration, reason, message string) projection.Event {
	e := normal(d, reason, message)
	e.Warning = true
	return e
}

// on is an event about container c.
func on(c string, e projection.Event) projection.Event {
	e.Container = c
	return e
}

// since is an event that was first seen d ago and has been counted up.
func since(d time.Duration, e projection.Event) projection.Event {
	e.First, e.Count = corpusNow().Add(-d), 9
	return e
}

func events(e ...projection.Event) diagnose.Related { return diagnose.Related{Events: e} }

func blamed(f *v1alpha1.Finding) string {
	if f == nil || f.Object == nil {
		return ""
	}
	o := f.Object
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return fmt.Sprintf("%s %s/%s", o.Kind, o.Namespace, o.Name)
}

// surrounded is a row of the tables about what stands around a pod.
type surrounded struct {
	name string
	pod  *corev1.Pod
	rel  diagnose.Related
	// want is the verdict in brief, object what it blames, says a part of the
	// message.
	want, object, says string
}

func checkSurrounded(t *testing.T, pods []surrounded) {
	t.Helper()
	for _, tt := range pods {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := around(tt.pod, tt.rel)
			if got := brief(v); got != tt.want {
				t.Errorf("verdict = %q, want %q", got, tt.want)
			}
			if got := blamed(v.Primary()); got != tt.object {
				t.Errorf("object = %q, want %q", got, tt.object)
			}
			if f := v.Primary(); f != nil && !strings.Contains(f.Message, tt.says) {
				t.Errorf("message = %q, want %q in it", f.Message, tt.says)
			}
			checkShape(t, v)
		})
	}
}

func creatingFor(d time.Duration, more ...change) *corev1.Pod {
	return newPod(corev1.PodPending, append([]change{startTime(ago(d)), app(waiting("ContainerCreating", ""))}, more...)...)
}

func TestEventsSayWhyContainersAreNotCreated(t *testing.T) {
	t.Parallel()
	missing := `MountVolume.SetUp failed for volume "config" : configmap "app-config" not found`
	checkSurrounded(t, []surrounded{
		{
			"ConfigMap of a volume is missing, just created", creatingFor(time.Minute),
			events(warned(10*time.Second, "FailedMount", missing)),
			"Progressing: info Volume/Mount", "ConfigMap ns/app-config", missing,
		},
		{
			"ConfigMap of a volume is missing: an error after two minutes", creatingFor(3 * time.Minute),
			events(warned(10*time.Second, "FailedMount", missing)),
			"Failing: critical Volume/Mount on App c", "ConfigMap ns/app-config", missing,
		},
		{
			"Secret of a volume is missing", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedMount", `MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found`)),
			"Failing: critical Volume/Mount on App c", "Secret ns/web-tls", "web-tls",
		},
		{
			"key of a Secret is missing in a volume", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedMount", `MountVolume.SetUp failed for volume "tls" : references non-existent secret key: tls.key`)),
			"Failing: critical Volume/Mount on App c", "", "tls.key",
		},
		{
			"mount fails on the node", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedMount", `MountVolume.SetUp failed for volume "nfs" : mount failed: exit status 32`)),
			"Degraded: warning Volume/Mount on App c", "", "exit status 32",
		},
		{
			"mount fails on the node for ten minutes", creatingFor(10 * time.Minute),
			events(warned(time.Minute, "FailedMount", `MountVolume.SetUp failed for volume "nfs" : mount failed: exit status 32`)),
			"Failing: critical Volume/Mount on App c", "", "exit status 32",
		},
		{
			"Multi-Attach in the words before v1.37", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedAttachVolume", `Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) db-0`)),
			"Degraded: warning Volume/MultiAttach on App c", "", "db-0",
		},
		{
			"E29: Multi-Attach in the words of v1.37", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedAttachVolume", `Waiting for detach for volume "pvc-1" Volume is already exclusively attached to one node`)),
			"Degraded: warning Volume/MultiAttach on App c", "", "exclusively",
		},
		{
			"attaching fails for another reason", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedAttachVolume", `AttachVolume.Attach failed for volume "pvc-1" : rpc error: quota`)),
			"Degraded: warning Volume/Attach on App c", "", "quota",
		},
		{
			"raw block device", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedMapVolume", "MapVolume.SetUpDevice failed")),
			"Degraded: warning Volume/Map on App c", "", "SetUpDevice",
		},
		{
			"file system cannot grow", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FileSystemResizeFailed", "MountVolume.resizeFileSystem failed")),
			"Degraded: warning Volume/Resize on App c", "", "resizeFileSystem",
		},
		{
			"network plugin fails", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedCreatePodSandBox", `Failed to create pod sandbox: plugin type="calico" failed (add): connection is unauthorized: failed to setup network`)),
			"Degraded: warning Sandbox/CNI on App c", "", "calico",
		},
		{
			"no address is left", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedCreatePodSandBox", `plugin type="host-local" failed (add): failed to setup network: no IP addresses available in range set`)),
			"Degraded: warning Sandbox/IPExhausted on App c", "", "no IP addresses",
		},
		{
			"runtime handler is not configured", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedCreatePodSandBox", `no runtime for "gvisor" is configured`)),
			"Degraded: warning Sandbox/RuntimeClass on App c", "", "gvisor",
		},
		{
			"network of the node is not ready", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "NetworkNotReady", "network is not ready: cni plugin not initialized")),
			"Degraded: warning Sandbox/CNI on App c", "", "not initialized",
		},
		{
			"claimed device cannot be prepared", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FailedPrepareDynamicResources", "Failed to prepare dynamic resources: NodePrepareResources failed")),
			"Degraded: warning Device/DRA on App c", "", "NodePrepareResources",
		},
		{
			"E32: an unknown warning is shown as it stands", creatingFor(3 * time.Minute),
			events(warned(time.Minute, "FluxCapacitor", "1.21 gigawatts are missing")),
			"Degraded: warning Creating on App c", "", "FluxCapacitor: 1.21 gigawatts are missing",
		},
		{
			"a known error says more than a newer unknown warning", creatingFor(3 * time.Minute),
			events(warned(2*time.Minute, "FailedMount", missing), warned(time.Minute, "FailedSync", "error syncing")),
			"Failing: critical Volume/Mount on App c", "ConfigMap ns/app-config", missing,
		},
		{
			"what cannot be the reason is not", creatingFor(3 * time.Minute),
			events(warned(3*time.Minute, "FailedScheduling", "0/1 nodes"), warned(time.Minute, "DNSConfigForming", "too many")),
			"Degraded: warning Creating on App c", "", "being created",
		},
		{
			"E25: slow is not failed", creatingFor(3 * time.Minute),
			events(warned(170*time.Second, "FailedMount", missing), normal(time.Minute, "Pulling", `Pulling image "big:1"`)),
			"Degraded: warning Creating/Image on App c", "", `Pulling image "big:1"`,
		},
		{
			"an error before the sandbox was ready is over",
			creatingFor(3*time.Minute, condition(corev1.PodReadyToStartContainers, corev1.ConditionTrue, "")),
			events(warned(170*time.Second, "FailedMount", missing)),
			"Degraded: warning Creating/Image on App c", "", "the sandbox is ready",
		},
		{
			"an event of an earlier life of the pod explains nothing", creatingFor(3 * time.Minute),
			events(warned(time.Hour, "FailedMount", missing)),
			"Degraded: warning Creating on App c", "", "being created",
		},
		{
			"an event without a time explains nothing", creatingFor(3 * time.Minute),
			events(projection.Event{Reason: "FailedMount", Message: missing, Warning: true, Count: 1}),
			"Degraded: warning Creating on App c", "", "being created",
		},
		{
			"E19: aggregated events",
			creatingFor(3 * time.Minute), events(warned(time.Minute, "FailedMount", "(combined from similar events): "+missing)),
			"Failing: critical Volume/Mount on App c", "ConfigMap ns/app-config", missing,
		},
		{
			"a volume that was in the way does not matter to a pod that runs",
			newPod(corev1.PodRunning, app(running(ago(time.Minute))), ready()),
			events(warned(time.Minute, "FailedMount", missing)),
			"Healthy", "", "",
		},
	})
}

func TestEventsKeepTheConfidenceHonest(t *testing.T) {
	t.Parallel()
	v := around(creatingFor(3*time.Minute), events(warned(time.Minute, "FailedMount", "broken")))
	f := v.Primary()
	if f.Confidence != v1alpha1.ConfidenceMedium {
		t.Errorf("confidence of a cause that an event tells = %s, want Medium", f.Confidence)
	}
	last := f.Evidence[len(f.Evidence)-1]
	if last.Source != "Event" || last.Path != "FailedMount" || last.Value != "broken" || last.Time == nil {
		t.Errorf("evidence = %+v, want the event", last)
	}
}

// Older kubelets give the error of a pull in its event only while they back off.
func TestWhyAPullFailedWhileTheKubeletBacksOff(t *testing.T) {
	t.Parallel()
	const image = "ghcr.io/acme/app:1"
	held := func(reason, message string) *corev1.Pod {
		return newPod(corev1.PodPending, startTime(ago(5*time.Minute)), func(p *corev1.Pod) { p.Spec.Containers[0].Image = image }, app(waiting(reason, message)))
	}
	backOff := held("ImagePullBackOff", `Back-off pulling image "`+image+`"`)
	failed := func(d time.Duration, text string) projection.Event {
		return on("c", warned(d, "Failed", `Failed to pull image "`+image+`": rpc error: code = Unknown desc = `+text))
	}
	other := failed(time.Minute, "manifest unknown")
	other.Container = "other"
	again := on("c", warned(time.Second, "Failed", "Error: ImagePullBackOff"))
	secret := warned(time.Minute, "FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.")
	const unknown = "Failing: critical ImagePull on App c"
	checkSurrounded(t, []surrounded{
		{"no event", backOff, diagnose.Related{}, unknown, "", "Back-off pulling image"},
		{"there is no such tag", backOff, events(failed(time.Minute, "manifest unknown"), again), "Failing: critical ImagePull/NotFound on App c", "", "manifest unknown"},
		{"the registry is to blame", backOff, events(failed(time.Minute, "dial tcp: i/o timeout"), again), "Failing: critical ImagePull/Network on App c", "Registry ghcr.io", "i/o timeout"},
		{"the newest error counts", backOff, events(failed(2*time.Minute, "dial tcp: i/o timeout"), failed(time.Minute, "manifest unknown")), "Failing: critical ImagePull/NotFound on App c", "", "manifest unknown"},
		{"an error that nobody knows", backOff, events(failed(time.Minute, "out of luck")), unknown, "", "out of luck"},
		{"no message at all", held("ErrImagePull", ""), events(failed(time.Minute, "manifest unknown")), "Failing: critical ImagePull/NotFound on App c", "", "manifest unknown"},
		{"a missing tag is not the secret's fault", backOff, events(secret, failed(time.Minute, "manifest unknown")), "Failing: critical ImagePull/NotFound on App c", "", "manifest unknown"},
		{"another container", backOff, events(other), unknown, "", "Back-off pulling image"},
		{"before the pod was started again", backOff, events(failed(10*time.Minute, "manifest unknown")), unknown, "", "Back-off pulling image"},
		{
			"what the status says comes first", held("ImagePullBackOff", `Back-off pulling image "`+image+`": ErrImagePull: no space left on device`),
			events(failed(time.Minute, "manifest unknown")), "Failing: critical ImagePull/NodeDisk on App c", "", "no space left",
		},
	})
}

func TestPullSecretThatCannotBeRead(t *testing.T) {
	t.Parallel()
	denied := newPod(corev1.PodPending, func(p *corev1.Pod) { p.Spec.Containers[0].Image = "ghcr.io/acme/app:1" },
		app(waiting("ImagePullBackOff", `Back-off pulling image "ghcr.io/acme/app:1": ErrImagePull: unauthorized`)))
	secret := warned(time.Minute, "FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.")
	secrets := secret
	secrets.Message = strings.Replace(secret.Message, "regcred", "regcred, other", 1)
	checkSurrounded(t, []surrounded{
		{"without the event the registry refuses", denied, diagnose.Related{}, "Failing: critical ImagePull/Auth on App c", "Registry ghcr.io", "unauthorized"},
		{"the secret is missing", denied, events(secret), "Failing: critical ImagePull/SecretMissing on App c", "Secret ns/regcred", "pull secret regcred cannot be read"},
		{"several are missing: none is blamed alone", denied, events(secrets), "Failing: critical ImagePull/SecretMissing on App c", "", "regcred, other"},
		{
			"a tag that is not there is not the secret's fault",
			newPod(corev1.PodPending, app(waiting("ErrImagePull", "app:9: not found"))), events(secret),
			"Failing: critical ImagePull/NotFound on App c", "", "not found",
		},
	})
}
