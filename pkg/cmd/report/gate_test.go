// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/report"
)

// The exit code is the same for every format and for whatever is shown.
func TestGateIsTheSameForEveryOutput(t *testing.T) {
	t.Parallel()
	outputs := [][]string{
		{"-o", "table"},
		{"-o", "wide"},
		{"-o", "json"},
		{"-o", "yaml"},
		{"-o", "kyaml"},
		{"-o", "name"},
		{"-o", "jsonpath={.kind}"},
		{"-o", "go-template={{.kind}}"},
		{"--group-by", "pod"},
		{"--group-by", "node", "-o", "wide"},
		{"--group-by", "none"},
		{"--cause", "Evicted"},
		{"--category", "Image"},
		{"--min-severity", "critical"},
		{"--since", "1s"},
		{"--limit", "1"},
		{"--expand"},
		{"--show-info"},
		{"--show-healthy"},
		{"--include-completed"},
		{"--no-headers", "--no-summary", "--no-hints"},
		{"--sort-by", "restarts"},
		{"--color", "always"},
	}
	for gate, want := range map[string]int{
		"none": 0, "critical": 2, "warning": 2, "info": 2,
		"CrashLoop": 2, "CrashLoop/ExitCode": 2, "CrashLoop/OOMKilled": 0, "Evicted": 2, "ConfigError": 0, "ConfigError,warning": 2,
	} {
		for _, output := range outputs {
			t.Run(gate+" "+strings.Join(output, " "), func(t *testing.T) {
				t.Parallel()
				streams, _, _, _ := genericiooptions.NewTestIOStreams()
				c := report.NewCommand(streams, func(string) (string, bool) { return "", false }, "v1")
				c.SilenceUsage, c.SilenceErrors = true, true
				c.SetArgs(append([]string{
					"-f", "../../../testdata/corpus/001-crashloop-exit1.yaml", "-f", "../../../testdata/corpus/070-evicted-memory-status-unknown.yaml",
					"--now", "2026-11-20T12:00:00Z", "--fail-on", gate,
				}, output...))
				if err := c.ExecuteContext(t.Context()); exit.Code(err) != want {
					t.Errorf("exit code %d (%v), want %d", exit.Code(err), err, want)
				}
			})
		}
	}
}
