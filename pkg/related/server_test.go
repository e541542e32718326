// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// clientOf returns a client of the administrator of s.
func clientOf(t *testing.T, s *controlplane.Server) related.Client {
	t.Helper()
	c, err := related.NewClient(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The API server knows the field selectors that Read relies on, and speaks
// protobuf with the kinds that it reads.
func TestReadOnARealServer(t *testing.T) {
	t.Parallel()
	s := controlplane.Shared(t)
	ns := s.Namespace(t)
	create := metav1.CreateOptions{}
	for name, e := range map[string]corev1.Event{
		"killing":   {Type: "Normal", Reason: "Killing", InvolvedObject: corev1.ObjectReference{Kind: "Pod", UID: "uid-web"}},
		"scheduled": {Type: "Warning", Reason: "FailedScheduling", EventTime: metav1.MicroTime{Time: time.Now()}, InvolvedObject: corev1.ObjectReference{Kind: "Pod", UID: "uid-web"}},
		"healthy":   {Type: "Warning", Reason: "Unhealthy", InvolvedObject: corev1.ObjectReference{Kind: "Pod", UID: "uid-of-another"}},
		"scaled":    {Type: "Normal", Reason: "ScalingReplicaSet", InvolvedObject: corev1.ObjectReference{Kind: "Deployment", UID: "uid-d"}},
	} {
		e.Name, e.Namespace, e.InvolvedObject.Namespace = name, ns, ns
		e.Action, e.ReportingController, e.ReportingInstance = "Test", "example.com/test", "test"
		if _, err := s.Client().CoreV1().Events(ns).Create(t.Context(), &e, create); err != nil {
			t.Fatal(err)
		}
	}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}}
	if _, err := s.Client().CoreV1().PersistentVolumeClaims(ns).Create(t.Context(), claim, create); err != nil {
		t.Fatal(err)
	}

	p := &projection.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web", DeletionTimestamp: &metav1.Time{}}, EventUID: "uid-web", Waits: &projection.Waits{Claims: []string{"data", "gone"}}}
	need := related.Need{Search: related.Search{Namespaces: []string{ns}}}
	need.Add(p, diagnose.Verdict{Findings: []v1alpha1.Finding{{Category: "Scheduling", Severity: v1alpha1.SeverityCritical}}})
	index, limitations := related.Read(t.Context(), clientOf(t, s), need, related.Policy{})
	if len(limitations) != 0 {
		t.Errorf("limitations = %v, want none", told(limitations))
	}
	got := index.Of(p)
	var reasons []string
	for _, e := range got.Events {
		reasons = append(reasons, e.Reason)
		if e.Last.IsZero() {
			t.Errorf("event %s has no time", e.Reason)
		}
	}
	if len(reasons) != 2 {
		t.Errorf("events = %v, want Killing and FailedScheduling", reasons)
	}
	if len(got.Claims) != 2 || got.Claims[0].Phase != corev1.ClaimPending || !got.Claims[1].Missing {
		t.Errorf("claims = %+v, want data pending and gone missing", got.Claims)
	}
	if got.NamespaceTerminating {
		t.Error("the namespace is not being deleted")
	}
}

// Workloads whose pods the API server refuses leave no pod behind, and must be
// found all the same.
func TestWorkloadsWithoutAPodOnARealServer(t *testing.T) {
	t.Parallel()
	s := controlplane.New(t, controlplane.Options{Controllers: true, ServiceAccounts: true})
	create := metav1.CreateOptions{}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}
	if _, err := s.Client().CoreV1().Nodes().Create(t.Context(), node, create); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		block   func(*testing.T, *controlplane.Server, string)
		account string
		want    string
	}{
		"quota":                   {noPodsByQuota, "", "exceeded quota"},
		"admission policy":        {noPodsByPolicy, "", "no pods today"},
		"pod security":            {noPodsBySecurity, "", "violates PodSecurity"},
		"missing service account": {func(*testing.T, *controlplane.Server, string) {}, "missing", "error looking up service account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := s.Namespace(t)
			tt.block(t, s, ns)
			makeWorkloads(t, s, ns, tt.account)
			awaitFailedCreate(t, s, ns, tt.want, 4)

			all := related.Need{Search: related.Search{Namespaces: []string{ns}}}
			index, limitations := related.Read(t.Context(), clientOf(t, s), all, related.Policy{})
			if len(limitations) != 0 {
				t.Errorf("limitations = %v, want none", told(limitations))
			}
			kinds := []string{}
			for _, o := range index.Blocked() {
				kinds = append(kinds, o.Kind)
				if events := index.Events(o.UID); len(events) == 0 || !strings.Contains(events[len(events)-1].Message, tt.want) {
					t.Errorf("%s %s: events = %v, want %q", o.Kind, o.Name, events, tt.want)
				}
			}
			if diff := cmp.Diff([]string{"DaemonSet", "Job", "ReplicaSet", "StatefulSet"}, kinds); diff != "" {
				t.Errorf("blocked (-want +got):\n%s", diff)
			}
			if owners := index.Owners(); len(owners) != 5 || owners[1].Kind != "Deployment" {
				t.Errorf("owners = %v, want the Deployment, too", names(owners))
			}

			one := all
			one.Search.Selector = labels.SelectorFromSet(labels.Set{"app": "job"})
			index, _ = related.Read(t.Context(), clientOf(t, s), one, related.Policy{})
			if diff := cmp.Diff([]string{"Job/job"}, names(index.Owners())); diff != "" {
				t.Errorf("by label (-want +got):\n%s", diff)
			}
		})
	}
}

