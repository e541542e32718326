// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/logs"
	"github.com/podwatch/kubectl-podwatch/pkg/offline"
	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

const (
	// A bare --logs, and what a card shows unasked.
	bareLines, cardLines = 20, 10
	maxLines             = 1000
)

// LogOptions say how many last lines of logs are read.
type LogOptions struct {
	// Lines is for reports that are tables or documents, CardLines for cards; 0
	// reads nothing.
	Lines, CardLines int
	// Cards is true if the report may be printed as a card.
	Cards bool
}

// logLines is the flag --logs. Not given, it leaves the number to the output.
type logLines struct {
	lines int
	given bool
}

func (l *logLines) addTo(set *pflag.FlagSet) {
	set.Var(l, "logs", "read the last N lines of what the worst pod of each group wrote; 20 if N is left out, and a card of one pod shows 10 unasked")
	set.Lookup("logs").NoOptDefVal = strconv.Itoa(bareLines)
}

// Set implements pflag.Value.
func (l *logLines) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxLines {
		return fmt.Errorf("want a number from 0 to %d", maxLines)
	}
	l.lines, l.given = n, true
	return nil
}

// String implements pflag.Value.
func (l *logLines) String() string { return strconv.Itoa(l.lines) }

// Type implements pflag.Value.
func (l *logLines) Type() string { return "N" }

func (f *flags) logOptions(s scope.Scope, v view) LogOptions {
	o := LogOptions{Lines: f.logs.lines, CardLines: f.logs.lines}
	if !f.logs.given {
		o.CardLines = cardLines
	}
	o.Cards = len(s.Targets) > 0 && v.table != nil && v.table.Cards(f.display.output)
	return o
}

// captured takes logs from what a capture holds of them.
type captured struct{ *offline.Snapshot }

// Tail implements logs.Tailer.
func (c captured) Tail(_ context.Context, namespace, pod, container string, previous bool, lines int) ([]string, error) {
	tail, ok := c.Log(offline.Log{Namespace: namespace, Pod: pod, Container: container, Previous: previous}, lines)
	if !ok {
		return nil, logs.ErrNone
	}
	return tail, nil
}

// logLines is how many last lines what is printed of r shows; 0 reads nothing.
func (o Options) logLines(r *v1alpha1.PodReport) int {
	if _, card := printers.CardOf(r); card && o.Logs.Cards {
		return o.Logs.CardLines
	}
	return o.Logs.Lines
}
