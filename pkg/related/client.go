// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// Client reaches the API groups that hold related objects. It is made by
// NewClient; the zero value can ask for nothing. Typed clients would add the
// code of every kind of every group to a binary that only lists.
type Client struct {
	core, apps, batch rest.Interface
	parameters        runtime.ParameterCodec
}

// NewClient returns a client for the server of config, which it does not
// change. It sends nothing.
func NewClient(config *rest.Config) (Client, error) {
	// The types that are read and no others: client-go's own scheme would tie
	// every reader of files to the packages of the cluster.
	types := runtime.NewScheme()
	builder := runtime.NewSchemeBuilder(corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme)
	if err := builder.AddToScheme(types); err != nil {
		return Client{}, fmt.Errorf("make client: %w", err)
	}
	http, err := rest.HTTPClientFor(config)
	if err != nil {
		return Client{}, fmt.Errorf("make client: %w", err)
	}
	c := Client{parameters: runtime.NewParameterCodec(types)}
	own := rest.CopyConfig(config)
	own.NegotiatedSerializer = serializer.NewCodecFactory(types).WithoutConversion()
	own.ContentType = runtime.ContentTypeProtobuf
	own.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON

	own.APIPath, own.GroupVersion = "/api", &corev1.SchemeGroupVersion
	if c.core, err = rest.RESTClientForConfigAndClient(own, http); err != nil {
		return Client{}, fmt.Errorf("make client: %w", err)
	}
	own.APIPath, own.GroupVersion = "/apis", &appsv1.SchemeGroupVersion
	if c.apps, err = rest.RESTClientForConfigAndClient(own, http); err != nil {
		return Client{}, fmt.Errorf("make client of apps: %w", err)
	}
	own.GroupVersion = &batchv1.SchemeGroupVersion
	if c.batch, err = rest.RESTClientForConfigAndClient(own, http); err != nil {
		return Client{}, fmt.Errorf("make client of batch: %w", err)
	}
	return c, nil
}
