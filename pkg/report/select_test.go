// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/report"
)

func TestSelectionNarrowsWhatCounts(t *testing.T) {
	t.Parallel()
	proxy := crashLoop(ago(1), "m")
	proxy.Container, proxy.ContainerType = "proxy", v1alpha1.ContainerSidecar
	node := nodeLost("n7", "critical", 6, "m")
	for name, tt := range map[string]struct {
		selection report.Selection
		// total is the number of pods, want the container of each finding.
		total int
		want  []string
		owner bool
	}{
		"everything":            {report.Selection{}, 2, []string{"app", "proxy", ""}, true},
		"namespace":             {report.Selection{ExcludeNamespaces: []string{"kube-*", "sh?p"}}, 0, nil, false},
		"namespace, whole name": {report.Selection{ExcludeNamespaces: []string{"sho", "*h", "s.op"}}, 2, []string{"app", "proxy", ""}, true},
		"container":             {report.Selection{Containers: []string{"proxy"}}, 2, []string{"proxy", ""}, false},
		"no such container":     {report.Selection{Containers: []string{"x"}}, 0, nil, false},
		"image":                 {report.Selection{Images: []string{"*web*"}}, 1, []string{"app", ""}, false},
		"container of an image": {report.Selection{Containers: []string{"proxy"}, Images: []string{"shop/*"}}, 0, nil, false},
		"QoS class":             {report.Selection{QOSClasses: []corev1.PodQOSClass{corev1.PodQOSBurstable}}, 1, []string{"app", "proxy", ""}, false},
		"owner": {report.Selection{
			Owners: []v1alpha1.Owner{{Kind: "Deployment", Name: "web"}},
			Owns:   func(p *projection.Pod) bool { return p.Controller.Name == "web-77f" },
		}, 1, []string{"app", "proxy", ""}, true},
		"another owner": {report.Selection{
			Owners: []v1alpha1.Owner{{Kind: "Deployment", Name: "api"}}, Owns: func(*projection.Pod) bool { return false },
		}, 0, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := report.NewCollector(report.Options{Selection: tt.selection})
			sick := replica("web", 0, 3)
			sick.QOSClass = corev1.PodQOSBurstable
			v := bad(v1alpha1.StateFailing, crashLoop(ago(3), "m"), proxy, node)
			c.Add(sick, v)
			c.Add(replica("api", 0, 0), healthy())
			c.AddOwner(deployment("web", 3, 0), []v1alpha1.Finding{ownerFinding("critical", "FailedCreate", "Quota", "m")})
			for range 2 {
				r := build(c)
				var got []string
				for _, p := range r.Pods {
					for _, f := range p.Findings {
						got = append(got, f.Container)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
				owner := false
				for _, g := range r.Groups {
					owner = owner || g.Cause == "FailedCreate"
				}
				if r.Summary.Pods.Total != tt.total || owner != tt.owner {
					t.Errorf("%d pods, finding of the owner %v, want %d and %v", r.Summary.Pods.Total, owner, tt.total, tt.owner)
				}
				c.Rejudge(func(*projection.Pod) diagnose.Verdict { return v })
			}
		})
	}
}

func TestIncludeCompletedKeepsWhatHasSucceeded(t *testing.T) {
	t.Parallel()
	c := report.NewCollector(report.Options{IncludeCompleted: true})
	c.Add(replica("web", 0, 0), healthy())
	c.Add(replica("done", 0, 0), bad(v1alpha1.StateCompleted))
	r := c.Build(related.Index{}, nil)
	if len(r.Pods) != 1 || r.Pods[0].State != v1alpha1.StateCompleted || r.Summary.Pods.Total != 2 {
		t.Errorf("pods = %+v of %d, want the completed one of 2", r.Pods, r.Summary.Pods.Total)
	}
}
