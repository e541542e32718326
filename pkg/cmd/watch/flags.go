// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/clocks"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/gate"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
	"github.com/podwatch/kubectl-podwatch/pkg/transition"
)

// The defaults of a gate. A rollout that is not done in five minutes is stuck
// more often than slow; ten seconds outlast a Deployment controller that has not
// begun yet.
const (
	gateTimeout = 5 * time.Minute
	gateStable  = 10 * time.Second
)

// maxDetail bounds the lines and events that follow a crash.
const maxDetail = 50

// flags are the flags of watch alone.
type flags struct {
	scope  *scope.Flags
	clocks *clocks.Flags
	clean  cleanFlags
	// set has all flags of the command, own those that only watch has.
	set, own *pflag.FlagSet

	output, color, timestamps, minSeverity, summaryPods string
	recoverAfter, until, record, replay, owners         string

	waitFor                                   []string
	summaryEvery, idleTimeout, connectTimeout time.Duration
	timeout, stableFor, maxStale              time.Duration
	minPods, workers, logs, events            int
	replaySpeed                               float64
	ascii                                     bool
}

// addTo adds the flags to the command's.
func (f *flags) addTo(set *pflag.FlagSet) {
	f.set, f.own = set, pflag.NewFlagSet("watch", pflag.ContinueOnError)
	f.scope.AddTo(set)
	f.clocks.AddTo(set)
	f.addOwn(f.own)
	f.clean.addTo(f.own)
	set.AddFlagSet(f.own)
}

func (f *flags) addOwn(set *pflag.FlagSet) {
	set.StringVarP(&f.output, "output", "o", "auto", "output format: auto (live on a terminal, else line), live, "+strings.Join(printers.EventFormats(), ", "))
	set.StringVar(&f.color, "color", string(printers.ColorAuto), "colour: auto, always, never")
	set.BoolVar(&f.ascii, "ascii", false, "keep arrows and lines that are not ASCII out of the output")
	set.StringVar(&f.timestamps, "timestamps", string(printers.TimestampsTime), "how lines begin: time, rfc3339, none")
	set.StringVar(&f.minSeverity, "min-severity", string(v1alpha1.SeverityInfo), "least severity of pods' events: info, warning, critical")
	set.StringVar(&f.summaryPods, "summary-pods", string(transition.SummaryUnhealthy), "pods that a summary lists, up to twenty: unhealthy, all, none")
	set.StringVar(&f.recoverAfter, "recover-after", "auto", "how long a pod must be well to have recovered; auto is twice its last run, from one to ten minutes")
	set.IntVar(&f.logs, "logs", 5, "lines of the previous log that follow a crash; 0 for none")
	set.IntVar(&f.events, "events", 3, "events that follow a crash; 0 for none")
	set.StringVar(&f.owners, "owners", string(related.Auto), "read workloads and namespaces around findings: auto, never, require")
	set.DurationVar(&f.summaryEvery, "summary-every", time.Minute, "distance of the summaries; 0 for none")
	set.DurationVar(&f.idleTimeout, "idle-timeout", 100*time.Second, "silence after which the connection counts as dead; suspicious at three quarters of it; at least "+stream.BookmarkWait.String()+", for a quiet server is heard of once a minute")
	set.DurationVar(&f.connectTimeout, "connect-timeout", 30*time.Second, "how long the first connection may take")
	set.IntVar(&f.workers, "workers", 2, "pods that are judged at once")
	set.StringVar(&f.until, "until", "", "end when all pods are so: healthy")
	set.StringArrayVar(&f.waitFor, "for", nil, "end when all pods meet this: condition=TYPE[=STATUS], phase=PHASE, delete; repeatable, all must hold")
	set.DurationVar(&f.timeout, "timeout", gateTimeout, "with --until or --for: how long to wait at most; 0 for ever")
	set.DurationVar(&f.stableFor, "stable-for", gateStable, "with --until or --for: how long it must hold (with --for alone 0s if not given)")
	set.IntVar(&f.minPods, "min-pods", 1, "with --until or --for: how many pods there must be")
	set.DurationVar(&f.maxStale, "max-stale", 0, "with --until or --for: give up with 3 after not seeing the pods for so long; 0 never")
	set.StringVar(&f.record, "record", "", "write all that is seen to this new file, for --replay")
	set.StringVar(&f.replay, "replay", "", "replay this recording instead of watching a cluster; - is standard input")
	set.Float64Var(&f.replaySpeed, "replay-speed", 0, "how many times as fast as recorded a replay is; 0 is as fast as possible")
}

