// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func TestPreflightNamesWhatIsDenied(t *testing.T) {
	t.Parallel()
	living := []v1alpha1.Category{v1alpha1.CategoryCrashLoop}
	for name, test := range map[string]struct {
		categories []v1alpha1.Category
		denied     string
		want       string
	}{
		"all allowed":                  {DefaultCategories(), "", ""},
		"no delete":                    {DefaultCategories(), "delete pods in b", `clean pods: forbidden to delete pods in namespace "b"`},
		"no delete, and none needed":   {living, "delete pods in b", ""},
		"no eviction":                  {living, "create pods/eviction in a", `clean pods: forbidden to create pods/eviction in namespace "a"`},
		"no eviction, and none needed": {DefaultCategories(), "create pods/eviction in a", ""},
		"no get":                       {living, "get pods in a", `clean pods: forbidden to get pods in namespace "a"`},
		"no look at the namespace":     {living, "get namespaces in b", `clean pods: forbidden to get namespaces in namespace "b"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := fake.NewClientset()
			client.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
				create, _ := a.(clienttesting.CreateAction)
				review, _ := create.GetObject().(*authorizationv1.SelfSubjectAccessReview)
				r := review.Spec.ResourceAttributes
				what := r.Verb + " " + r.Resource
				if r.Subresource != "" {
					what += "/" + r.Subresource
				}
				denied, namespace, _ := strings.Cut(test.denied, " in ")
				review.Status.Allowed = what != denied || r.Namespace != namespace && r.Namespace != metav1.NamespaceAll
				return true, review, nil
			})
			err := Preflight(t.Context(), client.AuthorizationV1(), test.categories, []string{"a", "b"})
			if (err == nil) != (test.want == "") || err != nil && err.Error() != test.want {
				t.Errorf("Preflight = %v, want %q", err, test.want)
			}
		})
	}
}
