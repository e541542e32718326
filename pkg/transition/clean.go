// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package transition

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

// Cleaned is the event that tells a decision to remove a pod, or what came of it.
// Options hide none of them.
func Cleaned(at time.Time, context string, item v1alpha1.CleanItem) v1alpha1.PodWatchEvent {
	kind := cleanType(item)
	severity := v1alpha1.SeverityInfo
	if kind == v1alpha1.EventCleanFailed {
		severity = v1alpha1.SeverityWarning
	}
	return v1alpha1.PodWatchEvent{
		TypeMeta: v1alpha1.TypeMeta("PodWatchEvent"), Type: kind, Time: metav1.NewMicroTime(at.UTC()), Severity: severity,
		Context: context, Namespace: item.Namespace, Name: item.Name, UID: item.UID, Node: item.Node, Owner: item.Owner, Clean: &item,
	}
}

func cleanType(item v1alpha1.CleanItem) v1alpha1.EventType {
	switch item.Result {
	case v1alpha1.ResultDeleted, v1alpha1.ResultTerminating:
		return v1alpha1.EventCleanDeleted
	case v1alpha1.ResultWouldDelete:
		return v1alpha1.EventCleanWouldDelete
	case v1alpha1.ResultGone, v1alpha1.ResultReplaced, v1alpha1.ResultRecovered:
		return v1alpha1.EventCleanSkipped
	case "":
		if item.Decision == v1alpha1.DecisionPlanned {
			return v1alpha1.EventCleanPlanned
		}
		return v1alpha1.EventCleanSkipped
	case v1alpha1.ResultBlocked, v1alpha1.ResultConflict, v1alpha1.ResultForbidden, v1alpha1.ResultArchiveFailed, v1alpha1.ResultError,
		v1alpha1.ResultCreated, v1alpha1.ResultExists, v1alpha1.ResultWouldCreate: // the last three are of a restore
	}
	return v1alpha1.EventCleanFailed
}
