// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the group and version that every kind of this package
// carries in its apiVersion.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: "podwatch.dev", Version: "v1alpha1"}
}

// AddToScheme makes the kinds of this package known to scheme, which the
// printers of cli-runtime need in order to fill in apiVersion and kind.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion(), &PodReport{}, &PodWatchEvent{}, &CleanReport{})
	return nil
}

// TypeMeta returns the apiVersion and kind that an object of the given kind
// must carry.
func TypeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: GroupVersion().String(), Kind: kind}
}