// resolve checks the flags first and makes clients last.
func (f *flags) resolve(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool), args []string) (Options, error) {
	o := Options{
		IOStreams: streams, Thresholds: f.clocks.Thresholds, Clock: clock.RealClock{},
		SummaryEvery: f.summaryEvery, Workers: f.workers, Record: f.record, Logs: f.logs, Events: f.events,
		Stream: stream.Config{Keep: stream.KeepProjections, IdleTimeout: f.idleTimeout, ConnectTimeout: f.connectTimeout},
	}
	var err error
	if o.Scope, err = f.scope.Scope(args); err != nil {
		return o, err
	}
	if len(o.Scope.Files) > 0 {
		return o, exit.Hint(errors.New("flag --filename: a file does not change, there is nothing to watch; a recording is for --replay"),
			"kubectl podwatch report -f "+o.Scope.Files[0])
	}
	if err = f.check(); err != nil {
		return o, err
	}
	if o.Gate, err = f.gate(); err != nil {
		return o, err
	}
	if o.Clean, err = f.clean.resolve(o.Scope, streams, lookupEnv); err != nil {
		return o, err
	}
	o.Machine = f.output == "json" || f.output == "yaml"
	o.Tell = transition.Options{
		MinSeverity: v1alpha1.Severity(f.minSeverity), SummaryPods: transition.SummaryPods(f.summaryPods),
		Selective: o.Scope.LabelSelector != "" || o.Scope.FieldSelector != "",
	}
	if o.Owners, err = related.ParseMode(f.owners); err != nil {
		return o, fmt.Errorf("flag --owners: %w", err)
	}
	if o.Tell.RecoverAfter, err = f.recovery(); err != nil {
		return o, err
	}
	if o.Printer, err = f.printer(streams, lookupEnv); err != nil {
		return o, err
	}
	if o.Live, err = f.live(streams, lookupEnv); err != nil {
		return o, err
	}
	if f.replay != "" {
		o.Replay = Replay{File: f.replay, Speed: f.replaySpeed, OwnThresholds: f.ownThresholds()}
		return o, f.checkReplay(o.Scope)
	}
	if o.Clusters, err = f.scope.Clusters(o.Scope, "kubectl-podwatch"); err != nil || o.Clean == nil {
		return o, err
	}
	return o, o.Clean.connect(o.Clusters[0], lookupEnv)
}

func (f *flags) check() error {
	if err := f.checkEmpty(); err != nil {
		return err
	}
	if err := f.clocks.Check(); err != nil {
		return err
	}
	for _, choice := range []struct {
		flag, value string
		allowed     []string
	}{
		{"timestamps", f.timestamps, []string{string(printers.TimestampsTime), string(printers.TimestampsRFC3339), string(printers.TimestampsNone)}},
		{"min-severity", f.minSeverity, []string{string(v1alpha1.SeverityInfo), string(v1alpha1.SeverityWarning), string(v1alpha1.SeverityCritical)}},
		{"summary-pods", f.summaryPods, []string{string(transition.SummaryUnhealthy), string(transition.SummaryAll), string(transition.SummaryNone)}},
	} {
		if !slices.Contains(choice.allowed, choice.value) {
			return fmt.Errorf("flag --%s %q: want one of %s", choice.flag, choice.value, strings.Join(choice.allowed, ", "))
		}
	}
	return f.checkNumbers()
}

// checkEmpty refuses what a shell makes of a variable that is not set: --replay would
// watch the cluster instead.
func (f *flags) checkEmpty() error {
	var err error
	f.own.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed && strings.TrimSpace(flag.Value.String()) == "" && err == nil {
			err = fmt.Errorf("flag --%s: the value is empty", flag.Name)
		}
	})
	return err
}

