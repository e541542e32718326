// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// Waiting reasons that the kubelet and the runtime give for images
// (pkg/kubelet/images/types.go, cri-api/pkg/errors, v1.37).
const (
	reasonRegistryDown = "RegistryUnavailable"
	reasonSignature    = "SignatureValidationFailed"
)

// backOffPulling begins the message of a wait between two pulls.
const backOffPulling = "Back-off pulling image"

func imageRules() []Rule {
	kinds := []string{"SecretMissing"}
	for _, p := range pullPatterns() {
		kinds = append(kinds, p.subCause)
	}
	return []Rule{
		{
			Cause: "ImagePull", Category: string(categoryImage), SubCauses: kinds,
			Severity: "Critical.",
			Trigger: "Waiting reasons ErrImagePull, ImagePullBackOff, RegistryUnavailable, SignatureValidationFailed. Event Failed has the error " +
				"that older kubelets leave out while they back off. SecretMissing: event FailedToRetrieveImagePullSecret and a pull that was refused.",
			Doc: "An image cannot be pulled. The sub-cause comes from the reason, else from the words of the runtime or the registry. " +
				"The image may be one of a volume: it stands in the message. SecretMissing: a pull secret could not be read.",
		},
		{
			Cause: "ImageNeverPull", Category: string(categoryImage),
			Severity: "Critical.",
			Trigger:  "Waiting reason ErrImageNeverPull.",
			Doc:      "imagePullPolicy is Never and the node does not have the image, or the pod may not use the copy that is there.",
		},
		{
			Cause: "ImageNameInvalid", Category: string(categoryImage),
			Severity: "Critical.",
			Trigger:  "Waiting reason InvalidImageName.",
			Doc:      "The image reference cannot be parsed.",
		},
		{
			Cause: "ImageInspect", Category: string(categoryImage),
			Severity: "Critical.",
			Trigger:  "Waiting reason ImageInspectError.",
			Doc:      "The runtime cannot inspect the image: trouble on the node.",
		},
	}
}

// pullPatterns are tried in order: a message about a missing platform also
// ends in "not found", and one about a rate limit also says "unauthenticated".
func pullPatterns() []pattern {
	return []pattern{
		{"Signature", []string{"signaturevalidationfailed", "signature validation", "signature required", "signature was required", "source image rejected"}},
		{"RegistryUnavailable", []string{"registryunavailable"}},
		{"Platform", []string{
			"no match for platform", "no matching manifest for", "no image found in manifest list", "no image found in image index",
			"cannot be used on this platform",
		}},
		{"RateLimit", []string{"toomanyrequests", "too many requests", "rate limit"}},
		{"NotFound", []string{
			"not found", "manifest unknown", "manifest_unknown", "no such manifest", "name unknown", "name_unknown", "code = notfound",
		}},
		{"Auth", []string{
			"pull access denied", "unauthorized", "forbidden", "access denied", "permission denied", "denied:", "insufficient_scope",
			"no basic auth", "authentication required", "authorization failed", "invalid username/password", "status: 401", "status: 403",
			"status code 401", "status code 403", "may require authorization", "may require 'docker login'",
		}},
		{"TLS", []string{"x509", "certificate", "tls: ", "server gave http response to https client"}},
		{"Network", []string{
			"no such host", "dial tcp", "i/o timeout", "connection refused", "connection reset", "deadline exceeded", "network is unreachable",
			"no route to host", "server misbehaving", "proxyconnect", "unexpected eof", "client.timeout", "handshake timeout",
			"500 internal server error", "502 bad gateway", "503 service unavailable", "504 gateway",
		}},
		{"NodeDisk", []string{"no space left"}},
		{"ShortName", []string{"short-name", "short name", "ambiguous"}},
	}
}

func imageError(w *projection.Waiting) (finding, bool) {
	f := finding{category: categoryImage, cause: "ImagePull"}
	switch w.Reason {
	case "ErrImagePull", "ImagePullBackOff":
		f.subCause = classify(withoutReferences(w.Message), pullPatterns())
	case reasonRegistryDown:
		f.subCause = "RegistryUnavailable"
	case reasonSignature:
		f.subCause = "Signature"
	case "ErrImageNeverPull":
		f.cause = "ImageNeverPull"
	case "InvalidImageName":
		f.cause = "ImageNameInvalid"
	case "ImageInspectError":
		f.cause = "ImageInspect"
	default:
		return finding{}, false
	}
	f.message = orElse(errorFirst(pullText(w.Message)), w.Reason)
	return f, true
}

// withoutReferences drops the images and addresses that a message puts in
// quotes, wherever it repeats them: an image may be called after an error.
// Quoted sentences stay, since runtimes quote the errors of others.
func withoutReferences(message string) string {
	references := []string{}
	for i, quoted := range strings.Split(message, `"`) {
		if i%2 == 1 && strings.ContainsAny(quoted, "/:") && !strings.ContainsAny(quoted, " \t\n") {
			references = append(references, quoted, "")
		}
	}
	if len(references) == 0 {
		return message
	}
	return strings.NewReplacer(references...).Replace(message)
}

// pullText drops what the kubelet puts before the error while it backs off, so
// that the two moments of a failing pull read the same.
func pullText(message string) string {
	if !strings.HasPrefix(message, backOffPulling) {
		return message
	}
	if _, err, ok := strings.Cut(message, `": `); ok {
		return strings.TrimPrefix(err, "ErrImagePull: ")
	}
	return message
}

// errorFirst turns containerd's "failed to pull and unpack image X: failed to
// resolve reference X: ERROR" into "ERROR (X)": on a narrow terminal the end of
// a line is what gets lost. Other wordings stay as they are.
func errorFirst(message string) string {
	rest := message
	if _, desc, ok := strings.Cut(message, " desc = "); ok && strings.HasPrefix(message, "rpc error: ") {
		rest = desc
	}
	rest, ok := strings.CutPrefix(rest, `failed to pull and unpack image "`)
	if !ok {
		return message
	}
	image, rest, ok := strings.Cut(rest, `": `)
	if !ok {
		return message
	}
	rest = strings.TrimPrefix(rest, `failed to resolve reference "`+image+`": `)
	rest = strings.TrimPrefix(rest, "failed to copy: ")
	rest = strings.TrimPrefix(rest, image+": ")
	return rest + " (" + image + ")"
}