func noPodsByQuota(t *testing.T, s *controlplane.Server, ns string) {
	t.Helper()
	if err := s.RefusePods(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
}

func noPodsByPolicy(t *testing.T, s *controlplane.Server, ns string) {
	t.Helper()
	create := metav1.CreateOptions{}
	api := s.Client().AdmissionregistrationV1()
	_, err := api.ValidatingAdmissionPolicies().Create(t.Context(), &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: ns},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: ns}},
				ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Create},
					Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
				}}},
			},
			Validations: []admissionv1.Validation{{Expression: "false", Message: "no pods today"}},
		},
	}, create)
	if err != nil {
		t.Fatal(err)
	}
	_, err = api.ValidatingAdmissionPolicyBindings().Create(t.Context(), &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: ns},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: ns, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}, create)
	if err != nil {
		t.Fatal(err)
	}
	awaitRefusal(t, s, ns, "no pods today")
}

func noPodsBySecurity(t *testing.T, s *controlplane.Server, ns string) {
	t.Helper()
	patch := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`)
	if _, err := s.Client().CoreV1().Namespaces().Patch(t.Context(), ns, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitRefusal(t, s, ns, "violates PodSecurity")
}

// awaitRefusal waits until the API server, which reads policies from a cache,
// refuses pods for the given reason.
func awaitRefusal(t *testing.T, s *controlplane.Server, ns, reason string) {
	t.Helper()
	await(t, "pods are still accepted", func(ctx context.Context) (bool, error) {
		_, err := s.Client().CoreV1().Pods(ns).Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: template("probe", "").Spec,
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err != nil && strings.Contains(err.Error(), reason), nil
	})
}

// awaitFailedCreate waits until owners of n kinds have failed for the given reason.
func awaitFailedCreate(t *testing.T, s *controlplane.Server, ns, reason string, n int) {
	t.Helper()
	failed := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("reason", "FailedCreate").String()}
	await(t, "not every workload has failed to create a pod", func(ctx context.Context) (bool, error) {
		list, err := s.Client().CoreV1().Events(ns).List(ctx, failed)
		if err != nil {
			return false, err
		}
		kinds := map[string]bool{}
		for i := range list.Items {
			if strings.Contains(list.Items[i].Message, reason) {
				kinds[list.Items[i].InvolvedObject.Kind] = true
			}
		}
		return len(kinds) == n, nil
	})
}

func await(t *testing.T, otherwise string, done func(context.Context) (bool, error)) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 2*time.Minute, true, done); err != nil {
		t.Fatalf("%s: %v", otherwise, err)
	}
}

func template(app, account string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
		Spec:       corev1.PodSpec{ServiceAccountName: account, Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}}},
	}
}

func makeWorkloads(t *testing.T, s *controlplane.Server, ns, account string) {
	t.Helper()
	create := metav1.CreateOptions{}
	selector := func(app string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
	}
	apps := s.Client().AppsV1()
	_, err := apps.Deployments(ns).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "deploy"},
		Spec:       appsv1.DeploymentSpec{Selector: selector("deploy"), Template: template("deploy", account)},
	}, create)
	if err == nil {
		_, err = apps.StatefulSets(ns).Create(t.Context(), &appsv1.StatefulSet{
			ObjectMeta: metav1.ObjectMeta{Name: "sts"},
			Spec:       appsv1.StatefulSetSpec{Selector: selector("sts"), Template: template("sts", account)},
		}, create)
	}
	if err == nil {
		_, err = apps.DaemonSets(ns).Create(t.Context(), &appsv1.DaemonSet{
			ObjectMeta: metav1.ObjectMeta{Name: "ds"},
			Spec:       appsv1.DaemonSetSpec{Selector: selector("ds"), Template: template("ds", account)},
		}, create)
	}
	if err == nil {
		job := template("job", account)
		job.Spec.RestartPolicy = corev1.RestartPolicyNever
		_, err = s.Client().BatchV1().Jobs(ns).Create(t.Context(), &batchv1.Job{
			ObjectMeta: metav1.ObjectMeta{Name: "job"}, Spec: batchv1.JobSpec{Template: job},
		}, create)
	}
	if err != nil {
		t.Fatal(err)
	}
}
