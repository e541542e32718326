// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func versioned(version string) option {
	return func(p *corev1.Pod) { p.ResourceVersion = version }
}

func planOfLiving(pods ...*corev1.Pod) *Plan {
	return Make(judged(pods...), noon, everything(), Known{}, ListCandidates)
}

func TestEvictResults(t *testing.T) {
	t.Parallel()
	failure := func(code int32, reason metav1.StatusReason, message string, cause metav1.CauseType) *metav1.Status {
		s := &metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message,
		}
		if cause != "" {
			s.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: cause}}}
		}
		return s
	}
	tests := []struct {
		name   string
		answer *metav1.Status
		want   v1alpha1.Result
		skip   SkipReason
		retry  bool
	}{
		{name: "the kubelet stops it", want: v1alpha1.ResultTerminating},
		{
			name: "S46 disruption budget", answer: failure(429, metav1.StatusReasonTooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget.", policyv1.DisruptionBudgetCause),
			want: v1alpha1.ResultBlocked, retry: true,
		},
		{
			name: "S46 priority and fairness", answer: failure(429, metav1.StatusReasonTooManyRequests, "slow down", ""),
			want: v1alpha1.ResultError, retry: true,
		},
		{
			name: "S47 two disruption budgets", answer: failure(500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.", ""),
			want: v1alpha1.ResultBlocked, retry: true,
		},
		{name: "S47 another internal error", answer: failure(500, "", "etcd is on fire", ""), want: v1alpha1.ResultError},
		{
			name: "S48 terminating namespace", answer: failure(403, metav1.StatusReasonForbidden, "being terminated", corev1.NamespaceTerminatingCause),
			want: v1alpha1.ResultRecovered, skip: SkipAlreadyTerminating,
		},
		{name: "S49 no permission", answer: failure(403, metav1.StatusReasonForbidden, "no", ""), want: v1alpha1.ResultForbidden},
		{name: "S44 not found", answer: failure(404, metav1.StatusReasonNotFound, "no", ""), want: v1alpha1.ResultGone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pod := loopingPod(versioned("7"))
			s := newServer(t, pod)
			if tt.answer != nil {
				s.answer = func(r *http.Request) (*http.Response, error) {
					if r.Method != http.MethodPost {
						return nil, nil
					}
					return reply(int(tt.answer.Code), tt.answer), nil
				}
			}
			actor, _ := deleting(s)
			item := planOfLiving(pod).Items[0]
			item.ResourceVersion = "7"
			got, err := actor.Remove(t.Context(), item)
			if got.Result != tt.want || got.SkipReason != string(tt.skip) || (err != nil) != tt.retry {
				t.Errorf("Remove() = %s (%s, %s), %v; want %s", got.Result, got.SkipReason, got.Error, err, tt.want)
			}
			if diff := cmp.Diff([]string{"POST a/p"}, s.mutations()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEvictRefusesAnItemWithoutItsVersion(t *testing.T) {
	t.Parallel()
	pod := loopingPod()
	s := newServer(t, pod)
	actor, _ := deleting(s)
	for _, action := range []v1alpha1.Action{v1alpha1.ActionEvict, v1alpha1.ActionCreate, ""} {
		item := planOfLiving(pod).Items[0]
		item.Action = action
		if got, _ := actor.Remove(t.Context(), item); got.Result != v1alpha1.ResultError || len(s.mutations()) > 0 {
			t.Errorf("action %q: %s after %q, want an error and no request", action, got.Result, s.mutations())
		}
	}
}

func TestServerDryRunOfAnEvictionChangesNothing(t *testing.T) {
	t.Parallel()
	pod := loopingPod(versioned("7"))
	s := newServer(t, pod)
	item := planOfLiving(pod).Items[0]
	item.ResourceVersion = "7"
	got, err := ServerDryRun(s.client()).Remove(t.Context(), item)
	if err != nil || got.Result != v1alpha1.ResultWouldDelete || len(s.gone()) > 0 {
		t.Errorf("Remove() = %s, %v, gone %q; want wouldDelete", got.Result, err, s.gone())
	}
}

// S5 and S6: the request is bound to the version that was judged, and the next
// look decides.
func TestS5_S6_AChangeInBetweenIsJudgedAnew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change option
		want   v1alpha1.Result
	}{
		"S5 became ready": {func(p *corev1.Pod) {
			p.Status.Conditions[0].Status = corev1.ConditionTrue
		}, v1alpha1.ResultRecovered},
		"S6 got a label": {func(p *corev1.Pod) { p.Labels = map[string]string{"x": "y"} }, v1alpha1.ResultTerminating},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				old := loopingPod(versioned("7"))
				live := loopingPod(versioned("8"), tt.change)
				s := newServer(t, live)
				actor, archive := deleting(s)
				archive.Spool(old)
				cleaner := New(planOfLiving(old), actor, clock.RealClock{})
				looks := 0
				cleaner.Apply(t.Context(), 1, func(item v1alpha1.CleanItem) Sight {
					if looks++; looks == 1 {
						return cacheOf(old).see(item)
					}
					return cacheOf(live).see(item)
				})
				item := cleaner.Items()[0]
				if item.Result != tt.want || looks != 2 {
					t.Errorf("%s (%s) after %d looks, want %s after 2", item.Result, item.Error, looks, tt.want)
				}
				if tt.want == v1alpha1.ResultRecovered && len(s.gone()) > 0 {
					t.Errorf("evicted %q", s.gone())
				}
			})
		})
	}
}

