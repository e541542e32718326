// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	// MaxInput bounds one input in bytes. 150,000 pods in kubectl's indented
	// JSON take about 2 GiB.
	MaxInput = 4 << 30
	// MaxDocument bounds one object in bytes, and one YAML document that has to
	// be read whole. etcd does not take objects above 1.5 MiB; the YAML parser
	// takes up to 60 times the text.
	MaxDocument = 16 << 20
	// maxPending bounds the items of one list that wait for its kind.
	maxPending = 256 << 20
)

// limits are bounds in bytes.
type limits struct {
	input             int64
	document, pending int
}

// Input is one stream of documents and the name that errors call it by.
type Input struct {
	Name   string
	Reader io.Reader
}

// Open returns the inputs that paths name, opening each when its turn comes
// and closing it after. The path "-" is stdin, which is not closed.
func Open(paths []string, stdin io.Reader) iter.Seq2[Input, error] {
	return func(yield func(Input, error) bool) {
		for _, path := range paths {
			if !open(path, stdin, yield) {
				return
			}
		}
	}
}

func open(path string, stdin io.Reader, yield func(Input, error) bool) (more bool) {
	if path == "-" {
		return yield(Input{Name: path, Reader: stdin}, nil)
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = errors.New("is a directory, want a file")
	}
	if err != nil {
		return yield(Input{}, fmt.Errorf("read %q: %w", path, cause(err)))
	}
	file, err := os.Open(path)
	if err != nil {
		return yield(Input{}, fmt.Errorf("read %q: %w", path, cause(err)))
	}
	defer func() { _ = file.Close() }() // It was only read.
	return yield(Input{Name: path, Reader: file}, nil)
}

// cause drops the operation and the path, which our own text names.
func cause(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}

// text returns r as UTF-8 without a byte order mark. PowerShell writes UTF-16
// when the output of a program is redirected.
func text(r io.Reader, size int) *bufio.Reader {
	b := bufio.NewReaderSize(r, size)
	mark, err := b.Peek(2)
	if err != nil {
		return b
	}
	switch string(mark) {
	case "\xfe\xff", "\xff\xfe", "\xef\xbb":
		decoder := unicode.BOMOverride(encoding.Nop.NewDecoder())
		return bufio.NewReaderSize(transform.NewReader(b, decoder), size)
	default:
		return b
	}
}

// bounded fails once more than max bytes were read, so that a stream without an
// end is told from one that ends there.
type bounded struct {
	r         io.Reader
	read, max int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.read += int64(n); b.read > b.max {
		return 0, fmt.Errorf("larger than %d MiB", b.max>>20)
	}
	return n, err
}
