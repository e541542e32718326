// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// sweepLimit bounds one attempt, all its requests and writes taken together.
const sweepLimit = time.Minute

// SweeperConfig is what a Sweeper works with.
type SweeperConfig struct {
	Rules      Rules
	Thresholds diagnose.Thresholds
	// Limits hold for every hour.
	Limits  Limits
	Pods    corev1client.PodsGetter
	Clients Clients
	Actor   Actor
	// Archive is that of Actor, nil in a dry run.
	Archive *Archive
	// Clock tells the server's time.
	Clock clock.WithTicker
	// Tell tells a record: the decision before it is carried out, without a
	// result, and later what came of it. A decision that it returns an error for
	// is not carried out. It may be called by several goroutines at once.
	Tell func(item v1alpha1.CleanItem) error
}

// Sweeper removes single pods in a run without end. Each is read anew, planned,
// told, and only then removed.
type Sweeper struct {
	cfg        SweeperConfig
	candidates *Candidates
	guard      *Guard

	mu sync.Mutex
	// begun has the decisions that were told and have no result yet.
	begun map[types.UID]v1alpha1.CleanItem
}

// NewSweeper returns a Sweeper for the pods of candidates.
func NewSweeper(candidates *Candidates, cfg SweeperConfig) *Sweeper {
	return &Sweeper{
		cfg: cfg, candidates: candidates, guard: NewGuard(cfg.Limits), begun: map[types.UID]v1alpha1.CleanItem{},
	}
}

// Pod names a pod for good.
type Pod struct {
	types.NamespacedName
	UID types.UID
}

// Sweep removes a pod that is ripe, if it may be removed as it is now and as its
// surroundings are. s is how the cache has it; with a stale sight nothing is
// begun. attempt counts from 1; an error, a *RetryError, asks for another attempt
// and is not returned on the last. It may be called for several pods at once.
func (s *Sweeper) Sweep(ctx context.Context, pod Pod, attempt int, sight Sight) error {
	ctx, cancel := context.WithTimeout(ctx, sweepLimit)
	defer cancel()
	err := s.sweep(ctx, pod, attempt, sight)
	if err == nil || attempt < MaxAttempts {
		return err
	}
	item, told := s.decision(pod.UID)
	if !told {
		item = v1alpha1.CleanItem{
			Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Decision: v1alpha1.DecisionPlanned, DryRun: s.cfg.Actor.DryRun(),
		}
	}
	s.conclude(outcome{result: v1alpha1.ResultError, err: err}.on(item))
	return nil
}

func (s *Sweeper) sweep(ctx context.Context, pod Pod, attempt int, sight Sight) error {
	item, told := s.decision(pod.UID)
	switch {
	case sight.Stale && told:
		return &RetryError{Err: errors.New("not deleted: the view of the cluster is stale")}
	case sight.Stale:
		s.candidates.Forget(pod.UID)
		return nil
	}
	whole, err := s.cfg.Pods.Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		s.vanished(pod.UID, v1alpha1.ResultGone)
		return nil
	case err != nil:
		return &RetryError{Err: fmt.Errorf("get pod %q: %w", pod.Namespace+"/"+pod.Name, err)}
	case whole.UID != pod.UID:
		s.vanished(pod.UID, v1alpha1.ResultReplaced)
		return nil
	}
	plan, seen := s.plan(ctx, whole)
	planned := plan.Planned()
	switch {
	case len(planned) == 0 && told:
		s.conclude(outcome{result: v1alpha1.ResultRecovered, skip: SkipReason(plan.Items[0].SkipReason)}.on(item))
		return nil
	case len(planned) == 0:
		s.skip(plan.Items[0])
		return nil
	case !told && !s.begin(planned[0], seen.Pod):
		return nil
	}
	return s.carryOut(ctx, plan, whole, attempt, seen)
}

// plan decides on a pod as it is on the server, with what surrounds it.
func (s *Sweeper) plan(ctx context.Context, whole *corev1.Pod) (*Plan, Sight) {
	now := s.cfg.Clock.Now()
	p := projection.From(whole)
	v := diagnose.Judge(p, diagnose.Related{}, now, s.cfg.Thresholds)
	one := iter.Seq2[*projection.Pod, diagnose.Verdict](func(yield func(*projection.Pod, diagnose.Verdict) bool) { yield(p, v) })
	known, _ := Look(ctx, s.cfg.Clients, Needs(one, now, s.cfg.Rules))
	return Make(one, now, s.cfg.Rules, known, ListAll), Sight{Pod: p, Verdict: v}
}