func TestS3_ABudgetIsWaitedForAndTheSuccessorLeftAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		timeout  time.Duration
		replaced bool
		want     v1alpha1.Result
		took     time.Duration
	}{
		"not at all":                 {0, false, v1alpha1.ResultBlocked, 0},
		"in vain":                    {12 * time.Second, false, v1alpha1.ResultBlocked, 12 * time.Second},
		"one try at the end":         {7 * time.Second, false, v1alpha1.ResultBlocked, 7 * time.Second},
		"longer than ten tries take": {10 * time.Minute, false, v1alpha1.ResultBlocked, 10 * time.Minute},
		"replaced meanwhile":         {12 * time.Second, true, v1alpha1.ResultReplaced, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := loopingPod(versioned("7"))
				s := newServer(t, pod)
				s.answer = func(*http.Request) (*http.Response, error) {
					return refuse(429, metav1.StatusReasonTooManyRequests, metav1.StatusCause{Type: policyv1.DisruptionBudgetCause}), nil
				}
				actor, _ := deleting(s)
				cleaner := New(planOfLiving(pod), actor, clock.RealClock{})
				cleaner.BlockedTimeout = tt.timeout
				begin, looks := time.Now(), 0
				var err error
				for attempt := 1; attempt == 1 || err != nil; attempt++ {
					if retry, ok := errors.AsType[*RetryError](err); ok {
						if retry.Within != retry.After || cleaner.Waiting() != 1 {
							t.Errorf("wait for %v to %v, %d waiting", retry.After, retry.Within, cleaner.Waiting())
						}
						time.Sleep(retry.After)
					}
					sight := cacheOf(pod).see(itemOf(pod))
					if looks++; looks > 1 && tt.replaced {
						sight.Pod.UID = "uid-of-the-next"
					}
					err = cleaner.Clean(t.Context(), pod.UID, attempt, sight)
				}
				if got := cleaner.Items()[0].Result; got != tt.want || cleaner.Waiting() != 0 || time.Since(begin).Truncate(time.Second) != tt.took {
					t.Errorf("%s after %v, want %s after %v", got, time.Since(begin), tt.want, tt.took)
				}
			})
		})
	}
}

func TestLivingPodsWithVolumesArePlannedWithAWarning(t *testing.T) {
	t.Parallel()
	volumes := func(sources ...corev1.VolumeSource) option {
		return func(p *corev1.Pod) {
			for _, source := range sources {
				p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{VolumeSource: source})
			}
		}
	}
	scratch := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	ephemeral := corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}
	claim := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}
	token := corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		want []v1alpha1.Warning
	}{
		"no volume of its own": {loopingPod(volumes(token)), nil},
		"emptyDir":             {loopingPod(volumes(token, scratch)), []v1alpha1.Warning{v1alpha1.WarningLocalData}},
		"ephemeral":            {loopingPod(volumes(ephemeral)), []v1alpha1.Warning{v1alpha1.WarningLocalData}},
		"claim":                {loopingPod(volumes(claim)), []v1alpha1.Warning{v1alpha1.WarningVolumeClaim}},
		"both":                 {loopingPod(volumes(claim, scratch)), []v1alpha1.Warning{v1alpha1.WarningLocalData, v1alpha1.WarningVolumeClaim}},
		"it has ended":         {failedPod("a", "p", volumes(scratch, claim)), nil},
	} {
		plan := Make(judged(test.pod), noon, Rules{Categories: Categories()}, Known{}, ListCandidates)
		if len(plan.Planned()) != 1 {
			t.Errorf("%s: %+v, want it planned", name, plan.Items)
			continue
		}
		if diff := cmp.Diff(test.want, plan.Items[0].Warnings); diff != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", name, diff)
		}
	}
}

func TestS46_ABudgetIsAskedAgainNoSoonerThanTheServerWants(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int32]time.Duration{0: blockedRetry, 2: blockedRetry, 30: 30 * time.Second} {
		pod := loopingPod(versioned("7"))
		s := newServer(t, pod)
		s.answer = func(*http.Request) (*http.Response, error) {
			status := apierrors.NewTooManyRequests("not now", int(seconds)).ErrStatus
			status.Details.Causes = []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause}}
			status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
			return reply(429, &status), nil
		}
		actor, _ := deleting(s)
		cleaner := New(planOfLiving(pod), actor, atNoon())
		cleaner.BlockedTimeout = time.Minute
		retry, ok := errors.AsType[*RetryError](cleaner.Clean(t.Context(), pod.UID, 1, cacheOf(pod).see(itemOf(pod))))
		if !ok || retry.After != want {
			t.Errorf("the server wants %d s: %+v, want %s", seconds, retry, want)
		}
	}
}
