// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
)

// killedRun is "KUBECONFIG|NAMESPACE|ARCHIVE" in the process that is to be killed.
const killedRun = "PODWATCH_TEST_KILLED_RUN"

// TestKilledInTheMiddle has a process kill itself, as kill -9 does, among many
// deletions. What happened stands in the archive and the journal.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	if args := os.Getenv(killedRun); args != "" {
		dieInTheMiddle(t, strings.Split(args, "|"))
		return
	}
	b := newBench(t)
	const pods = 150
	b.many(pods)
	there := map[string]string{} // name by UID
	for _, name := range b.names() {
		there[string(b.get(name).UID)] = name
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledInTheMiddle$")
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%s|%s", killedRun, b.server.Kubeconfig(), b.namespace, b.options.Archive))
	if out, err := child.CombinedOutput(); err == nil {
		t.Fatalf("the process was not killed:\n%s", out)
	}
	left := map[string]bool{}
	for _, name := range b.names() {
		left[name] = true
	}
	decisions, results := journalOf(t, b.options.Archive)
	open := 0
	for uid, name := range there {
		decision, decided := decisions[uid]
		result, concluded := results[uid]
		switch {
		case !left[name] && !decided:
			t.Errorf("pod %s is gone and the journal does not know it", name)
		case !decided:
			continue
		case concluded && result.Result == v1alpha1.ResultDeleted && left[name]:
			t.Errorf("pod %s is there and the journal says it was deleted", name)
		case !concluded:
			open++
		}
		if _, err := os.Stat(decision.ArchivePath); err != nil {
			t.Errorf("pod %s was decided on and is not archived: %v", name, err)
		}
	}
	if len(decisions) < killAt || len(left) == 0 || open > killedWorkers {
		t.Errorf("%d decisions, %d without a result, %d pods left", len(decisions), open, len(left))
	}
	// Each archived manifest is whole.
	files, err := filepath.Glob(filepath.Join(b.options.Archive, "*.json"))
	if err != nil || len(files) < killAt {
		t.Fatalf("archive = %d files, %v", len(files), err)
	}
	if _, err := clean.ReadArchived([]string{b.options.Archive}, clean.Cluster{}, time.Now(), func(string, string, bool) bool { return true }); err != nil {
		t.Error(err)
	}
	// The next run goes on where it ended. A request that is cut off can leave
	// its pod marked as deleted, for the kubelet to finish.
	b.options.Yes = true
	r, err := b.run(t.Context())
	marked := r.Summary.SkippedByReason[string(clean.SkipAlreadyTerminating)]
	if err != nil || r.Summary.Deleted+marked != r.Summary.Scanned || marked > killedWorkers || len(b.names()) != marked {
		t.Errorf("next run = %v, summary %+v, want all that were left", err, r.Summary)
	}
}

const (
	killAt        = 60
	killedWorkers = 8
)

func dieInTheMiddle(t *testing.T, args []string) {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", args[0])
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	var deletes atomic.Int32
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodDelete && deletes.Add(1) == killAt {
				if self, err := os.FindProcess(os.Getpid()); err == nil {
					_ = self.Kill()
				}
				select {}
			}
			return next.RoundTrip(r)
		})
	})
	o := inAnotherProcess(t, config, args[1], args[2])
	o.Quiet, o.Format, o.Concurrency = true, "table", killedWorkers
	_ = run(context.WithoutCancel(t.Context()), o)
}

// inAnotherProcess are the options of a clean in a process that a test has
// started.
func inAnotherProcess(t *testing.T, config *rest.Config, namespace, archive string) Options {
	t.Helper()
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard},
		Cluster:   scope.Cluster{Namespaces: []string{namespace}, Core: clientset.CoreV1()},
		Jobs:      clientset.BatchV1(), Reviews: clientset.AuthorizationV1(), Thresholds: diagnose.Defaults(), Clock: clock.RealClock{},
		Limits: clean.Limits{Ended: 1000}, DryRun: v1alpha1.DryRunNone, Yes: true, Archive: archive, Concurrency: 1,
	}
}
