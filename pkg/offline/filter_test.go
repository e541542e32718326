// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/offline"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	pods := map[string]*corev1.Pod{
		"web": {
			ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Labels: map[string]string{"app": "web", "tier": "front"}},
			Spec:       corev1.PodSpec{NodeName: "n1", RestartPolicy: "Always", SchedulerName: "default-scheduler", ServiceAccountName: "default"},
			Status:     corev1.PodStatus{Phase: "Running", PodIP: "10.0.0.9", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}}},
		},
		"job": {
			ObjectMeta: metav1.ObjectMeta{Name: "job", Namespace: "batch", Labels: map[string]string{"app": "job"}},
			Spec:       corev1.PodSpec{HostNetwork: true, RestartPolicy: "Never"},
			Status:     corev1.PodStatus{Phase: "Pending", PodIP: "10.0.0.2", NominatedNodeName: "n2"},
		},
		"bare": {},
	}
	tests := map[string]struct {
		labels, fields string
		namespaces     []string
		want           []string
	}{
		"nothing asked":               {"", "", nil, []string{"bare", "job", "web"}},
		"equal label":                 {"app=web", "", nil, []string{"web"}},
		"label not there":             {"!app", "", nil, []string{"bare"}},
		"set of labels":               {"app in (web,job),tier!=front", "", nil, []string{"job"}},
		"namespaces":                  {"", "", []string{"shop", "batch"}, []string{"job", "web"}},
		"name":                        {"", "metadata.name=web", nil, []string{"web"}},
		"namespace field":             {"", "metadata.namespace==batch", nil, []string{"job"}},
		"node":                        {"", "spec.nodeName=n1", nil, []string{"web"}},
		"no node":                     {"", "spec.nodeName=", nil, []string{"bare", "job"}},
		"phase not equal":             {"", "status.phase!=Running,spec.restartPolicy=Never", nil, []string{"job"}},
		"first of the IPs":            {"", "status.podIP=10.0.0.1", nil, []string{"web"}},
		"single IP of an old capture": {"", "status.podIP=10.0.0.2", nil, []string{"job"}},
		"host network":                {"", "spec.hostNetwork=true", nil, []string{"job"}},
		"the rest":                    {"", "spec.schedulerName=default-scheduler,spec.serviceAccountName=default,status.nominatedNodeName=", nil, []string{"web"}},
		"nominated":                   {"", "status.nominatedNodeName=n2", nil, []string{"job"}},
		"all at once":                 {"app=web", "spec.nodeName=n1", []string{"batch"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			filter, err := offline.NewFilter(tt.labels, tt.fields, tt.namespaces)
			if err != nil {
				t.Fatalf("NewFilter: %v", err)
			}
			got := slices.DeleteFunc(slices.Sorted(maps.Keys(pods)), func(name string) bool { return !filter.Matches(pods[name]) })
			if diff := cmp.Diff(tt.want, got, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("pods (-want +got):\n%s", diff)
			}
		})
	}
	if zero := (offline.Filter{}); !zero.Matches(pods["bare"]) {
		t.Error("the zero filter must select all")
	}
}

func TestNewFilterRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ labels, fields, want string }{
		"a broken label selector": {"a in", "", `label selector "a in": unable to parse requirement: found '' expected: '('`},
		"a broken field selector": {"", "status.phase", `field selector "status.phase": invalid selector: 'status.phase'; can't understand 'status.phase'`},
		"a field that no server knows": {"", "status.qosClass=Burstable", `field selector "status.qosClass=Burstable": pods cannot be selected by "status.qosClass", only by ` +
			"metadata.name, metadata.namespace, spec.hostNetwork, spec.nodeName, spec.restartPolicy, spec.schedulerName, " +
			"spec.serviceAccountName, status.nominatedNodeName, status.phase, status.podIP"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := offline.NewFilter(tt.labels, tt.fields, nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error = %v\nwant    %s", err, tt.want)
			}
		})
	}
}
