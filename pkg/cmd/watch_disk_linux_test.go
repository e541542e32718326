// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
)

// limited names the variable with the arguments of a podwatch that this test binary is to
// be, in a process that can write no file.
const limited = "PODWATCH_TEST_LIMITED"

// runLimited runs podwatch where every write to a file fails.
func runLimited(t *testing.T, args ...string) (stderr string, code int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()[:strings.IndexByte(t.Name(), '/')]+"$") //nolint:gosec // itself
	c.Env = append(os.Environ(), limited+"="+strings.Join(args, "\n"))
	var errOut bytes.Buffer
	c.Stderr = &errOut
	if err := c.Run(); c.ProcessState == nil {
		t.Fatal(err)
	}
	return errOut.String(), c.ProcessState.ExitCode()
}

// beLimited is the other side of runLimited; it returns in the test itself.
func beLimited(t *testing.T) {
	t.Helper()
	args, ok := os.LookupEnv(limited)
	if !ok {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{}); err != nil {
		t.Fatal(err)
	}
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: os.Stdout, ErrOut: os.Stderr}
	os.Exit(cmd.Main(context.Background(), strings.Split(args, "\n"), streams, noEnv)) //nolint:usetesting // it is no test
}

// A recording that cannot be written is no reason to watch on for hours, but one to
// keep a gate.
func TestARecordingThatCannotBeWrittenIsToldAtOnce(t *testing.T) {
	beLimited(t)
	t.Parallel()
	for name, test := range map[string]struct {
		args   []string
		code   int
		stderr string
	}{
		"it ends the run": {nil, 3, "error: write recording %[1]q: write %[1]s: file too large\n"},
		"a gate goes on": {
			[]string{"--until", "healthy", "--stable-for", "1s"},
			3,
			"warning: write recording %[1]q: write %[1]s: file too large\n" +
				"error: write recording %[1]q: write %[1]s: file too large\n",
		},
		"a gate that does not hold is no less": {
			[]string{"--until", "healthy", "--min-pods", "9", "--timeout", "1s"},
			2,
			"warning: write recording %[1]q: write %[1]s: file too large\n" +
				"error: wait for healthy: timed out after 1s: there is 1 pod, want at least 9 | write recording %[1]q: write %[1]s: file too large\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := frametest.New(t)
			srv.Put(runningPod("shop", "a"))
			file := filepath.Join(t.TempDir(), "recording")
			args := append([]string{"watch", "-o", "none", "--record", file, "--kubeconfig", kubeconfig(t, srv.Config().Host)}, test.args...)
			stderr, code := runLimited(t, args...)
			if want := fmt.Sprintf(test.stderr, file); code != test.code || stderr != want {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", code, test.code, stderr, want)
			}
		})
	}
}
