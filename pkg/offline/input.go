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
	// MaxArchive bounds what is taken out of one archive, in bytes.
	MaxArchive = 16 << 30
	// MaxEntries bounds the files of one directory or archive. A must-gather of
	// 5,000 pods has some 50,000.
	MaxEntries = 500_000
	// maxRatio bounds how far an archive may expand. Logs shrink to a tenth or
	// a hundredth; deflate can do a thousandth, of nothing but repetition.
	maxRatio = 250
)

// limits are bounds in bytes, but for entries and ratio.
type limits struct {
	input             int64
	document, pending int
	archive           int64
	entries, ratio    int
}

func defaultLimits() limits {
	return limits{
		input: MaxInput, document: MaxDocument, pending: maxPending,
		archive: MaxArchive, entries: MaxEntries, ratio: maxRatio,
	}
}

// Input is one stream of documents and what errors call it by. It is only valid
// until the next one is asked for.
type Input struct {
	// Name is the path that was given.
	Name string
	// Entry is the path inside of the directory or the archive Name, with
	// slashes; empty for a file that was named itself.
	Entry  string
	Reader io.Reader
}

// Open returns the inputs that paths name, opening each when its turn comes
// and closing it after. The path "-" is stdin, which is not closed. A directory
// gives the files below it in the order of their names, a tar archive, also a
// compressed one, those in it: as far as their names say that they may be of
// use. Links, devices and archives in them are not followed. An error with an
// Entry is about that entry alone, any other ends the input.
func Open(paths []string, stdin io.Reader) iter.Seq2[Input, error] {
	return openAll(paths, stdin, defaultLimits())
}

func openAll(paths []string, stdin io.Reader, most limits) iter.Seq2[Input, error] {
	return func(yield func(Input, error) bool) {
		for _, path := range paths {
			if !open(path, stdin, most, yield) {
				return
			}
		}
	}
}

func open(path string, stdin io.Reader, most limits, yield func(Input, error) bool) (more bool) {
	if path == "-" {
		return unpack(path, stdin, most, yield)
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return openFolder(path, most, yield)
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path)
	}
	if err != nil {
		return yield(Input{Name: path}, cause(err))
	}
	defer func() { _ = file.Close() }() // It was only read.
	return unpack(path, file, most, yield)
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
