// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// pullFailed begins the message of the event that tells why a pull failed
// (pkg/kubelet/images, v1.37 and before).
const pullFailed = "Failed to pull image "

// pullError makes the error of the last pull the reason of a wait whose own
// message has none: while they back off, older kubelets say no more than that
// they do.
func (in *input) pullError(f *finding, c *projection.Container) {
	if f.message != c.Waiting.Reason && (f.subCause != "" || !strings.HasPrefix(f.message, backOffPulling)) {
		return
	}
	e := in.newestEvent(in.down(c), func(e *projection.Event) bool {
		return e.Reason == "Failed" && e.Container == c.Name && strings.HasPrefix(eventText(e), pullFailed)
	})
	if e == nil {
		return
	}
	_, message, ok := strings.Cut(eventText(e), `": `)
	if !ok {
		return
	}
	f.subCause = orElse(f.subCause, classify(withoutReferences(message), pullPatterns()))
	f.message = errorFirst(message)
	f.confidence = v1alpha1.ConfidenceMedium
	f.support(eventFact(e))
}

// missingSecret makes a pull secret that the kubelet could not read the reason
// of a pull that was refused: the kubelet then tries without it. The event names
// the secrets in parentheses (kubelet.go, v1.37).
func (in *input) missingSecret(f *finding) {
	if f.subCause != "Auth" && f.subCause != "" {
		return
	}
	e := in.newestEvent(in.begun(), withReason("FailedToRetrieveImagePullSecret"))
	if e == nil {
		return
	}
	f.subCause = "SecretMissing"
	f.confidence = v1alpha1.ConfidenceMedium
	f.support(eventFact(e))
	_, rest, _ := strings.Cut(eventText(e), "(")
	names, _, ok := strings.Cut(rest, ")")
	if !ok || names == "" {
		f.message = "a pull secret cannot be read: " + f.message
		return
	}
	f.message = "pull secret " + names + " cannot be read: " + f.message
	if !strings.Contains(names, ",") {
		f.object = &v1alpha1.ObjectReference{Kind: kindSecret, Namespace: in.pod.Namespace, Name: names}
	}
}
