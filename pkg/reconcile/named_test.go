// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
)

func TestNamedWorkloadsAreReadThoughNothingIsWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var deliveries []Delivery
		var reads atomic.Int32
		start := time.Now()
		around := &jobs{}
		around.set("import")
		pod := with(healthy("a"), of("import"))
		cfg := Config{
			Sources: []Source{initially(pod).then(time.Second, func(h stream.Handler) {
				h.Upsert(projection.From(with(pod, failed)), stream.Frame{})
			}).source()},
			Until: UntilStopped, Surveyor: around,
			Named: func(context.Context, Source) Surroundings {
				n := reads.Add(1)
				return Surroundings{Owners: []*projection.Owner{{Kind: "Deployment", Name: "web", UID: "web", Updated: n / 3}}}
			},
			Tap: func(d Delivery) { deliveries = append(deliveries, d) },
		}
		events, _ := run(t, cfg, 11*time.Second)
		named := func(events []Event) []string {
			var out []string
			for _, ev := range events {
				if ev.Type == Read && ev.Surroundings.Named {
					out = append(out, fmt.Sprintf("%s %d", ev.Time.Sub(start), ev.Surroundings.Owners[0].Updated))
				}
			}
			return out
		}
		// Read every two seconds, told when it has changed.
		if diff := cmp.Diff([]string{"0s 0", "4s 1", "10s 2"}, named(events)); diff != "" || reads.Load() != 6 {
			t.Errorf("read %d times, told (-want +got):\n%s", reads.Load(), diff)
		}
		// What is known above the pods stays known.
		if diff := cmp.Diff([]string{"1s a critical doubtful", "1.021s a warning", "6.021s a warning"}, verdicts(start, events)); diff != "" {
			t.Errorf("verdicts (-want +got):\n%s", diff)
		}
		replayed := replayOf(t, cfg, deliveries)
		if diff := cmp.Diff(named(events), named(replayed)); diff != "" {
			t.Errorf("the run and its replay (-run +replay):\n%s", diff)
		}
	})
}
