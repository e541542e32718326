// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/panics"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

// The back-off of an act that failed (R14).
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// ErrLate is wrapped by the error of a run that had to leave work behind: an
// act, or a reader that has stopped reading. Emit may still be busy then.
var ErrLate = errors.New("stop: work was still in hand")

// Engine judges the pods of its sources. Run it once.
type Engine struct {
	cfg    Config
	intake *intake
	queue  workqueue.TypedDelayingInterface[Key]
	// acts is the queue of what is acted on: queue itself, but UntilStopped, where
	// acts must not hold up verdicts.
	acts     workqueue.TypedDelayingInterface[Key]
	backOff  workqueue.TypedRateLimiter[Key]
	out      *sequencer
	schedule *schedule
	// survey is nil if nothing is read above pods, and in a replay.
	survey *survey
	// inPlace judges frames where they are taken in, without workers.
	inPlace bool
	// firing is held while what is due is taken in.
	firing sync.Mutex

	reconciliations atomic.Int64
	ended           time.Time

	mu sync.Mutex
	// known holds the last verdict on every pod that is there.
	known map[Key]known
	// doubtful holds the pods whose verdicts are in doubt.
	doubtful map[Key]doubt
	// plan holds the keys that are still to be acted on.
	plan map[Key]planned
	// status says how far each source can be trusted, by context and namespace.
	status map[[2]string]stream.Status
	// awaited counts the sources whose initial list the first Synced waits for.
	awaited int
	// read is true once a source has synced, told once Synced was said.
	read, told bool
	failures   []error

	synced   chan struct{} // closed when Synced was emitted
	settled  chan struct{} // closed when plan is empty
	finished chan error    // the first reason to end
}

// New returns an engine that has not started.
func New(cfg Config) (*Engine, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	e := &Engine{
		cfg:      cfg,
		intake:   newIntake(cfg),
		out:      newSequencer(),
		schedule: newSchedule(cfg.Clock),
		known:    map[Key]known{},
		doubtful: map[Key]doubt{},
		plan:     map[Key]planned{},
		backOff:  workqueue.NewTypedItemExponentialFailureRateLimiter[Key](firstRetry, lastRetry),
		status:   map[[2]string]stream.Status{},
		awaited:  len(cfg.Sources),
		inPlace:  cfg.Until == UntilSynced,
		synced:   make(chan struct{}),
		settled:  make(chan struct{}),
		finished: make(chan error, 1),
	}
	if cfg.Surveyor != nil {
		e.survey = newSurvey(cfg)
		e.intake.pods = map[place]map[within]types.UID{}
	}
	e.queue = workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[Key]{Clock: cfg.Clock})
	e.acts = e.queue
	if cfg.Until == UntilStopped && cfg.Actor != nil {
		e.acts = workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[Key]{Clock: cfg.Clock})
	}
	return e, nil
}

// Run runs until what Config.Until names, calling emit for every event, one at
// a time. See the package documentation for what ends it and what it returns.
func (e *Engine) Run(ctx context.Context, emit func(Event) error) error {
	live, stop := context.WithCancel(ctx)
	defer stop()
	// Acts and their clean-up may use the grace, so their context outlives ctx.
	acting, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()

	emitted := make(chan struct{})
	go func() {
		defer close(emitted)
		e.guard(func() {
			if err := e.out.run(e.andThenSynced(emit)); err != nil {
				e.finish(err)
			}
		})
	}()
	var sources, workers sync.WaitGroup
	e.start(live, acting, &sources, &workers)

	err := e.wait(ctx)

	stop()
	if e.cfg.Until == UntilStopped {
		e.fireDue() // what is due by now belongs to the run
	}
	e.ended = e.intake.end()
	late := !e.within(e.cfg.Grace, func() {
		sources.Wait()
		e.queue.ShutDown()
		e.acts.ShutDown()
		workers.Wait()
		e.guard(e.judgeLeft)
		e.out.close()
		<-emitted
	})
	if late {
		abort()
		e.queue.ShutDown()
		e.acts.ShutDown()
		e.out.abandon()
		return errors.Join(err, fmt.Errorf("%w after %s", ErrLate, e.cfg.Grace))
	}
	if err == nil {
		select {
		case err = <-e.finished: // emit failed during the drain
		default:
		}
	}
	return err
}

// start starts all goroutines of a run but the sequencer.
func (e *Engine) start(live, acting context.Context, sources, workers *sync.WaitGroup) {
	e.startTicks(e.intake.note(Delivery{}))
	for _, source := range e.cfg.Sources {
		sources.Go(func() { e.guard(func() { e.runSource(live, source) }) })
	}
	if e.cfg.Until == UntilSynced {
		return
	}
	for range e.cfg.Workers {
		workers.Go(func() { e.guard(func() { e.work(live, acting) }) })
		if e.acts != e.queue {
			workers.Go(func() { e.guard(func() { e.workActs(live, acting) }) })
		}
	}
	sources.Go(func() { e.guard(func() { e.schedule.run(live, e.fireDue) }) })
	e.startSurvey(live, sources)
	e.startNamed(live, sources)
	if e.cfg.Until == UntilSettled {
		workers.Go(func() { e.guard(func() { e.makePlan(live) }) })
	}
}

// guard calls f; a panic ends the run, and nothing waits for what f has left undone.
func (e *Engine) guard(f func()) {
	if fault := panics.Catch(f); fault != nil {
		e.finish(fmt.Errorf("judge pods: %w", fault))
		e.out.abandon()
	}
}

// wait returns the reason why the run ends.
func (e *Engine) wait(ctx context.Context) error {
	var done chan struct{}
	switch e.cfg.Until {
	case UntilSynced:
		done = e.synced
	case UntilSettled:
		done = e.settled
	case UntilStopped:
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-e.finished:
		return err
	case <-done:
		return nil
	}
}

// andThenSynced lets the run go on from its first sync once emit has returned
// from Synced, not earlier: whoever plans must have seen every pod.
func (e *Engine) andThenSynced(emit func(Event) error) func(Event) error {
	return func(ev Event) error {
		err := emit(ev)
		if ev.Type == Synced && err == nil {
			close(e.synced)
		}
		return err
	}
}

// finish ends the run; the first reason counts.
func (e *Engine) finish(err error) {
	select {
	case e.finished <- err:
	default:
	}
}

// within calls f and reports whether it returned in time.
func (e *Engine) within(limit time.Duration, f func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := e.cfg.Clock.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C():
		return false
	}
}

// startSurvey starts to read above pods, in every context, once the pods with
// findings are known.
func (e *Engine) startSurvey(ctx context.Context, wg *sync.WaitGroup) {
	if e.survey == nil {
		return
	}
	for name := range e.survey.changed {
		wg.Go(func() {
			select {
			case <-ctx.Done():
			case <-e.synced:
				e.survey.run(ctx, name, e.surround)
			}
		})
	}
}

// startTicks makes the first Tick due one distance after at.
func (e *Engine) startTicks(at time.Time) {
	if e.cfg.SummaryEvery > 0 {
		e.schedule.set(appointment{purpose: tick}, at.Add(e.cfg.SummaryEvery))
	}
}

// Reconciliations returns how many reconciliations there were so far. It may
// be called at any time.
func (e *Engine) Reconciliations() int64 { return e.reconciliations.Load() }

// Ended returns when the run stopped taking in, once Run or Replay has returned.
func (e *Engine) Ended() time.Time { return e.ended }
