// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
)

// The targets of a full run.
const (
	perSecond   = 2000
	maxP99      = 100 * time.Millisecond
	maxConverge = time.Second
	// maxGrowth is what the resident memory may differ between the first and the
	// last third: the collector's own swing.
	maxGrowth = 1.15
)

// child makes this test binary a podwatch of its own.
const child = "PODWATCH_SOAK_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
		os.Exit(cmd.Main(context.Background(), os.Args[1:], streams, os.LookupEnv))
	}
	flag.Duration("duration", 2*time.Second, "how long the updates last; the targets hold from a minute on")
	flag.Parse()
	os.Exit(m.Run())
}

func duration(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(flag.Lookup("duration").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// podwatch is a `watch -o json` that runs.
type podwatch struct {
	process *exec.Cmd
	out     *bufio.Scanner
}

func start(t *testing.T, s *server) *podwatch {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config")
	content := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\nusers: [{name: u, user: {}}]\n"+
		"clusters: [{name: c, cluster: {server: %q}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n", s.URL)
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return watching(t, config, "soak")
}

// watching starts a watch of a namespace.
func watching(t *testing.T, kubeconfig, namespace string) *podwatch {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, "watch", "-o", "json", "-n", namespace, "--summary-every", "0", "--kubeconfig", kubeconfig)
	c.Env = append(os.Environ(), child+"=1")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		_ = c.Wait()
	})
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<20)
	return &podwatch{process: c, out: scanner}
}

// next returns the next event about a pod.
func (p *podwatch) next(t *testing.T) v1alpha1.PodWatchEvent {
	t.Helper()
	for p.out.Scan() {
		var e v1alpha1.PodWatchEvent
		if err := json.Unmarshal(p.out.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Name != "" {
			return e
		}
	}
	t.Fatal("the output has ended")
	return v1alpha1.PodWatchEvent{}
}

// resident is the process's memory in bytes, 0 where the system does not tell.
func (p *podwatch) resident() int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.process.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		var kb int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

// sent remembers when the frames of each pod were sent.
type sent struct {
	mu    sync.Mutex
	times map[string][]time.Time
}

func (s *sent) put(pod string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[pod] = append(s.times[pod], time.Now())
}

// take returns when the oldest frame of pod was sent whose event has not come.
func (s *sent) take(pod string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.times[pod]) == 0 {
		return time.Time{}, false
	}
	at := s.times[pod][0]
	s.times[pod] = s.times[pod][1:]
	return at, true
}

// F44: each update changes the state of a pod, so each makes one line.
func TestF44_TwoThousandUpdatesASecond(t *testing.T) {
	const pods = 500
	d := duration(t)
	total := int(d.Seconds() * perSecond)
	when := &sent{times: map[string][]time.Time{}}
	s := newServer(t, pods, func(s *server, send func(string)) {
		begin := time.Now()
		for n := 0; n < total; {
			time.Sleep(5 * time.Millisecond)
			for due := min(int(time.Since(begin).Seconds()*perSecond), total); n < due; n++ {
				status := notReady
				if n/pods%2 == 1 {
					status = ready
				}
				frame := s.frame("MODIFIED", n%pods, status)
				when.put(name(n % pods))
				send(frame)
			}
		}
	})
	p := start(t, s)
	var latencies []time.Duration
	var memory []int
	begin := time.Now()
	for len(latencies) < total {
		e := p.next(t)
		at, ok := when.take(e.Name)
		if !ok {
			t.Fatalf("an event without a frame: %+v", e)
		}
		if e.Gap {
			t.Fatalf("frames of %s were merged", e.Name)
		}
		latencies = append(latencies, time.Since(at))
		if len(latencies)%(perSecond/2) == 0 {
			memory = append(memory, p.resident())
		}
	}
	took := time.Since(begin)
	slices.Sort(latencies)
	p50, p99 := latencies[len(latencies)/2], latencies[len(latencies)*99/100]
	third := max(len(memory)/3, 1)
	first, last := mean(memory[:third]), mean(memory[len(memory)-third:])
	t.Logf("%d updates in %v (%.0f/s): event to output p50 %v, p99 %v, max %v; resident %d MB at first, %d MB at last, %d CPUs",
		total, took.Round(time.Millisecond), float64(total)/took.Seconds(), p50, p99, latencies[len(latencies)-1], first>>20, last>>20, runtime.NumCPU())
	if d < time.Minute {
		return
	}
	if p99 > maxP99 {
		t.Errorf("p99 %v, want at most %v", p99, maxP99)
	}
	if float64(last) > maxGrowth*float64(first) {
		t.Errorf("resident memory grew from %d to %d MB", first>>20, last>>20)
	}
}

