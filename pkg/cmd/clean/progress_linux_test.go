// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podwatch/kubectl-podwatch/test/pty"
)

func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	other, screen := pty.Pair(t)
	on := func(o Options) Options {
		o.IOStreams = genericiooptions.IOStreams{ErrOut: screen}
		return o
	}
	p := newProgress(on(Options{}), 40)
	if p == nil {
		t.Fatal("no progress on a terminal")
	}
	p.step()
	p.done()
	if err := screen.Close(); err != nil {
		t.Fatal(err)
	}
	shown := make([]byte, 64<<10)
	n, err := other.Read(shown)
	if text := string(shown[:n]); err != nil || !strings.Contains(text, "1/40") {
		t.Errorf("shown %q, %v; want 1 of 40", text, err)
	}

	var pipe bytes.Buffer
	for name, silent := range map[string]*progress{
		"a pipe": newProgress(Options{IOStreams: genericiooptions.IOStreams{ErrOut: &pipe}}, 40),
		"quiet":  newProgress(on(Options{Quiet: true}), 40),
	} {
		silent.step()
		silent.done()
		if silent != nil || pipe.Len() > 0 {
			t.Errorf("%s: progress is shown: %q", name, pipe.String())
		}
	}
}
