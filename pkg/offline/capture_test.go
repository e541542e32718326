// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/offline"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

func TestCaptureTimeIsTheNewestTimeOfAll(t *testing.T) {
	t.Parallel()
	const newest = "2026-11-20T12:00:00Z"
	for name, text := range map[string]string{
		"creation":                 `{"kind":"Pod","metadata":{"creationTimestamp":"` + newest + `"}}`,
		"deletion less its grace":  `{"kind":"Pod","metadata":{"deletionTimestamp":"2026-11-20T12:00:30Z","deletionGracePeriodSeconds":30}}`,
		"deletion without grace":   `{"kind":"Pod","metadata":{"deletionTimestamp":"` + newest + `"}}`,
		"managed fields":           `{"kind":"Pod","metadata":{"managedFields":[{"time":"` + newest + `"},{}]}}`,
		"start":                    `{"kind":"Pod","status":{"startTime":"` + newest + `"}}`,
		"condition":                `{"kind":"Pod","status":{"conditions":[{"lastTransitionTime":"` + newest + `"}]}}`,
		"container running":        `{"kind":"Pod","status":{"containerStatuses":[{"state":{"running":{"startedAt":"` + newest + `"}}}]}}`,
		"init container ended":     `{"kind":"Pod","status":{"initContainerStatuses":[{"state":{"terminated":{"finishedAt":"` + newest + `"}}}]}}`,
		"last run of a container":  `{"kind":"Pod","status":{"ephemeralContainerStatuses":[{"lastState":{"terminated":{"finishedAt":"` + newest + `"}}}]}}`,
		"event of the core group":  `{"kind":"Event","lastTimestamp":"` + newest + `"}`,
		"event of the new group":   `{"kind":"Event","eventTime":"2026-11-20T12:00:00.000000Z"}`,
		"series of an event":       `{"kind":"Event","series":{"lastObservedTime":"2026-11-20T12:00:00.000000Z"}}`,
		"heartbeat of a node":      `{"kind":"Node","status":{"conditions":[{"lastHeartbeatTime":"` + newest + `"}]}}`,
		"completion of a job":      `{"kind":"Job","metadata":{"uid":"u"},"status":{"completionTime":"` + newest + `"}}`,
		"another time zone":        `{"kind":"Pod","metadata":{"creationTimestamp":"2026-11-20T13:00:00+01:00"}}`,
		"creation of other things": `{"kind":"Service","metadata":{"creationTimestamp":"` + newest + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const old = `{"kind":"Pod","metadata":{"creationTimestamp":"2026-11-19T00:00:00Z"}}`
			_, s, err := names(t, old+text+old)
			if err != nil {
				t.Fatalf("Read: %v", err)
			}
			if got := s.CaptureTime.UTC().Format(time.RFC3339); got != newest {
				t.Errorf("CaptureTime = %s, want %s", got, newest)
			}
		})
	}
}

func TestCaptureTimeOfATimelessPodIsUnknown(t *testing.T) {
	t.Parallel()
	_, s, err := names(t, `{"kind":"Pod"}`)
	if err != nil || !s.CaptureTime.IsZero() {
		t.Errorf("CaptureTime = %v, %v, want the zero time", s.CaptureTime, err)
	}
}

func TestOwnersComeFromTheCapture(t *testing.T) {
	t.Parallel()
	const capture = `{"kind":"List","items":[
		{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"odd","namespace":"x","uid":"rs",
			"ownerReferences":[{"kind":"Deployment","name":"web","controller":true}]}},
		{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"nightly-1","namespace":"x","uid":"job",
			"ownerReferences":[{"kind":"CronJob","name":"nightly","controller":true}]}},
		{"kind":"Pod","metadata":{"name":"a","namespace":"x",
			"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"odd","uid":"rs","controller":true}]}},
		{"kind":"Pod","metadata":{"name":"b","namespace":"x",
			"ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":"nightly-1","uid":"job","controller":true}]}}]}`
	pods := []*projection.Pod{}
	s, err := offline.Read(one("in", strings.NewReader(capture)), func(p *corev1.Pod) error {
		pods = append(pods, projection.From(p))
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	for i, want := range []string{"Deployment/web", "CronJob/nightly"} {
		if w := s.Related.Workload(related.OriginOf(pods[i])); w.Kind+"/"+w.Name != want {
			t.Errorf("workload of %s = %v, want %s", pods[i].Name, w, want)
		}
	}
}

// The corpus is read from its files, and joined to one stream.
func TestReadCorpus(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../testdata/corpus/*.yaml")
	if err != nil || len(paths) != 35 {
		t.Fatalf("corpus has %d files, %v, want 35", len(paths), err)
	}
	count := func(*corev1.Pod) error { return nil }
	s, err := offline.Read(offline.Open(paths, nil), count)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC); s.Pods != 35 || s.CaptureTime.After(now) || now.Sub(s.CaptureTime) > time.Minute {
		t.Errorf("Pods = %d, CaptureTime = %v, want 35 and just before %v", s.Pods, s.CaptureTime, now)
	}
	joined := strings.Builder{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		joined.WriteString("---\n")
		joined.Write(data)
	}
	again, err := offline.Read(one("joined", strings.NewReader(joined.String())), count)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if again.Pods != s.Pods || !again.CaptureTime.Equal(s.CaptureTime) {
		t.Errorf("joined: %d pods until %v, want %d until %v", again.Pods, again.CaptureTime, s.Pods, s.CaptureTime)
	}
}
