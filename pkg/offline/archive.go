// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	tarBlock = 512
	// ratioFrom is how much an archive may expand to before its ratio counts: a
	// small one that is all repetition does no harm.
	ratioFrom = 64 << 20
)

var (
	errArchiveCutOff = errors.New("cut off: the archive ends too early")
	errOutside       = errors.New("the name leads out of the archive")
)

// unpack gives the entries of an archive, or r itself if it is none. What r is
// shows in its first bytes, whatever it is called.
func unpack(name string, r io.Reader, most limits, yield func(Input, error) bool) (more bool) {
	consumed := &counter{r: r}
	b := bufio.NewReaderSize(consumed, bufferSize)
	magic, _ := b.Peek(6)
	if other := otherArchive(magic); other != "" {
		return yield(Input{Name: name}, fmt.Errorf("is %s, want a file, a directory, .tar or .tar.gz", other))
	}
	if !bytes.HasPrefix(magic, []byte("\x1f\x8b")) {
		return untar(name, b, most, yield)
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return yield(Input{Name: name}, unpackError(err))
	}
	return untar(name, bufio.NewReaderSize(&inflated{r: z, from: consumed, most: most}, bufferSize), most, yield)
}

func otherArchive(magic []byte) string {
	for mark, what := range map[string]string{
		"PK\x03\x04": "a zip archive", "BZh": "compressed with bzip2",
		"\xfd7zXZ\x00": "compressed with xz", "\x28\xb5\x2f\xfd": "compressed with zstd",
	} {
		if bytes.HasPrefix(magic, []byte(mark)) {
			return what
		}
	}
	return ""
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// inflated is a decompressor that ends with an error before it has expanded
// more than is allowed.
type inflated struct {
	r    io.Reader
	from *counter
	n    int64
	most limits
}

func (i *inflated) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	i.n += int64(n)
	switch {
	case i.n > i.most.archive:
		return 0, fmt.Errorf("larger than %d MiB when it is unpacked", i.most.archive>>20)
	case i.n > ratioFrom && i.n/int64(i.most.ratio) > i.from.n:
		return 0, fmt.Errorf("expands to more than %d times its size", i.most.ratio)
	case err != nil:
		return n, unpackError(err)
	}
	return n, nil
}

// unpackError says in the words of a reader what is wrong with an archive.
func unpackError(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errArchiveCutOff
	case errors.Is(err, tar.ErrHeader):
		return errors.New("the tar archive is damaged")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return errors.New("the compressed data is damaged")
	default:
		return err
	}
}

// isTar tells whether b begins with the header of a tar archive.
func isTar(b *bufio.Reader) bool {
	block, _ := b.Peek(tarBlock)
	if len(block) < tarBlock {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(block)).Next()
	return !errors.Is(err, tar.ErrHeader) && !errors.Is(err, io.EOF)
}

// untar gives the entries of the tar archive b, or b itself if it is none.
func untar(name string, b *bufio.Reader, most limits, yield func(Input, error) bool) (more bool) {
	if !isTar(b) {
		return yield(Input{Name: name, Reader: b}, nil)
	}
	rest := &bounded{r: b, max: most.archive}
	t := tar.NewReader(rest)
	useful := 0
	for n := 1; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// The checksum comes last.
			if _, err = io.Copy(io.Discard, rest); err == nil && useful > 0 {
				return true
			}
			return yield(Input{Name: name}, cmp.Or(err, errNothingUseful))
		}
		if err == nil && n > most.entries {
			err = fmt.Errorf("more than %d entries", most.entries)
		}
		if err != nil {
			return yield(Input{Name: name}, unpackError(err))
		}
		entry, err := entryName(h.Name)
		if h.Typeflag != tar.TypeReg || entry == "" || !placeOf(entry).useful() {
			continue
		}
		useful++
		if !yield(Input{Name: name, Entry: entry, Reader: t}, err) {
			return false
		}
	}
}

// entryName returns the name of an entry in its shortest form. One that leads
// out of the archive is told: nothing is written anywhere, but where such a
// file would lie says nothing about what it is.
func entryName(name string) (string, error) {
	clean := path.Clean(strings.ReplaceAll(name, `\`, "/"))
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") {
		return clean, errOutside
	}
	if clean == "." {
		return "", nil
	}
	return clean, nil
}
