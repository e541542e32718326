// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// claim names the claim that keeps a pod from being scheduled: the one in the
// scheduler's message, else the only one of the pod, else the first that was
// read and is not in order. Several claims without either are not guessed at.
func (in *input) claim(f *finding) {
	name := ""
	if o := namedObject(f.message, in.pod.Namespace); o != nil && o.Kind == kindClaim {
		name = o.Name
	} else if w := in.pod.Waits; w != nil && len(w.Claims) == 1 {
		name = w.Claims[0]
	}
	var read *projection.Claim
	for _, c := range in.related.Claims {
		if name == "" && claimTrouble(c) != "" || name == c.Name {
			read = c
			break
		}
	}
	if read != nil {
		name = read.Name
		if trouble := claimTrouble(read); trouble != "" {
			f.message += "; claim " + name + " " + trouble
			f.support(v1alpha1.Evidence{
				Source: kindClaim, Path: "status.phase", Value: orElse(string(read.Phase), "not found"), Time: timestamp(read.CreationTimestamp),
			})
		}
	}
	if name != "" {
		f.object = &v1alpha1.ObjectReference{Kind: kindClaim, Namespace: in.pod.Namespace, Name: name}
	}
}

// claimTrouble says what is wrong with a claim, "" if it is bound and stays so.
func claimTrouble(c *projection.Claim) string {
	switch {
	case c.Missing:
		return "does not exist"
	case c.Deleting:
		return "is being deleted"
	case c.Phase == corev1.ClaimLost:
		return "has lost its volume " + c.Volume
	case c.Phase == corev1.ClaimBound:
		return ""
	case c.StorageClass == "":
		return "is pending and names no storage class"
	default:
		return "is pending, of storage class " + c.StorageClass
	}
}