// begin asks the guard and tells the decision. It reports whether the decision may
// be carried out.
func (s *Sweeper) begin(item v1alpha1.CleanItem, p *projection.Pod) bool {
	item.DryRun = s.cfg.Actor.DryRun()
	owner := p.UID
	if p.Controller != nil {
		owner = p.Controller.UID
	}
	s.mu.Lock()
	reason := s.guard.Admit(item.Category, owner, s.cfg.Clock.Now())
	s.mu.Unlock()
	if reason != "" {
		item.Decision, item.Action, item.SkipReason = v1alpha1.DecisionSkipped, "", string(reason)
		s.skip(item)
		return false
	}
	if err := s.cfg.Tell(item); err != nil {
		s.candidates.Forget(p.UID)
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun[p.UID] = item
	return true
}

// carryOut removes the one pod of plan.
func (s *Sweeper) carryOut(ctx context.Context, plan *Plan, whole *corev1.Pod, attempt int, seen Sight) error {
	if s.cfg.Archive != nil {
		s.cfg.Archive.Spool(whole)
		defer s.cfg.Archive.Forget(whole.UID)
	}
	cleaner := New(plan, s.cfg.Actor, s.cfg.Clock)
	if err := cleaner.Clean(ctx, whole.UID, attempt, seen); err != nil {
		return err
	}
	s.conclude(cleaner.Items()[0])
	return nil
}

// vanished ends the decision on a pod that is not there any more.
func (s *Sweeper) vanished(uid types.UID, result v1alpha1.Result) {
	if item, told := s.decision(uid); told {
		s.conclude(outcome{result: result}.on(item))
	}
	s.candidates.Forget(uid)
}

// conclude tells what came of a decision. An error is nobody's: it ends the run by
// itself.
func (s *Sweeper) conclude(item v1alpha1.CleanItem) {
	uid := uidOf(item)
	s.mu.Lock()
	delete(s.begun, uid)
	s.mu.Unlock()
	switch item.Result {
	case v1alpha1.ResultBlocked, v1alpha1.ResultConflict, v1alpha1.ResultForbidden, v1alpha1.ResultArchiveFailed, v1alpha1.ResultError:
		s.candidates.rest(uid, "")
	case v1alpha1.ResultRecovered:
		s.candidates.Forget(uid)
	case v1alpha1.ResultDeleted, v1alpha1.ResultTerminating, v1alpha1.ResultGone, v1alpha1.ResultReplaced, v1alpha1.ResultWouldDelete,
		v1alpha1.ResultCreated, v1alpha1.ResultExists, v1alpha1.ResultWouldCreate:
		s.candidates.done(uid)
	}
	_ = s.cfg.Tell(item)
}

// skip leaves a pod alone for a while, and says so unless it was said before.
func (s *Sweeper) skip(item v1alpha1.CleanItem) {
	item.DryRun = s.cfg.Actor.DryRun()
	if item.Category == "" {
		s.candidates.Forget(uidOf(item)) // it has recovered since
		return
	}
	if s.candidates.rest(uidOf(item), SkipReason(item.SkipReason)) {
		_ = s.cfg.Tell(item)
	}
}

// decision returns what was told about a pod and has no result yet.
func (s *Sweeper) decision(uid types.UID) (v1alpha1.CleanItem, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	item, ok := s.begun[uid]
	return item, ok
}

// Left returns the decisions that were told and not carried out to their end,
// because the run ended before another attempt. They are concluded with it.
func (s *Sweeper) Left() int {
	s.mu.Lock()
	left := make([]v1alpha1.CleanItem, 0, len(s.begun))
	for _, item := range s.begun {
		left = append(left, item)
	}
	s.mu.Unlock()
	for _, item := range left {
		s.conclude(outcome{result: v1alpha1.ResultError, err: errors.New("stopped before another attempt")}.on(item))
	}
	return len(left)
}
