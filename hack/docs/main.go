// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Command docs keeps the documentation true. It writes docs/causes.md from the rules, and it runs every
// command that a Markdown file marks and writes its output below the mark. A mark is a line
//
//	<!-- generated: kubectl podwatch report -f testdata/x.yaml -->
//
// with a fenced block below it. Commands run in the top folder of the checkout, without a cluster.
package main

//go:generate sh -c "cd ../.. && go run ./hack/docs"

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run brings the pages of the checkout in the working directory up to date.
func run() error {
	for name, value := range environment() {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	fresh, err := pages()
	if err != nil {
		return err
	}
	for name, text := range fresh {
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // a file of the repository
			return fmt.Errorf("write page: %w", err)
		}
	}
	return nil
}

// environment is where --help takes defaults from. They must not be those of one machine.
func environment() map[string]string {
	return map[string]string{"HOME": "/home/you", "KUBECONFIG": os.DevNull, "TZ": "UTC"}
}

// pages returns the pages with something generated in them, as they should be, by file name.
func pages() (map[string][]byte, error) {
	names, err := filepath.Glob("docs/*.md")
	if err != nil {
		return nil, err
	}
	fresh := map[string][]byte{}
	for _, name := range append(names, "README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read page: %w", err)
		}
		if marked.Match(text) {
			fresh[name] = marked.ReplaceAllFunc(text, refresh)
		}
	}
	fresh["docs/causes.md"] = causes()
	return fresh, nil
}

// marked is a mark, its command, and the block below it.
var marked = regexp.MustCompile("(?m)^<!-- generated: kubectl podwatch(.*) -->\n```console\n(?s:.*?)^```$")

// aged is the one line that depends on the day on which a page is made.
var aged = regexp.MustCompile("(?m)^Warning: the capture is more than a day old; .*\n")

// refresh returns what should stand in the place of block.
func refresh(block []byte) []byte {
	args := string(marked.FindSubmatch(block)[1])
	var fresh bytes.Buffer
	fmt.Fprintf(&fresh, "<!-- generated: kubectl podwatch%s -->\n```console\n$ kubectl podwatch%s\n", args, args)
	// Both streams, in the order of writing, as on a terminal.
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: &fresh, ErrOut: &fresh}
	noEnv := func(string) (string, bool) { return "", false }
	cmd.Main(context.Background(), strings.Fields(args), streams, noEnv)
	fresh.WriteString("```")
	return aged.ReplaceAll(fresh.Bytes(), nil)
}
