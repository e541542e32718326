// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// listPods asks for the pods of a namespace, or of all, with a kubeconfig.
func listPods(t *testing.T, kubeconfig, namespace string) error {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	return err
}

func TestUser_MayDoExactlyWhatWasGranted(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	mine, other := s.Namespace(t), s.Namespace(t)
	read := []rbacv1.PolicyRule{{
		APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"},
	}}
	must := func(kubeconfig string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return kubeconfig
	}
	nothing := must(s.User(t.Context(), mine+"-nothing"))
	namespaced := must(s.User(t.Context(), mine+"-reader", Grant{Namespace: mine, Rules: read}))
	everywhere := must(s.User(t.Context(), mine+"-all", Grant{Rules: read}))
	unknown := must(s.UnknownUser())

	for _, tt := range []struct {
		name, kubeconfig, namespace string
		want                        func(error) bool
	}{
		{"no grant, own namespace", nothing, mine, apierrors.IsForbidden},
		{"namespace only, that namespace", namespaced, mine, isNil},
		{"namespace only, another namespace", namespaced, other, apierrors.IsForbidden},
		{"namespace only, all namespaces", namespaced, "", apierrors.IsForbidden},
		{"cluster, all namespaces", everywhere, "", isNil},
		{"token that the server does not know", unknown, mine, apierrors.IsUnauthorized},
		{"administrator, all namespaces", s.Kubeconfig(), "", isNil},
	} {
		if err := listPods(t, tt.kubeconfig, tt.namespace); !tt.want(err) {
			t.Errorf("%s: list pods: %v", tt.name, err)
		}
	}
}

func isNil(err error) bool { return err == nil }
