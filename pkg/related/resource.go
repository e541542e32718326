// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package related

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// resource is the plural name of a kind of related objects.
type resource string

const (
	events       resource = "events"
	nodes        resource = "nodes"
	replicaSets  resource = "replicasets"
	deployments  resource = "deployments"
	statefulSets resource = "statefulsets"
	daemonSets   resource = "daemonsets"
	jobs         resource = "jobs"
	claims       resource = "persistentvolumeclaims"
	namespaces   resource = "namespaces"
)

// podsName is the resource that everything here is related to.
const podsName = "pods"

func resources() []resource {
	return append([]resource{events, nodes, claims, namespaces}, ownerResources()...)
}

func ownerResources() []resource {
	return []resource{replicaSets, deployments, statefulSets, daemonSets, jobs}
}

// ownerResource returns the resource of the owners of a group and kind, "" for
// those that are not read.
func ownerResource(group, kind string) resource {
	switch group + "/" + kind {
	case "apps/" + projection.KindReplicaSet:
		return replicaSets
	case "apps/" + projection.KindDeployment:
		return deployments
	case "apps/" + projection.KindStatefulSet:
		return statefulSets
	case "apps/" + projection.KindDaemonSet:
		return daemonSets
	case "batch/" + projection.KindJob:
		return jobs
	default:
		return ""
	}
}

func (r resource) client(c Client) rest.Interface {
	switch r {
	case replicaSets, deployments, statefulSets, daemonSets:
		return c.apps
	case jobs:
		return c.batch
	case events, nodes, claims, namespaces:
	}
	return c.core
}

func (r resource) newList() runtime.Object {
	switch r {
	case events:
		return &corev1.EventList{}
	case nodes:
		return &corev1.NodeList{}
	case claims:
		return &corev1.PersistentVolumeClaimList{}
	case replicaSets:
		return &appsv1.ReplicaSetList{}
	case deployments:
		return &appsv1.DeploymentList{}
	case statefulSets:
		return &appsv1.StatefulSetList{}
	case daemonSets:
		return &appsv1.DaemonSetList{}
	case jobs:
		return &batchv1.JobList{}
	case namespaces:
	}
	return &corev1.NamespaceList{}
}

// effect says what it means that objects of r are not known.
func (r resource) effect() string {
	switch r {
	case events:
		return "causes that only events tell, and workloads that cannot create a single pod, may be missing"
	case nodes:
		return "whether a node is lost, full or gone is told from the pods alone"
	case replicaSets:
		return "a Deployment whose name its pods do not tell is shown as its ReplicaSets, and nothing is milder because of a rollout"
	case deployments:
		return "one that is stuck may be missing, and nothing is milder because of a rollout"
	case jobs:
		return "the pods of a CronJob are shown under its Jobs, and nothing is milder because a Job has attempts left"
	case claims:
		return "why a claim is not bound may be missing"
	case namespaces:
		return "pods of a namespace that is being deleted are judged like others"
	case statefulSets, daemonSets:
	}
	return "one that is stuck may be missing, and nothing is milder because its other pods do the work"
}

func (r resource) limitation(namespace, reason string) v1alpha1.Limitation {
	return v1alpha1.Limitation{Resource: string(r), Namespace: namespace, Reason: reason, Effect: r.effect()}
}