func (f *flags) checkNumbers() error {
	for _, d := range []struct {
		flag  string
		value time.Duration
		least time.Duration
		want  string
	}{
		{"summary-every", f.summaryEvery, 0, "no negative duration"},
		{"idle-timeout", f.idleTimeout, stream.BookmarkWait, "at least " + stream.BookmarkWait.String() + ": a quiet server is heard of once a minute"},
		{"connect-timeout", f.connectTimeout, 1, "a positive duration"},
		{"timeout", f.timeout, 0, "no negative duration"},
		{"stable-for", f.stableFor, 0, "no negative duration"},
		{"max-stale", f.maxStale, 0, "no negative duration"},
	} {
		if d.value < d.least {
			return fmt.Errorf("flag --%s %v: want %s", d.flag, d.value, d.want)
		}
	}
	for _, n := range []struct {
		flag               string
		value, least, most int
		want               string
	}{
		{"logs", f.logs, 0, maxDetail, fmt.Sprintf("0 to %d", maxDetail)},
		{"events", f.events, 0, maxDetail, fmt.Sprintf("0 to %d", maxDetail)},
		{"min-pods", f.minPods, 0, math.MaxInt, "no negative number"},
		{"workers", f.workers, 1, math.MaxInt, "at least 1"},
	} {
		if n.value < n.least || n.value > n.most {
			return fmt.Errorf("flag --%s %d: want %s", n.flag, n.value, n.want)
		}
	}
	switch {
	case f.replaySpeed < 0 || math.IsNaN(f.replaySpeed):
		return fmt.Errorf("flag --replay-speed %v: want no negative number", f.replaySpeed)
	case f.set.Changed("replay-speed") && f.replay == "":
		return errors.New("flag --replay-speed: there is nothing to replay without --replay")
	}
	return nil
}

// gate makes the gate of --until and --for; without them there is none.
func (f *flags) gate() (gate.Options, error) {
	o := gate.Options{MinPods: f.minPods, StableFor: f.stableFor, Timeout: f.timeout, MaxStale: f.maxStale}
	switch {
	case f.until == "healthy":
		o.Conditions = append(o.Conditions, gate.Healthy())
	case f.set.Changed("until"):
		return o, fmt.Errorf("flag --until %q: want healthy", f.until)
	case !f.set.Changed("stable-for"):
		o.StableFor = 0
	}
	for _, text := range f.waitFor {
		c, err := gate.Parse(text)
		if err != nil {
			return o, fmt.Errorf("flag --for %w", err)
		}
		o.Conditions = append(o.Conditions, c)
	}
	if len(o.Conditions) > 1 && o.Absence() {
		return o, errors.New("flag --for delete: pods that are gone meet no other condition")
	}
	if len(o.Conditions) > 0 {
		return o, nil
	}
	for _, name := range []string{"timeout", "stable-for", "min-pods", "max-stale"} {
		if f.set.Changed(name) {
			return o, fmt.Errorf("flag --%s: there is nothing to wait for without --until or --for", name)
		}
	}
	return o, nil
}

// recovery is the value of --recover-after, 0 for auto.
func (f *flags) recovery() (time.Duration, error) {
	if f.recoverAfter == "auto" {
		return 0, nil
	}
	d, err := time.ParseDuration(f.recoverAfter)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("flag --recover-after %q: want auto or a positive duration such as 90s", f.recoverAfter)
	}
	return d, nil
}

// ownThresholds reports whether a replay is to be judged otherwise than the run.
func (f *flags) ownThresholds() bool {
	return slices.ContainsFunc([]string{"warn-after", "critical-after", "restart-window", "restart-threshold"}, f.set.Changed)
}

// checkReplay refuses what a replay would ignore.
func (f *flags) checkReplay(s scope.Scope) error {
	switch {
	case f.record != "":
		return errors.New("flags --replay and --record exclude each other")
	case f.set.Changed("owners"):
		return errors.New("flags --replay and --owners exclude each other: what was read is in the recording")
	case s.All || len(s.Namespaces)+len(s.Contexts)+len(s.Targets) > 0 || s.LabelSelector != "" || s.FieldSelector != "":
		return errors.New("flag --replay: the recording says which pods there are; leave out contexts, namespaces, selectors and names")
	}
	return nil
}
