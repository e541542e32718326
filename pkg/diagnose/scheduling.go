// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"math"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func schedulingRules() []Rule {
	kinds := []string{"NoScheduler", "SchedulerError"}
	for _, p := range schedulingPatterns() {
		kinds = append(kinds, p.subCause)
	}
	return []Rule{
		{
			Cause: "Unschedulable", Category: string(categoryScheduling), SubCauses: kinds,
			Severity: "Info at first, warning after --warn-after, critical after --critical-after. SchedulerError: critical. With a nominated " +
				"node the warning waits for the grace period too.",
			Trigger: "Condition PodScheduled is False with reason Unschedulable or SchedulerError, or is missing and no node is set. Nodes and " +
				"claims name what is in the way.",
			Doc: "No node takes the pod. The sub-cause is what rules out most nodes. SchedulerError: the scheduler itself failed. " +
				"NoScheduler: no scheduler has looked at the pod. NoNodes: the cluster has no nodes at all.",
		},
		{
			Cause: "SchedulingGated", Category: string(categoryScheduling),
			Severity: "Info, however long it lasts: it is meant.",
			Trigger:  "spec.schedulingGates, or condition PodScheduled with reason SchedulingGated.",
			Doc:      "The pod is held back on purpose until its scheduling gates are removed. Never more than info.",
		},
	}
}

// schedulingPatterns are the filters' words (pkg/scheduler/framework/plugins,
// v1.37 and before), and the names of the predicates that schedulers before
// v1.9 gave instead. What once was a condition of the node is a taint today.
func schedulingPatterns() []pattern {
	return []pattern{
		{"PVC", []string{
			"unbound immediate persistentvolumeclaims", "unbound persistentvolumeclaims", "persistentvolumeclaim is not bound",
			"persistentvolumeclaim \"", "non-existent persistentvolume", "non-existent pv", "waiting for ephemeral volume controller",
		}},
		{"RWOP", []string{"readwriteoncepod"}},
		{"VolumeTopology", []string{
			"persistentvolume's node affinity", "volume node affinity conflict", "no available volume zone",
			"find available persistent volumes", "enough free storage", "novolumezoneconflict", "novolumenodeconflict",
		}},
		{"VolumeLimit", []string{"max volume count"}},
		{"VolumeInUse", []string{"no available disk", "nodiskconflict"}},
		{"ResourceClaim", []string{"allocate all claims", "resourceclaim"}},
		{"Resources", []string{"insufficient ", "too many pods"}},
		{"NodeSelector", []string{"node affinity", "node selector", "node(s) didn't match node", "requested node name", "matchnodeselector"}},
		{"Taint", []string{"taint", "were not ready", "out of disk space", "disk pressure", "memory pressure", "pid pressure", "nodenotready"}},
		{"Cordoned", []string{"were unschedulable", "nodeunschedulable"}},
		{"HostPort", []string{"free ports", "podfitshostports"}},
		{"Spread", []string{"topology spread"}},
		{"PodAffinity", []string{"affinity rules", "anti-affinity", "matchinterpodaffinity"}},
		{"NodeFeature", []string{"required features"}},
		{"PodGroup", []string{"pod group", "placements are available", "from a gang"}},
		{"NoNodes", []string{"no nodes available"}},
	}
}

// scheduling judges a pod that no node has.
func (in *input) scheduling() {
	cond := in.pod.Condition(corev1.PodScheduled)
	switch {
	case in.pod.NodeName != "" || cond != nil && cond.Status == corev1.ConditionTrue:
	case len(in.pod.SchedulingGates) > 0 || cond != nil && cond.Reason == corev1.PodReasonSchedulingGated:
		in.gated(cond)
	case cond == nil:
		in.unseen()
	default:
		in.unschedulable(cond)
	}
}

func (in *input) gated(cond *projection.Condition) {
	created := in.pod.CreationTimestamp.Time
	gates := orElse(strings.Join(in.pod.SchedulingGates, ", "), "of unknown name")
	f := finding{
		severity: v1alpha1.SeverityInfo,
		category: categoryScheduling,
		cause:    "SchedulingGated",
		since:    exactly(created),
		message:  "held back by scheduling gate " + gates,
		evidence: facts(fact("spec.schedulingGates", gates, created)),
	}
	if cond != nil {
		f.evidence = append(f.evidence, conditionFact(cond))
	}
	in.add(f)
}

func (in *input) unseen() {
	created := in.pod.CreationTimestamp.Time
	if in.acknowledged() {
		return
	}
	in.add(finding{
		severity: in.wait(created),
		category: categoryScheduling,
		cause:    "Unschedulable",
		subCause: "NoScheduler",
		since:    exactly(created),
		message:  "no scheduler has looked at the pod yet",
		evidence: facts(fact("metadata.creationTimestamp", "no condition PodScheduled", created)),
	})
}

func (in *input) unschedulable(cond *projection.Condition) {
	t := cond.LastTransitionTime
	if t.IsZero() {
		t = in.pod.CreationTimestamp.Time
	}
	f := finding{
		severity: in.wait(t),
		category: categoryScheduling,
		cause:    "Unschedulable",
		subCause: schedulingKind(cond.Message),
		since:    exactly(t),
		message:  schedulingText(orElse(cond.Message, reasonAndMessage(cond.Reason, "no message from the scheduler"))),
		evidence: facts(conditionFact(cond)),
	}
	if cond.Reason == corev1.PodReasonSchedulerError {
		f.severity, f.subCause = v1alpha1.SeverityCritical, "SchedulerError"
	}
	if in.pod.NominatedNodeName != "" {
		f.message += "; waits for room on node " + in.pod.NominatedNodeName
		f.evidence = append(f.evidence, fact("status.nominatedNodeName", in.pod.NominatedNodeName, t))
		if f.severity == v1alpha1.SeverityWarning && in.within(t, in.limits.WarnAfter+in.pod.GracePeriod) {
			// The pods that make room have a grace period.
			f.severity = v1alpha1.SeverityInfo
		}
	}
	in.placement(&f)
	in.add(f)
}

// schedulingKind reads "0/5 nodes are available: 2 A, 3 B. preemption: …" and
// returns the sub-cause that rules out most nodes. What stands there without a
// number rules out all of them.
func schedulingKind(message string) string {
	message, _, _ = strings.Cut(message, " preemption: ")
	_, reasons, ok := strings.Cut(message, "are available: ")
	if !ok {
		reasons = message
	}
	best, most := "", -1
	for part := range strings.SplitSeq(reasons, ", ") {
		kind := classify(part, schedulingPatterns())
		if kind == "" {
			continue
		}
		if nodes := ruledOut(part); nodes > most {
			best, most = kind, nodes
		}
	}
	return best
}

// ruledOut reads the number of nodes from "3 REASON", or from "REASON (3)" of
// schedulers before v1.9. A reason without a number rules out all nodes.
func ruledOut(part string) int {
	part = strings.TrimRight(strings.TrimSpace(part), ".")
	number, _, _ := strings.Cut(part, " ")
	if n, err := strconv.Atoi(number); err == nil {
		return n
	}
	if i := strings.LastIndexByte(part, '('); i >= 0 && strings.HasSuffix(part, ")") {
		if n, err := strconv.Atoi(part[i+1 : len(part)-1]); err == nil {
			return n
		}
	}
	return math.MaxInt
}

// schedulingText leaves out the outcome of preemption: it repeats the count and
// never says what to do.
func schedulingText(message string) string {
	message, _, _ = strings.Cut(message, " preemption: ")
	return strings.TrimSuffix(strings.TrimSpace(message), ".")
}
