// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// A capture says what the cluster says that it was taken from, whoever took it
// and however it is packed.
func TestACaptureGivesTheReportOfItsCluster(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	s := site{t: t, server: server, namespace: server.Namespace(t)}
	s.populate()
	now := time.Now().UTC().Add(time.Minute).Format(time.RFC3339)
	want := s.report("--kubeconfig", server.Kubeconfig(), "--now", now)
	if len(want.Groups) < 20 || len(want.Limitations) > 0 {
		t.Fatalf("the live report has %d groups and %d limitations, want at least 20 and none", len(want.Groups), len(want.Limitations))
	}
	// Nodes that somebody has picked are not known to be all.
	some, dumped := []string{"nodes"}, []string{"jobs", "persistentvolumeclaims", "statefulsets"}
	captures := map[string]struct {
		path, source string
		unread       []string
	}{
		"pods alone":                  {s.get("json", "pods"), "File", []string{"daemonsets", "events", "jobs", "nodes", "persistentvolumeclaims", "replicasets", "statefulsets"}},
		"kubectl get -o json":         {s.get("json", around), "File", some},
		"kubectl get -o yaml":         {s.get("yaml", around), "File", some},
		"events of the newer API":     {s.get("json", "events.events.k8s.io,"+around), "File", some},
		"cluster-info dump":           {s.dump("json"), "ClusterInfoDump", dumped},
		"cluster-info dump as YAML":   {s.dump("yaml"), "ClusterInfoDump", dumped},
		"cluster-info dump, streamed": {s.dumpStream("json"), "ClusterInfoDump", dumped},
		"the same in YAML":            {s.dumpStream("yaml"), "ClusterInfoDump", dumped},
		"must-gather":                 {s.mustGather(), "MustGather", some},
		"support bundle":              {s.supportBundle(), "SupportBundle", nil},
	}
	for name, tt := range captures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			paths := map[string]string{"as it is": tt.path}
			if info, err := os.Stat(tt.path); err == nil && info.IsDir() {
				paths["as an archive"] = pack(t, tt.path)
			}
			for form, path := range paths {
				s := s
				s.t = t
				got := s.report("-f", path, "--now", now)
				if got.Source.Type != tt.source {
					t.Errorf("%s: source %s, want %s", form, got.Source.Type, tt.source)
				}
				var unread []string
				for _, l := range got.Limitations {
					if l.Reason != "Offline" {
						t.Errorf("%s: limitation %+v", form, l)
					}
					unread = append(unread, l.Resource)
				}
				if diff := cmp.Diff(tt.unread, unread); diff != "" {
					t.Errorf("%s: limitations (-want +got):\n%s", form, diff)
				}
				if diff := cmp.Diff(declared(want.Groups, unread), declared(got.Groups, unread)); diff != "" {
					t.Errorf("%s: groups (-live +capture):\n%s", form, diff)
				}
				if diff := cmp.Diff(want.Summary.Pods, got.Summary.Pods); diff != "" {
					t.Errorf("%s: pods (-live +capture):\n%s", form, diff)
				}
			}
		})
	}
}

// declared are the groups that do not depend on what was not read: workloads by
// their kind, causes by their category. What several of them share depends on
// each of them.
func declared(groups []v1alpha1.Group, unread []string) []v1alpha1.Group {
	kinds := map[string][]string{
		"jobs": {"Job", "CronJob"}, "replicasets": {"ReplicaSet", "Deployment"}, "statefulsets": {"StatefulSet"}, "daemonsets": {"DaemonSet"},
	}
	categories := map[string][]string{"nodes": {"Node", "Deletion"}, "persistentvolumeclaims": {"Scheduling"}, "events": {"Creation"}}
	roots := []string{"Node", "Registry", "PersistentVolumeClaim"}
	return slices.DeleteFunc(slices.Clone(groups), func(g v1alpha1.Group) bool {
		return len(unread) > 0 && slices.Contains(roots, g.Workload.Kind) || slices.ContainsFunc(unread, func(plural string) bool {
			return slices.Contains(kinds[plural], g.Workload.Kind) || slices.Contains(categories[plural], g.Category)
		})
	})
}

// around are the resources that a verdict looks at.
const around = "pods,events,nodes,persistentvolumeclaims,replicasets,deployments,statefulsets,daemonsets,jobs"

// site is a namespace of a real cluster in which much is wrong.
type site struct {
	t         *testing.T
	server    *controlplane.Server
	namespace string
}