// F43: a node goes with all its pods.
func TestF43_FiveThousandPodsFailAtOnce(t *testing.T) {
	const pods = 5000
	begun := make(chan time.Time, 1)
	s := newServer(t, pods, func(s *server, send func(string)) {
		time.Sleep(time.Second) // the initial list is judged
		var all strings.Builder
		for i := range pods {
			all.WriteString(s.frame("MODIFIED", i, failed))
		}
		begun <- time.Now()
		send(all.String())
	})
	p := start(t, s)
	seen := map[string]bool{}
	for len(seen) < pods {
		if e := p.next(t); e.Type == v1alpha1.EventPodFailed && !e.Gap {
			seen[e.Name] = true
		} else {
			t.Fatalf("told %+v, want only failed pods", e)
		}
	}
	took := time.Since(<-begun)
	t.Logf("%d pods failed at once: all told after %v, %d MB resident", pods, took.Round(time.Millisecond), p.resident()>>20)
	const maxMemory = 150 << 20
	if duration(t) >= time.Minute && (took > maxConverge || p.resident() > maxMemory) {
		t.Errorf("want at most %v and %d MB", maxConverge, maxMemory>>20)
	}
}

// F36: behind a reader that has stopped, frames of one pod merge, so that memory
// does not grow with the number of updates; what it reads later says so.
func TestF36_AReaderThatStopsCostsNoMemory(t *testing.T) {
	const pods = 200
	d := duration(t)
	total := int(d.Seconds() * perSecond)
	done := make(chan struct{})
	s := newServer(t, pods, func(s *server, send func(string)) {
		begin := time.Now()
		for n := 0; n < total; {
			time.Sleep(5 * time.Millisecond)
			for due := min(int(time.Since(begin).Seconds()*perSecond), total); n < due; n++ {
				send(s.frame("MODIFIED", n%pods, []string{notReady, ready, failed}[n/pods%3]))
			}
		}
		send(s.frame("MODIFIED", pods, failed)) // the last word
		close(done)
	})
	p := start(t, s)
	p.out.Scan() // the summary, and then nothing more
	time.Sleep(d / 2)
	half := p.resident()
	<-done
	full := p.resident()
	events, gaps := 0, 0
	for {
		e := p.next(t)
		events++
		if e.Gap {
			gaps++
		}
		if e.Name == name(pods) {
			break
		}
	}
	t.Logf("%d updates behind a reader that has stopped: resident %d MB halfway, %d MB at the end; then %d events, %d after a gap",
		total, half>>20, full>>20, events, gaps)
	if d < time.Minute {
		return // in a short run the frames may still be on their way when the reader goes on
	}
	if gaps == 0 {
		t.Error("nothing was merged, or nobody was told")
	}
	if float64(full) > maxGrowth*float64(half) {
		t.Errorf("resident memory grew from %d to %d MB", half>>20, full>>20)
	}
}

// F45: a large cluster. Only a full run has the time.
func TestF45_AHundredThousandPods(t *testing.T) {
	if duration(t) < time.Minute {
		t.Skip("only with -duration 60s")
	}
	const pods, maxMemory, maxSummary = 100_000, 400 << 20, 20 * time.Second
	s := newServer(t, pods, func(*server, func(string)) {})
	begin := time.Now()
	p := start(t, s)
	if !p.out.Scan() {
		t.Fatal("no summary")
	}
	took, memory := time.Since(begin), p.resident()
	t.Logf("%d pods: summary after %v, %d MB resident", pods, took.Round(time.Millisecond), memory>>20)
	if took > maxSummary || memory > maxMemory {
		t.Errorf("want at most %v and %d MB", maxSummary, maxMemory>>20)
	}
}

func mean(values []int) int {
	sum := 0
	for _, v := range values {
		sum += v
	}
	return sum / max(len(values), 1)
}
