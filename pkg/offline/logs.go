// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

const (
	// tailSize is how much is kept of the log of one container: some hundred
	// lines.
	tailSize = 16 << 10
	// maxTails bounds what is kept of all logs.
	maxTails = 64 << 20
)

// Log names what a container has printed in one of its runs.
type Log struct {
	Namespace, Pod, Container string
	// Previous is true for the run before the present one.
	Previous bool
}

// tails keeps the ends of logs. The zero value is empty and ready for use.
type tails struct {
	kept map[Log]tail
	size int
}

// tail is the end of a log; cut is true if there was more in front of it.
type tail struct {
	text []byte
	cut  bool
}

// add keeps the end of a log, unless too much is kept already. A log that is
// there twice stays as it came first.
func (t *tails) add(of Log, end tail) {
	end.text = bytes.Clone(bytes.TrimRight(end.text, "\r\n"))
	if _, known := t.kept[of]; known || len(end.text) == 0 || t.size+len(end.text) > maxTails {
		return
	}
	if t.kept == nil {
		t.kept = map[Log]tail{}
	}
	t.kept[of] = end
	t.size += len(end.text)
}

// read keeps the end of the log r, which ends with an error behind most bytes.
func (t *tails) read(of Log, r io.Reader, most int64) error {
	var end ring
	if s, ok := r.(io.Seeker); ok {
		// A log may be large, and only its end is of use. In one that is shorter
		// than its end nothing is sought, and it is read as it is.
		at, err := s.Seek(-tailSize, io.SeekEnd)
		end.cut = err == nil && at > 0
	}
	if _, err := io.Copy(&end, &bounded{r: r, max: most}); err != nil {
		return err
	}
	t.add(of, end.tail())
	return nil
}

// ring keeps the last tailSize bytes that were written to it, and forgets those
// before by and by.
type ring struct {
	buf []byte
	cut bool
}

func (r *ring) Write(p []byte) (int, error) {
	n := len(p)
	if n > tailSize {
		p, r.cut = p[n-tailSize:], true
	}
	if len(r.buf)+len(p) > 2*tailSize {
		r.buf, r.cut = append(r.buf[:0], r.buf[len(r.buf)-tailSize:]...), true
	}
	r.buf = append(r.buf, p...)
	return n, nil
}

func (r *ring) tail() tail {
	cut := max(0, len(r.buf)-tailSize)
	return tail{text: r.buf[cut:], cut: r.cut || cut > 0}
}

// Log returns the last lines of a log of the capture, at most that many, without
// control characters and what looks like credentials. ok is false if the capture
// does not have it. It is safe for concurrent use once Read has returned.
func (s *Snapshot) Log(of Log, lines int) (last []string, ok bool) {
	end, ok := s.logs.kept[of]
	if !ok {
		return nil, false
	}
	text := string(end.text)
	if end.cut {
		text = behindLine(text)
		// A private key that begins in front of the tail is not told by its
		// beginning.
		if i, j := strings.Index(text, "-----END "), strings.Index(text, "-----BEGIN "); i >= 0 && (j < 0 || i < j) {
			text = behindLine(text[i:])
		}
	}
	last = strings.Split(plaintext.Redact(plaintext.Clean(text)), "\n")
	return last[max(0, len(last)-max(lines, 0)):], true
}

// behindLine returns what follows the first line of text.
func behindLine(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

// A dump says where the log of a container begins and ends (kubectl,
// pkg/cmd/clusterinfo/clusterinfo_dump.go).
const (
	logBegins = "==== START logs for container "
	logEnds   = "==== END logs for container "
)

// atLog is true where the log of a container begins.
func (d *decoder) atLog() bool {
	return d.fresh && bytes.HasPrefix(d.ahead(len(logBegins)), []byte(logBegins))
}

// log reads the log of one container up to the line that ends it. The text in
// front of that mark need not end in a newline.
func (d *decoder) log() error {
	begin := d.line
	head, err := d.takeLine(nil)
	if err != nil {
		return d.at(begin, err)
	}
	c := d.snapshot.captureAt(d.input, d.place)
	c.whole, c.logs = true, true
	name := bytes.TrimPrefix(bytes.TrimRight(head, "\r\n"), []byte(logBegins))
	mark := append([]byte(logEnds), name...)
	of, known := parseLogName(string(name))
	if len(mark) > tailSize/2 {
		return d.at(begin, errors.New("the name of the container is too long"))
	}
	var end ring
	for {
		b := d.window()
		if len(b) == 0 {
			return d.at(begin, d.cutOff())
		}
		i := bytes.IndexByte(b, '\n')
		n := len(b)
		if i >= 0 {
			n = i + 1
		}
		_, _ = end.Write(b[:n])
		d.skip(n)
		if i < 0 && len(d.ahead(1)) > 0 {
			continue
		}
		whole := end.tail()
		var ended bool
		if whole.text, ended = bytes.CutSuffix(bytes.TrimRight(whole.text, "\r\n"), mark); ended {
			if known && !isRequestError(whole.text) {
				d.snapshot.logs.add(of, whole)
			}
			return nil
		}
	}
}

// isRequestError is true for what a dump holds in place of a log that could not
// be read.
func isRequestError(text []byte) bool {
	return bytes.HasPrefix(text, []byte("Request log error: ")) || bytes.HasPrefix(text, []byte("Create log request error: "))
}

// parseLogName reads "CONTAINER of pod NAMESPACE/POD ====".
func parseLogName(name string) (of Log, ok bool) {
	container, rest, ok := strings.Cut(name, " of pod ")
	if !ok {
		return Log{}, false
	}
	rest, ok = strings.CutSuffix(rest, " ====")
	if !ok {
		return Log{}, false
	}
	namespace, pod, ok := strings.Cut(rest, "/")
	return Log{Namespace: namespace, Pod: pod, Container: container}, ok
}
