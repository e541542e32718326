// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Kinds of what can be to blame besides a pod.
const (
	kindNode      = "Node"
	kindRegistry  = "Registry"
	kindClaim     = "PersistentVolumeClaim"
	kindConfigMap = "ConfigMap"
	kindSecret    = "Secret"
	kindQuota     = "ResourceQuota"
)

// nodeObject is the pod's node, nil if it has none.
func (in *input) nodeObject() *v1alpha1.ObjectReference {
	if in.pod.NodeName == "" {
		return nil
	}
	return &v1alpha1.ObjectReference{Kind: kindNode, Name: in.pod.NodeName}
}

// namedObject reads the object that a message of the kubelet or the scheduler
// is about, nil if it names none: `configmap "x" not found` as the API server
// says it, or "couldn't find key k in ConfigMap ns/x" (pkg/kubelet, v1.37).
func namedObject(message, namespace string) *v1alpha1.ObjectReference {
	for _, k := range [...]struct{ kind, word string }{
		{kindConfigMap, "configmap"}, {kindSecret, "secret"}, {kindClaim, "persistentvolumeclaim"},
	} {
		if name := quotedAfter(message, k.word); name != "" {
			return &v1alpha1.ObjectReference{Kind: k.kind, Namespace: namespace, Name: name}
		}
		if _, rest, ok := strings.Cut(message, " in "+k.kind+" "); ok {
			reference, _, _ := strings.Cut(rest, " ")
			_, name, _ := strings.Cut(reference, "/")
			if name = strings.TrimRight(name, ".,;:"); name != "" {
				return &v1alpha1.ObjectReference{Kind: k.kind, Namespace: namespace, Name: name}
			}
		}
	}
	return nil
}

// quotedAfter returns the name in quotes behind a lower-case word of message or
// its plural, "" if there is none.
func quotedAfter(message, word string) string {
	for rest := message; ; {
		i := strings.Index(strings.ToLower(rest), word)
		// Lowering can change the length of what is no ASCII.
		if i < 0 || i+len(word) > len(rest) {
			return ""
		}
		rest = strings.TrimPrefix(rest[i+len(word):], "s")
		if quoted, ok := strings.CutPrefix(rest, ` "`); ok {
			if name, _, closed := strings.Cut(quoted, `"`); closed {
				return name
			}
		}
	}
}

// blameObject names what besides the container is to blame for a start error.
func (in *input) blameObject(f *finding, c *projection.Container) {
	switch f.cause {
	case "ConfigError":
		f.object = namedObject(c.Waiting.Message, in.pod.Namespace)
	case "ImagePull":
		in.pullError(f, c)
		in.missingSecret(f)
		switch f.subCause {
		case "RegistryUnavailable", "Network", "TLS", "RateLimit", "Auth":
			image := orElse(pulledImage(c.Waiting.Message), c.Image)
			if host := registry(image); host != "" {
				f.object = &v1alpha1.ObjectReference{Kind: kindRegistry, Name: host}
			}
		}
	}
}

// pulledImage is the image that a message about a pull names, "" if none: it
// may be that of a volume.
func pulledImage(message string) string { return quotedAfter(message, "image") }

// registry returns the host, with its port, of an image reference: what stands
// before the first slash if it can be a host, else Docker Hub
// (github.com/distribution/reference).
func registry(image string) string {
	if image == "" {
		return ""
	}
	host, _, ok := strings.Cut(image, "/")
	if !ok || !strings.ContainsAny(host, ".:") && host != "localhost" && host == strings.ToLower(host) || host == "index.docker.io" {
		return "docker.io"
	}
	return host
}