// populate makes the pods of the corpus with their nodes and owners, and events
// of both APIs about them.
func (s site) populate() {
	paths, err := filepath.Glob("../../testdata/corpus/*.yaml")
	s.check(err)
	for _, path := range paths {
		f, err := os.Open(path)
		s.check(err)
		pods, err := controlplane.ReadPods(f)
		s.check(errors.Join(err, f.Close()))
		for _, pod := range pods {
			pod.Namespace = s.namespace
			s.node(pod.Spec.NodeName)
			for i := range pod.OwnerReferences {
				s.owner(&pod.OwnerReferences[i], pod.Labels["pod-template-hash"])
			}
			live, err := s.server.CreatePod(s.t.Context(), pod)
			s.check(err)
			s.events(live)
		}
	}
	s.waiting()
	claims := s.server.Client().CoreV1().PersistentVolumeClaims(s.namespace)
	_, err = claims.Create(s.t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}, metav1.CreateOptions{})
	s.check(err)
}

// waiting makes a pod that waits for its claim, of a ReplicaSet whose name does
// not tell its Deployment.
func (s site) waiting() {
	s.t.Helper()
	since := metav1.NewTime(time.Now().Add(-time.Hour))
	ref := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "odd", Controller: new(true)}
	s.owner(&ref, "none")
	_, err := s.server.CreatePod(s.t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "waiting", Namespace: s.namespace, OwnerReferences: []metav1.OwnerReference{ref}},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "c", Image: "i"}},
			Volumes: []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
			}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, LastTransitionTime: since,
			Message: "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
		}}},
	})
	s.check(err)
}

func (s site) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s site) node(name string) {
	s.t.Helper()
	if name == "" {
		return
	}
	nodes := s.server.Client().CoreV1().Nodes()
	_, err := nodes.Create(s.t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{
			Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastTransitionTime: metav1.NewTime(time.Now().Add(-time.Hour)),
		}}},
	}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		s.check(err)
	}
}

// owner makes the owner of a pod, and the owner's own, and puts its UID into the
// reference. Names that do not tell the Deployment are left as they are.
func (s site) owner(ref *metav1.OwnerReference, hash string) {
	s.t.Helper()
	meta := metav1.ObjectMeta{Name: ref.Name, Namespace: s.namespace}
	labels := map[string]string{"of": ref.Name}
	template := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{RestartPolicy: corev1.RestartPolicyAlways, Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
	ctx, client := s.t.Context(), s.server.Client()
	switch ref.Kind {
	case "ReplicaSet":
		of := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: strings.TrimSuffix(ref.Name, "-"+hash), Controller: new(true)}
		deployment, err := client.AppsV1().Deployments(s.namespace).Create(ctx, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: of.Name}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
		}, metav1.CreateOptions{})
		s.check(err)
		of.UID = deployment.UID
		meta.OwnerReferences = []metav1.OwnerReference{of}
		made, err := client.AppsV1().ReplicaSets(s.namespace).Create(ctx, &appsv1.ReplicaSet{
			ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
		}, metav1.CreateOptions{})
		s.check(err)
		ref.UID = made.UID
	case "StatefulSet":
		made, err := client.AppsV1().StatefulSets(s.namespace).Create(ctx, &appsv1.StatefulSet{
			ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
		}, metav1.CreateOptions{})
		s.check(err)
		ref.UID = made.UID
	case "DaemonSet":
		made, err := client.AppsV1().DaemonSets(s.namespace).Create(ctx, &appsv1.DaemonSet{
			ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
		}, metav1.CreateOptions{})
		s.check(err)
		ref.UID = made.UID
	case "Job":
		meta.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "CronJob", Name: "of-" + ref.Name, UID: "of-" + types.UID(ref.Name), Controller: new(true)}}
		template.ObjectMeta, template.Spec.RestartPolicy = metav1.ObjectMeta{}, corev1.RestartPolicyNever
		made, err := client.BatchV1().Jobs(s.namespace).Create(ctx, &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{Template: template}}, metav1.CreateOptions{})
		s.check(err)
		ref.UID = made.UID
	}
}

// events makes an event of each API about a pod.
func (s site) events(pod *corev1.Pod) {
	s.t.Helper()
	about := corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
	now := metav1.Now()
	_, err := s.server.Client().CoreV1().Events(s.namespace).Create(s.t.Context(), &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: pod.Name + ".core", Namespace: s.namespace},
		InvolvedObject: about, Reason: "Pulled", Message: "pulled", Type: corev1.EventTypeNormal, FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}, metav1.CreateOptions{})
	s.check(err)
	_, err = s.server.Client().EventsV1().Events(s.namespace).Create(s.t.Context(), &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: pod.Name + ".new", Namespace: s.namespace},
		EventTime:  metav1.NowMicro(), ReportingController: "test", ReportingInstance: "test", Action: "Test",
		Regarding: about, Reason: "Started", Note: "started", Type: corev1.EventTypeNormal,
	}, metav1.CreateOptions{})
	s.check(err)
}

