// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// Client reaches the API groups that hold related objects. Typed clients would
// add the code of every kind of a group to a binary that only lists.
type Client struct{ Core, Apps, Batch rest.Interface }

// NewClient returns a client for the server of config, which it does not
// change. It sends nothing.
func NewClient(config *rest.Config) (Client, error) {
	var c Client
	http, err := rest.HTTPClientFor(config)
	if err != nil {
		return c, fmt.Errorf("make client: %w", err)
	}
	for _, group := range []struct {
		client  *rest.Interface
		path    string
		version schema.GroupVersion
	}{
		{&c.Core, "/api", schema.GroupVersion{Version: "v1"}},
		{&c.Apps, "/apis", schema.GroupVersion{Group: "apps", Version: "v1"}},
		{&c.Batch, "/apis", schema.GroupVersion{Group: "batch", Version: "v1"}},
	} {
		own := rest.CopyConfig(config)
		own.APIPath, own.GroupVersion = group.path, &group.version
		own.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
		own.ContentType = runtime.ContentTypeProtobuf
		own.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
		if *group.client, err = rest.RESTClientForConfigAndClient(own, http); err != nil {
			return c, fmt.Errorf("make client of %s: %w", group.version, err)
		}
	}
	return c, nil
}
