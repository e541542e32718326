// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/report"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/watch"
)

const long = `Which pods are broken, why, since when, what is the next command, and which of
them can safely be removed.

Exit codes:
` + exit.Table

// version is set by the release build: the linker can set nothing but a
// variable.
var version = ""

// NewCommand returns the command tree. lookupEnv is os.LookupEnv except in
// tests.
func NewCommand(streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-podwatch",
		Short: "Tell which pods are broken and why, and clean up what can go",
		Long:  long,
		Annotations: map[string]string{
			cobra.CommandDisplayNameAnnotation: "kubectl podwatch",
		},
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return exit.Hint(err, c.CommandPath()+" --help")
	})
	verbosity := root.PersistentFlags().IntP("v", "v", 0, "verbosity of the Kubernetes client's log on standard error")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		return setVerbosity(*verbosity, streams.ErrOut)
	}
	root.AddCommand(
		report.NewCommand(streams, lookupEnv, buildVersion()),
		watch.NewCommand(streams, lookupEnv, buildVersion()),
		clean.NewCommand(streams, lookupEnv),
		newVersion(streams),
	)
	for _, c := range root.Commands() {
		c.Long = strings.TrimSpace(c.Long) + "\n\nExit codes:\n" + exit.Table
	}
	return root
}

func newVersion(streams genericiooptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(streams.Out, "kubectl-podwatch "+buildVersion())
			return err
		},
	}
}

// buildVersion is the release, or what the go command recorded of the sources.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