// report runs report on the namespace.
func (s site) report(args ...string) *v1alpha1.PodReport {
	s.t.Helper()
	stdout, stderr, code := run(s.t, append([]string{"report", "-n", s.namespace, "-o", "json"}, args...)...)
	r := &v1alpha1.PodReport{}
	if err := json.Unmarshal([]byte(stdout), r); err != nil || code != 0 {
		s.t.Fatalf("report %v: exit %d, %v, stderr %s", args, code, err, stderr)
	}
	return r
}

func (s site) kubectl(args ...string) []byte {
	s.t.Helper()
	path, err := controlplane.Binary("kubectl")
	s.check(err)
	c := exec.CommandContext(s.t.Context(), path, append([]string{"--kubeconfig", s.server.Kubeconfig()}, args...)...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		s.t.Fatalf("kubectl %v: %v: %s", args, err, &stderr)
	}
	return out
}

func (s site) write(path string, data []byte) string {
	s.t.Helper()
	s.check(os.MkdirAll(filepath.Dir(path), 0o700))
	s.check(os.WriteFile(path, data, 0o600))
	return path
}

// get is what kubectl get prints, in a file.
func (s site) get(format, resources string) string {
	s.t.Helper()
	return s.write(filepath.Join(s.t.TempDir(), "capture"), s.kubectl("get", resources, "-n", s.namespace, "-o", format))
}

func (s site) dump(format string) string {
	s.t.Helper()
	dir := s.t.TempDir()
	s.kubectl("cluster-info", "dump", "-o", format, "--namespaces", s.namespace, "--output-directory", dir)
	return dir
}

func (s site) dumpStream(format string) string {
	s.t.Helper()
	return s.write(filepath.Join(s.t.TempDir(), "dump"), s.kubectl("cluster-info", "dump", "-o", format, "--namespaces", s.namespace))
}

// mustGather lays out what oc adm must-gather would write.
func (s site) mustGather() string {
	s.t.Helper()
	dir := s.t.TempDir()
	inside := filepath.Join(dir, "quay-io-openshift-release-dev", "namespaces", s.namespace)
	for _, path := range []string{"core/pods", "core/events", "core/persistentvolumeclaims", "apps/replicasets", "apps/deployments", "apps/statefulsets", "apps/daemonsets", "batch/jobs"} {
		s.write(filepath.Join(inside, path+".yaml"), s.kubectl("get", filepath.Base(path), "-n", s.namespace, "-o", "yaml"))
	}
	for _, pod := range strings.Fields(string(s.kubectl("get", "pods", "-n", s.namespace, "-o", "jsonpath={.items[*].metadata.name}")))[:5] {
		s.write(filepath.Join(inside, "pods", pod, pod+".yaml"), s.kubectl("get", "pod", pod, "-n", s.namespace, "-o", "yaml"))
	}
	for node := range strings.FieldsSeq(string(s.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"))) {
		s.write(filepath.Join(dir, "quay-io-openshift-release-dev", "cluster-scoped-resources", "core", "nodes", node+".yaml"), s.kubectl("get", "node", node, "-o", "yaml"))
	}
	return dir
}

// supportBundle lays out what troubleshoot would write: typed lists, and events
// as a bare array.
func (s site) supportBundle() string {
	s.t.Helper()
	dir := s.t.TempDir()
	inside := filepath.Join(dir, "support-bundle", "cluster-resources")
	for name, path := range map[string]string{
		"pods": "api/v1", "pvcs": "api/v1", "replicasets": "apis/apps/v1", "deployments": "apis/apps/v1", "statefulsets": "apis/apps/v1", "daemonsets": "apis/apps/v1",
		"jobs": "apis/batch/v1",
	} {
		plural := strings.ReplaceAll(name, "pvcs", "persistentvolumeclaims")
		s.write(filepath.Join(inside, name, s.namespace+".json"), s.kubectl("get", "--raw", "/"+path+"/namespaces/"+s.namespace+"/"+plural))
	}
	s.write(filepath.Join(inside, "nodes.json"), s.kubectl("get", "--raw", "/api/v1/nodes"))
	var events struct {
		Items json.RawMessage `json:"items"`
	}
	s.check(json.Unmarshal(s.kubectl("get", "--raw", "/apis/events.k8s.io/v1/namespaces/"+s.namespace+"/events"), &events))
	s.write(filepath.Join(inside, "events", s.namespace+".json"), events.Items)
	return dir
}

// pack makes a .tar.gz of a directory.
func pack(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture.bin")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close(), z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}
