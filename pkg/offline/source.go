// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// bufferSize is how far a source can look ahead.
const bufferSize = 64 << 10

var errCutOff = errors.New("cut off: the input ends inside of the object")

// source reads bytes and knows in which line it is.
type source struct {
	r *bufio.Reader
	// max bounds what take appends to a buffer.
	max  int
	line int
	// fresh is true at the beginning of a line.
	fresh bool
}

// ahead returns up to n unread bytes, fewer only before the end or an error.
func (s *source) ahead(n int) []byte {
	b, _ := s.r.Peek(n)
	return b
}

// window returns what is buffered, at least one byte except at the end.
func (s *source) window() []byte {
	_ = s.ahead(1)
	return s.ahead(s.r.Buffered())
}

// ended returns why there is nothing ahead: nil at the end of the input.
func (s *source) ended() error {
	if _, err := s.r.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// cutOff is the error for an input that ends too early.
func (s *source) cutOff() error {
	if err := s.ended(); err != nil {
		return err
	}
	return errCutOff
}

// skip consumes n bytes that are ahead.
func (s *source) skip(n int) {
	b := s.ahead(n)
	if len(b) == 0 {
		return
	}
	s.line += bytes.Count(b, []byte("\n"))
	s.fresh = b[len(b)-1] == '\n'
	_, _ = s.r.Discard(len(b))
}

// take appends the n bytes ahead to buf and consumes them.
func (s *source) take(buf []byte, n int) ([]byte, error) {
	if len(buf)+n > s.max {
		return buf, fmt.Errorf("the object is larger than %d MiB", s.max>>20)
	}
	buf = append(buf, s.ahead(n)...)
	s.skip(n)
	return buf, nil
}

// skipSpace consumes the white space of JSON and returns the byte that follows,
// 0 at the end.
func (s *source) skipSpace() byte {
	for {
		b := s.window()
		rest := bytes.TrimLeft(b, " \t\r\n")
		s.skip(len(b) - len(rest))
		switch {
		case len(rest) > 0:
			return rest[0]
		case len(b) == 0:
			return 0
		}
	}
}

// takeSpace is skipSpace that appends what it consumes to buf.
func (s *source) takeSpace(buf []byte) ([]byte, error) {
	for {
		b := s.window()
		n := len(b) - len(bytes.TrimLeft(b, " \t\r\n"))
		var err error
		if buf, err = s.take(buf, n); err != nil || n < len(b) || n == 0 {
			return buf, err
		}
	}
}

// skipBlankLines consumes lines of white space, but not the indentation of the
// line behind them.
func (s *source) skipBlankLines() {
	for {
		b := s.window()
		blank := b[:len(b)-len(bytes.TrimLeft(b, " \t\r\n"))]
		n := bytes.LastIndexByte(blank, '\n') + 1
		if n == 0 {
			return
		}
		s.skip(n)
	}
}

// skipLine consumes the rest of the line, however long.
func (s *source) skipLine() {
	for {
		b := s.window()
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			s.skip(i + 1)
			return
		}
		if len(b) == 0 {
			return
		}
		s.skip(len(b))
	}
}

// takeLine appends the next line, with its end, to buf.
func (s *source) takeLine(buf []byte) ([]byte, error) {
	for {
		b := s.window()
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return s.take(buf, i+1)
		}
		if len(b) == 0 {
			return buf, s.ended()
		}
		var err error
		if buf, err = s.take(buf, len(b)); err != nil {
			return buf, err
		}
	}
}

// takeValue appends the next JSON value to buf. It finds the end of the value
// and no more: whether it is valid shows when it is decoded.
func (s *source) takeValue(buf []byte) ([]byte, error) {
	var v value
	for {
		b := s.window()
		if len(b) == 0 {
			return buf, s.cutOff()
		}
		n, done := v.scan(b)
		var err error
		if buf, err = s.take(buf, n); done || err != nil {
			return buf, err
		}
	}
}

// value finds the end of a JSON value that comes in pieces.
type value struct {
	depth           int
	quoted, escaped bool
}

// scan returns how many bytes of b belong to the value, and whether it ends
// there.
func (v *value) scan(b []byte) (n int, done bool) {
	for i := 0; i < len(b); i++ {
		if v.quoted {
			if i = v.string(b, i); i < len(b) && v.depth == 0 {
				return i + 1, true
			}
			continue
		}
		switch b[i] {
		case '"':
			v.quoted = true
		case '{', '[':
			v.depth++
		case '}', ']':
			if v.depth--; v.depth < 0 {
				return i, true
			}
			if v.depth == 0 {
				return i + 1, true
			}
		case ' ', '\t', '\r', '\n', ',', ':':
			if v.depth == 0 {
				return i, true
			}
		}
	}
	return len(b), false
}

// string returns the index of the quote that ends the string which b[i] is in,
// len(b) if that comes later.
func (v *value) string(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch {
		case v.escaped:
			v.escaped = false
		case b[i] == '\\':
			v.escaped = true
		case b[i] == '"':
			v.quoted = false
			return i
		}
	}
	return i
}
