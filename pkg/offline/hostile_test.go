// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/offline"
)

func regular(name string, size int) *tar.Header {
	return &tar.Header{Name: name, Size: int64(size), Mode: 0o600, Typeflag: tar.TypeReg}
}

// What leads elsewhere is not followed, and what is no file is not opened.
func TestReadTakesOnlyFilesOfAnArchive(t *testing.T) {
	t.Parallel()
	other := func(name string, kind byte) *tar.Header {
		return &tar.Header{Name: name, Typeflag: kind, Linkname: "/etc/passwd", Mode: 0o600}
	}
	inside := tarOf(t, files{"b.json": podB}, regular("b.json", len(podB)))
	contents := files{"a.json": podA, "../up.json": podB, "/abs.json": podB, "x/../../up.json": podB, `..\up.json`: podB, "in.tar": string(inside), "in.json": string(inside)}
	data := tarOf(t, contents,
		other("link.json", tar.TypeSymlink), other("hard.json", tar.TypeLink), other("fifo.json", tar.TypeFifo),
		other("char.json", tar.TypeChar), other("block.json", tar.TypeBlock), other("dir.json", tar.TypeDir),
		regular("../up.json", len(podB)), regular("/abs.json", len(podB)), regular("x/../../up.json", len(podB)), regular(`..\up.json`, len(podB)),
		regular("in.tar", len(inside)), regular("in.json", len(inside)), regular("a.json", len(podA)),
	)
	got := []string{}
	s, err := offline.Read(offline.Open([]string{"-"}, bytes.NewReader(compress(t, data))), func(p *corev1.Pod) error {
		got = append(got, p.Name)
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if diff := cmp.Diff([]string{"a"}, got); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
	outside := 0
	for _, l := range s.Limitations {
		if strings.Contains(l.Effect, "the name leads out of the archive") {
			outside++
		}
	}
	// The archive in the archive is told as what it is not: a manifest.
	if outside != 4 || len(s.Limitations) > 5 {
		t.Errorf("limitations = %v, want the four names that lead out, and at most the inner archive", s.Limitations)
	}
}

// lying is a tar archive whose only entry claims to be larger than it is.
func lying(t *testing.T) []byte {
	t.Helper()
	data := tarOf(t, files{"a.json": podA}, regular("a.json", len(podA)))
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(regular("a.json", 1<<30)); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), data[512:]...)
}

func TestReadRefusesArchives(t *testing.T) {
	t.Parallel()
	whole := files{"a.json": podA}.tar(t)
	zipped := compress(t, whole)
	damaged := bytes.Clone(zipped)
	damaged[len(damaged)-6] ^= 0xff
	tests := map[string]struct {
		input io.Reader
		want  string
	}{
		"cut off in the compressed data":     {bytes.NewReader(zipped[:len(zipped)/2]), `read "-": document 1, line 1: cut off: the archive ends too early`},
		"cut off in the header of gzip":      {bytes.NewReader(zipped[:5]), `read "-": cut off: the archive ends too early`},
		"wrong checksum":                     {bytes.NewReader(damaged), `read "-": the compressed data is damaged`},
		"cut off in an entry":                {bytes.NewReader(whole[:520]), `read "-": cut off: the archive ends too early`},
		"a size that is wrong":               {bytes.NewReader(lying(t)), `read "-": cut off: the archive ends too early`},
		"a damaged second header":            {bytes.NewReader(append(bytes.Clone(whole[:1024]), bytes.Repeat([]byte("x"), 1024)...)), `read "-": the tar archive is damaged`},
		"a zip archive":                      {strings.NewReader("PK\x03\x04rest"), `read "-": is a zip archive, want a file, a directory, .tar or .tar.gz`},
		"an archive without manifests":       {bytes.NewReader(files{"a.txt": "text"}.tar(t)), `read "-": no file in it can hold pods, want JSON or YAML`},
		"only a broken file":                 {bytes.NewReader(files{"a.json": "{\"kind\""}.tar(t)), `read "-": no pods, and what is broken in "a.json" is not in the report: document 1, line 1: cut off: the input ends inside of the object`},
		"gzip of gzip":                       {bytes.NewReader(compress(t, compress(t, []byte(podA)))), `read "-": document 1, line 1: control characters are not allowed`},
		"a control character in a file name": {bytes.NewReader(files{"a\x1b[31m\n.json": "{\"kind\""}.tar(t)), `read "-": no pods, and what is broken in "a\x1b[31m\n.json" is not in the report: document 1, line 1: cut off: the input ends inside of the object`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := offline.Read(offline.Open([]string{"-"}, tt.input), func(*corev1.Pod) error { return nil })
			if err == nil || err.Error() != tt.want {
				t.Errorf("error = %v, want %s", err, tt.want)
			}
		})
	}
}

