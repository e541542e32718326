// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// zoneOffset has a process of this test run in a time zone that many hours east.
const zoneOffset = "PODWATCH_TEST_ZONE_OFFSET"

// TestS13_TheOutputDoesNotDependOnTheTimeZone runs the whole command in processes
// of their own, since the local time zone is the process's.
func TestS13_TheOutputDoesNotDependOnTheTimeZone(t *testing.T) {
	t.Parallel()
	if offset, ok := os.LookupEnv(zoneOffset); ok {
		hours, err := time.ParseDuration(offset)
		if err != nil {
			t.Fatal(err)
		}
		time.Local = time.FixedZone("local", int(hours.Seconds()))
		if _, err := os.Stdout.Write(planInEachFormat(t)); err != nil {
			t.Fatal(err)
		}
		return
	}
	var want string
	for _, offset := range []string{"0h", "9h", "-7h30m"} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestS13_TheOutputDoesNotDependOnTheTimeZone$")
		child.Env = append(os.Environ(), zoneOffset+"="+offset)
		out, err := child.CombinedOutput()
		if err != nil {
			t.Fatalf("UTC%s: %v\n%s", offset, err, out)
		}
		got, _, ended := strings.Cut(string(out), "PASS\n")
		if want == "" {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" || !ended || !strings.Contains(got, "observedAt") {
			t.Errorf("output at %s from UTC (-UTC +there):\n%s", offset, diff)
		}
	}
}

func planInEachFormat(t *testing.T) []byte {
	t.Helper()
	snapshot := filepath.Join("..", "..", "..", "hack", "demo", "snapshot.yaml")
	var all bytes.Buffer
	for _, format := range []string{"table", "wide", "json", "yaml", "name"} {
		c := NewCommand(genericiooptions.IOStreams{In: strings.NewReader(""), Out: &all, ErrOut: &all}, func(string) (string, bool) { return "", false })
		c.SetArgs([]string{"-f", snapshot, "-o", format, "--explain"})
		if err := c.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return all.Bytes()
}