// packed streams what write writes, compressed.
func packed(t *testing.T, write func(io.Writer) error) io.Reader {
	t.Helper()
	r, w := io.Pipe()
	t.Cleanup(func() { _ = r.Close() })
	go func() {
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		err := write(z)
		_ = w.CloseWithError(errors.Join(err, z.Close()))
	}()
	return r
}

// zeros writes a tar archive of one entry of n zeros.
func zeros(name string, n int64) func(io.Writer) error {
	return func(w io.Writer) error {
		a := tar.NewWriter(w)
		if err := a.WriteHeader(&tar.Header{Name: name, Size: n, Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		if _, err := io.CopyN(a, devZero{}, n); err != nil {
			return err
		}
		return a.Close()
	}
}

type devZero struct{}

func (devZero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestReadBoundsArchives(t *testing.T) {
	t.Parallel()
	many := func(w io.Writer) error {
		a := tar.NewWriter(w)
		for i := range 1_000_000 {
			if err := a.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.txt", i), Typeflag: tar.TypeReg}); err != nil {
				return err
			}
		}
		return a.Close()
	}
	tests := map[string]struct {
		input   io.Reader
		archive int64
		want    string
	}{
		"a bomb":                  {packed(t, zeros("a.json", 8<<30)), offline.MaxArchive, "expands to more than 250 times its size"},
		"a bomb of no use":        {packed(t, zeros("a.bin", 8<<30)), offline.MaxArchive, "expands to more than 250 times its size"},
		"a bomb that is no tar":   {packed(t, func(w io.Writer) error { _, err := io.CopyN(w, devZero{}, 8<<30); return err }), offline.MaxArchive, "the object is larger than 16 MiB"},
		"an archive without end":  {packed(t, zeros("a.bin", 8<<30)), 1 << 20, "larger than 1 MiB when it is unpacked"},
		"a million empty entries": {packed(t, many), offline.MaxArchive, "more than 10000 entries"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := offline.Read(offline.OpenLimited(tt.input, tt.archive, 10_000), func(*corev1.Pod) error { return nil })
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

// locked is a file system with a folder and a file that may not be read.
type locked struct{ fstest.MapFS }

func (l locked) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "locked") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.Open(name)
}

func TestReadTellsWhatItMayNotOpen(t *testing.T) {
	t.Parallel()
	folder := locked{fstest.MapFS{"a.json": {Data: []byte(podA)}, "locked.json": {Data: []byte(podB)}, "locked/b.json": {Data: []byte(podB)}}}
	s, err := offline.Read(offline.OpenFolder(folder), func(*corev1.Pod) error { return nil })
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if s.Pods != 1 || len(s.Limitations) != 2 || !strings.HasSuffix(s.Limitations[0].Effect, "permission denied") {
		t.Errorf("%d pods, limitations = %v, want one pod and two limitations", s.Pods, s.Limitations)
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a line of some length\n", 10_000)
	folder := files{
		"cluster-resources/pods/x.json":                 "[" + unbound + "]",
		"cluster-resources/pods/logs/x/u/long.log":      long + "last\n",
		"cluster-resources/pods/logs/x/u/secret.log":    "one\npassword=hunter22\n\x1b[31mred\n",
		"cluster-resources/pods/logs/x/u/key.log":       strings.Repeat("c2VjcmV0\n", 5000) + "-----END RSA PRIVATE KEY-----\nbehind\n",
		"cluster-resources/pods/logs/x/u/empty.log":     "\n",
		"cluster-resources/pods/logs/x/u/one.log":       strings.Repeat("x", 100_000),
		"namespaces/x/pods/u/c/c/logs/previous.log":     "gathered\r\n",
		"namespaces/x/pods/u/c/c/logs/rotated.log":      "not this\n",
		"cluster-resources/pods/logs/x/u/deeper/no.log": "not this\n",
	}
	tests := map[string]struct {
		of    offline.Log
		lines int
		want  []string
	}{
		"the end of a long one":      {offline.Log{Container: "long"}, 2, []string{"a line of some length", "last"}},
		"more lines than there are":  {offline.Log{Container: "secret"}, 9, []string{"one", "password=[REDACTED]", "[31mred"}},
		"no lines":                   {offline.Log{Container: "secret"}, 0, []string{}},
		"a key that begins before":   {offline.Log{Container: "key"}, 9, []string{"behind"}},
		"an empty one":               {offline.Log{Container: "empty"}, 9, nil},
		"a line without a beginning": {offline.Log{Container: "one"}, 9, []string{""}},
		"a previous one":             {offline.Log{Container: "c", Previous: true}, 9, []string{"gathered"}},
		"one that is not there":      {offline.Log{Container: "c"}, 9, nil},
	}
	for form, inputs := range folder.forms(t) {
		s, err := offline.Read(inputs, func(*corev1.Pod) error { return nil })
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		for name, tt := range tests {
			t.Run(name+" as "+form, func(t *testing.T) {
				t.Parallel()
				tt.of.Namespace, tt.of.Pod = "x", "u"
				got, ok := s.Log(tt.of, tt.lines)
				if diff := cmp.Diff(tt.want, got); diff != "" || ok != (tt.want != nil) {
					t.Errorf("Log = %v, (-want +got):\n%s", ok, diff)
				}
			})
		}
	}
}

// Whatever is handed over as an archive ends with a snapshot or one line of
// text.
func FuzzArchive(f *testing.F) {
	t := &testing.T{}
	seed := files{"namespaces/x/core/pods.yaml": podAsY, "a.json": podA, "x/a/logs.txt": "==== START logs for container c of pod x/a ====\n"}.tar(t)
	f.Add(seed)
	f.Add(compress(t, seed))
	f.Add(compress(t, seed)[:40])
	f.Add(lying(t))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := offline.Read(offline.Open([]string{"-"}, bytes.NewReader(data)), func(*corev1.Pod) error { return nil })
		if err != nil && strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("error is not one line of text: %q", err)
		}
	})
}

// No path and no text in a directory does harm.
func FuzzFolder(f *testing.F) {
	for _, name := range []string{
		"a.json", "namespaces/x/core/pods.yaml", "namespaces/x/pods/a/c/c/logs/current.log", "cluster-resources/pods/logs/x/a/c.log",
		"cluster-resources/pvcs/x.json", "nodes.json", "x/a/logs.txt", "cluster-scoped-resources/core/nodes/n.yaml", "namespaces", "\n/\x1b.json",
	} {
		f.Add(name, podA)
		f.Add(name, `{"kind":"List","items":[`+nodeN+`]}`)
		f.Add(name, dumped("c", "text"))
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		if !fs.ValidPath(name) || name == "." || strings.HasPrefix(name+"/", "pod.json/") {
			return // Not a file of its own.
		}
		s, err := offline.Read(offline.OpenFolder(fstest.MapFS{name: {Data: []byte(text)}, "pod.json": {Data: []byte(podB)}}), func(*corev1.Pod) error { return nil })
		switch {
		case err != nil:
			t.Fatalf("one file made the whole unreadable: %v", err)
		case s.Pods == 0:
			t.Errorf("no pods, limitations %v", s.Limitations)
		}
		for _, l := range s.Limitations {
			if strings.ContainsFunc(l.Effect+l.Resource+l.Namespace, unicode.IsControl) {
				t.Errorf("limitation is not one line of text: %+v", l)
			}
		}
	})
}
