// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/offline"
)

// one returns a single input of that name.
func one(name string, r io.Reader) iter.Seq2[offline.Input, error] {
	return func(yield func(offline.Input, error) bool) { yield(offline.Input{Name: name, Reader: r}, nil) }
}

// names reads text as the input "in" and returns the pods as namespace/name.
func names(t *testing.T, text string) ([]string, *offline.Snapshot, error) {
	t.Helper()
	got := []string{}
	s, err := offline.Read(one("in", strings.NewReader(text)), func(p *corev1.Pod) error {
		got = append(got, p.Namespace+"/"+p.Name)
		return nil
	})
	if err == nil && s.Pods != len(got) {
		t.Errorf("Pods = %d, but %d were handed on", s.Pods, len(got))
	}
	return got, s, err
}

const (
	podA   = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"x"}}`
	podB   = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","namespace":"x"}}`
	podAsY = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: x\n"
	podBsY = "apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: x}\n"
	a      = "x/a"
	b      = "x/b"
)

func TestReadShapes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want []string
	}{
		"JSON object": {podA, []string{a}},
		"YAML object": {podAsY, []string{a}},
		"YAML object without a newline at the end": {strings.TrimSpace(podBsY), []string{b}},
		"JSON List":                                  {`{"apiVersion":"v1","items":[` + podA + `,` + podB + `],"kind":"List","metadata":{"resourceVersion":""}}`, []string{a, b}},
		"JSON List with spaces everywhere":           {"\n{ \"items\" \n : [ " + podA + " , \n" + podB + " ] , \"kind\" : \"List\" } \n", []string{a, b}},
		"JSON PodList whose items have no kind":      {`{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a","namespace":"x"}}]}`, []string{a}},
		"JSON PodList, kind behind the items":        {`{"items":[{"metadata":{"name":"a","namespace":"x"}},{"metadata":{"name":"b","namespace":"x"}}],"kind":"PodList"}`, []string{a, b}},
		"JSON List with a pod without a kind":        {`{"kind":"List","items":[{"metadata":{"name":"a","namespace":"x"},"spec":{"containers":[{"name":"c"}]}}]}`, []string{a}},
		"JSON array":                                 {`[` + podA + `,` + podB + `]`, []string{a, b}},
		"JSON array of pods without a kind":          {`[{"metadata":{"name":"a","namespace":"x"},"spec":{"containers":[{}]}}]`, []string{a}},
		"empty JSON array":                           {`[]`, []string{}},
		"JSON concatenated":                          {podA + podB, []string{a, b}},
		"JSON, one object a line":                    {podA + "\n" + podB + "\n", []string{a, b}},
		"JSON documents between separators":          {"---\n" + podA + "\n---\n" + podB, []string{a, b}},
		"JSON behind YAML and YAML behind JSON":      {podAsY + "---\n" + podB + "\n---\n" + podAsY, []string{a, b, a}},
		"JSON object behind a separator on its line": {"--- " + podA, []string{a}},
		"YAML documents":                             {podAsY + "---\n" + podBsY + "...\n---\n# nothing\n---\n\n", []string{a, b}},
		"YAML with a directive and comments":         {"%YAML 1.1\n---\n# a pod\n" + podAsY + "# end\n", []string{a}},
		"YAML with CRLF":                             {strings.ReplaceAll(podAsY+"---\n"+podBsY, "\n", "\r\n"), []string{a, b}},
		"YAML indented as a whole":                   {"  apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    namespace: x\n", []string{a}},
		"YAML null documents":                        {"---\nnull\n---\n~\n---\n" + podAsY, []string{a}},
		"YAML List as kubectl prints it":             {"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    namespace: x\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: b\n    namespace: x\nkind: List\nmetadata:\n  resourceVersion: \"\"\n", []string{a, b}},
		"YAML List with indented items and remarks":  {"kind: List\nitems:\n\n  # first\n  - apiVersion: v1\n    kind: Pod\n    metadata: {name: a, namespace: x}\n\n# odd place\n  - kind: Pod\n    metadata: {name: b, namespace: x}\n", []string{a, b}},
		"YAML PodList, kind behind, no kinds":        {"items:\n- metadata: {name: a, namespace: x}\nkind: PodList\n", []string{a}},
		"YAML List, dash on its own line":            {"kind: List\nitems:\n-\n  kind: Pod\n  metadata: {name: a, namespace: x}\n", []string{a}},
		"YAML List in flow style":                    {"kind: List\nitems: [{kind: Pod, metadata: {name: a, namespace: x}}]\n", []string{a}},
		"YAML List, two documents":                   {"kind: List\nitems:\n- kind: Pod\n  metadata: {name: a, namespace: x}\n---\nkind: List\nitems:\n- kind: Pod\n  metadata: {name: b, namespace: x}\n", []string{a, b}},
		"YAML literal that looks like an item":       {"kind: List\nitems:\n- kind: Pod\n  metadata:\n    name: a\n    namespace: x\n    annotations:\n      script: |\n        items:\n        - kind: Pod\n\n        ---\n- kind: Pod\n  metadata: {name: b, namespace: x}\n", []string{a, b}},
		"YAML array":                                 {"- kind: Pod\n  metadata: {name: a, namespace: x}\n- kind: Pod\n  metadata: {name: b, namespace: x}\n", []string{a, b}},
		"YAML aliases within a document":             {"kind: Pod\nmetadata:\n  namespace: x\n  name: &n a\n  labels: {app: *n}\n", []string{a}},
		"KYAML":                                      {"---\n{\n  apiVersion: \"v1\",\n  kind: \"List\",\n  items: [{\n    kind: \"Pod\",\n    metadata: {\n      name: \"a\",\n      namespace: \"x\",\n    },\n  }],\n}\n", []string{a}},
		"List without items":                         {`{"kind":"List","apiVersion":"v1"}`, []string{}},
		"List with null items":                       {`{"kind":"PodList","items":null}`, []string{}},
		"YAML List without items":                    {"kind: List\napiVersion: v1\nitems: []\n", []string{}},
		"YAML List with an empty key":                {"apiVersion: v1\nitems:\nkind: List\n", []string{}},
		"list in a list":                             {`{"kind":"List","items":[{"kind":"PodList","items":[{"metadata":{"name":"a","namespace":"x"}}]}]}`, []string{a}},
		"pod without metadata and status":            {`{"kind":"Pod"}`, []string{"/"}},
		"pod with unknown fields":                    {`{"kind":"Pod","metadata":{"name":"a","namespace":"x","new":{}},"future":[1]}`, []string{a}},
		"pod with items of its own":                  {`{"kind":"Pod","metadata":{"name":"a","namespace":"x"},"items":["no list"]}`, []string{a}},
		"pods among other kinds":                     {`{"kind":"Service","spec":{"selector":{"a":"b"}}}` + podA + `{"kind":"Node","status":{"conditions":"odd"}}`, []string{a}},
		"a field of another kind is no time":         {podA + `{"kind":"Odd","metadata":{"creationTimestamp":"soon"}}`, []string{a}},
		"brackets and escapes in strings":            {`{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a","namespace":"x","annotations":{"k":"]}\"\\\",\"items\":["}}}]}`, []string{a}},
		"the word items as a value":                  {`{"kind":"List","x":"items","items":[` + podA + `]}`, []string{a}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := names(t, tt.text)
			if err != nil {
				t.Fatalf("Read: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pods (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"nothing":                     {"", `read "in": there is nothing in it, want pods as JSON or YAML`},
		"white space":                 {" \n\t\n ", `read "in": there is nothing in it, want pods as JSON or YAML`},
		"comments":                    {"# one\n---\n# two\n", `read "in": there is nothing in it, want pods as JSON or YAML`},
		"other kinds only":            {`{"kind":"Service"}{"kind":"ConfigMap"}{"kind":"Service"}`, `read "in": no pods, only Service (2), ConfigMap (1)`},
		"a list of another kind":      {`{"kind":"DeploymentList","items":[]}`, `read "in": no pods, only DeploymentList (1)`},
		"items of another kind":       {`{"kind":"NodeList","items":[{"metadata":{}}]}`, `read "in": no pods, only Node (1)`},
		"a Pod of another group":      {`{"apiVersion":"acme.io/v1","kind":"Pod","spec":1}`, `read "in": no pods, only Pod (1)`},
		"a kind full of control text": {"{\"kind\":\"\\u001b[31mX\\nY\"}", `read "in": no pods, only [31mX | Y (1)`},
		"the table of kubectl":        {"NAME   READY   STATUS\na      1/1     Running\n", `read "in": document 1, line 1: not an object, want pods as kubectl get pods -o json or -o yaml prints them`},
		"a number":                    {"1\n", `read "in": document 1, line 1: not an object, want pods as kubectl get pods -o json or -o yaml prints them`},
		"an item that is no object":   {`{"kind":"List","items":[` + podA + ",\n1]}", `read "in": document 1, item 2, line 2: not an object, want pods as kubectl get pods -o json or -o yaml prints them`},
		"no kind":                     {`{"metadata":{}}`, `read "in": document 1, line 1: the object has no kind`},
		"no kind in a list":           {"\n{\"items\":[{}],\n\"kind\":\"List\"}", `read "in": document 1, item 1, line 2: the object has no kind`},
		"a wrong type":                {"{\"kind\":\"Pod\",\n\"spec\":{\"nodeName\":7}}", `read "in": document 1, line 1: field "spec.nodeName": got number, want string`},
		"a wrong type in a document":  {podAsY + "---\nkind: Pod\nspec:\n  containers: one\n", `read "in": document 2, line 7: field "spec.containers": got string, want array`},
		"a wrong time":                {`{"kind":"Pod","metadata":{"creationTimestamp":"now"}}`, `read "in": document 1, line 1: parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"`},
		"a kind that is no string":    {`{"kind":7}`, `read "in": document 1, line 1: field "kind": got number, want string`},
		"JSON cut off":                {"{\"kind\":\"List\",\n\"items\":[" + podA + ",\n{\"kind\":\"Po", `read "in": document 1, item 2, line 3: cut off: the input ends inside of the object`},
		"JSON cut off behind an item": {`{"kind":"List","items":[` + podA, `read "in": document 1, item 1, line 1: cut off: the input ends inside of the object`},
		"JSON cut off in an object":   {"\n{\"kind\":\n", `read "in": document 1, line 2: cut off: the input ends inside of the object`},
		"JSON with a comma too many":  {"{\"kind\":\"List\",\n\"items\":[" + podA + ",\n]}", `read "in": document 1, item 2, line 3: unexpected end of JSON input`},
		"JSON without a comma":        {"{\"items\":[{}\n{}]}", `read "in": document 1, item 1, line 2: want a comma or a closing bracket behind the item`},
		"JSON with a bad item":        {"{\"items\":[\n{\"kind\":\n Pod}]}", `read "in": document 1, item 1, line 3: invalid character 'P' looking for beginning of value`},
		"JSON with a bad end":         {"{\"items\":[\n" + podA + "\n],\n\"kind\":\nList}", `read "in": document 1, line 5: invalid character 'L' looking for beginning of value`},
		"JSON without colons":         {`{"kind" "Pod"}`, `read "in": document 1, line 1: invalid character '"' after object key`},
		"JSON in disorder":            {`{],:}`, `read "in": document 1, line 1: invalid character ']' looking for beginning of object key string`},
		"broken YAML":                 {podAsY + "---\nkind: Pod\nmetadata:\n  name: [\n", `read "in": document 2, line 9: did not find expected node content`},
		"YAML with a tab":             {"kind: Pod\n\tspec: {}\n", `read "in": document 1, line 2: found a tab character that violates indentation`},
		"YAML broken in an item":      {"kind: List\nitems:\n- kind: Pod\n  metadata: {name: a}\n- kind: Pod\n  metadata: {name\n", `read "in": document 1, item 2, line 6: did not find expected ',' or '}'`},
		"YAML alias across items":     {"kind: List\nitems:\n- kind: Pod\n  metadata: &m {name: a}\n- kind: Pod\n  metadata: *m\n", `read "in": document 1, item 2, line 5: unknown anchor 'm' referenced`},
		"YAML alias of itself":        {"kind: Pod\nmetadata: &m\n  annotations: *m\n", `read "in": document 1, line 1: an alias refers to what it is part of`},
		"binary":                      {"\x1f\x8b\x08\x00\x00", `read "in": document 1, line 1: control characters are not allowed`},
		"lists without an end":        {strings.Repeat(`{"kind":"List","items":[`, 9) + strings.Repeat(`]}`, 9), `read "in": document 1, item 5, line 1: too many lists within each other`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := names(t, tt.text)
			if err == nil {
				t.Fatal("Read gave no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// A reader may hand out one byte at a time; nothing may depend on how the
// input is cut into pieces.
func TestReadByteByByte(t *testing.T) {
	t.Parallel()
	text := "# head\n" + podAsY + "---\n" + `{"kind":"List","items":[` + podA + ` , ` + podB + `]}` +
		"\n---\nkind: List\nitems:\n  - kind: Pod\n    metadata: {name: b, namespace: x}\n"
	got := []string{}
	_, err := offline.Read(one("in", iotest.OneByteReader(strings.NewReader(text))), func(p *corev1.Pod) error {
		got = append(got, p.Namespace+"/"+p.Name)
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if diff := cmp.Diff([]string{a, a, b, b}, got); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
}

func TestReadByteOrderMarks(t *testing.T) {
	t.Parallel()
	little := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(podA)) {
		little = append(little, byte(unit), byte(unit>>8))
	}
	for name, text := range map[string]string{"UTF-8": "\xef\xbb\xbf" + podA, "UTF-16 of PowerShell": string(little)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := names(t, text)
			if err != nil {
				t.Fatalf("Read: %v", err)
			}
			if diff := cmp.Diff([]string{a}, got); diff != "" {
				t.Errorf("pods (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadReturnsTheCallersErrorAsItIs(t *testing.T) {
	t.Parallel()
	enough, calls := errors.New("enough"), 0
	_, err := offline.Read(one("in", strings.NewReader(podA+podB)), func(*corev1.Pod) error {
		calls++
		return enough
	})
	if err != enough || calls != 1 { //nolint:errorlint // it must be the very same
		t.Errorf("Read = %v after %d pods, want the error of the first", err, calls)
	}
}

// Every form of input stops when its reader does, also with more behind it.
func TestReadStopsInsideOfEveryForm(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	dir := t.TempDir()
	for _, name := range []string{"a.json", "b.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(podA), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(archive, files{"a.json": podA, "b.json": podB}.tar(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, archive, filepath.Join(dir, "a.json")} {
		calls := 0
		_, err := offline.Read(offline.Open([]string{path, path}, nil), func(*corev1.Pod) error {
			calls++
			return enough
		})
		if !errors.Is(err, enough) || calls != 1 {
			t.Errorf("%s: Read = %v after %d pods, want the error of the first", path, err, calls)
		}
	}
}

func TestReadNamesTheInputThatBreaks(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader(podA+"\n{"), iotest.ErrReader(errors.New("disk on fire")))
	_, err := offline.Read(one("pods.json", broken), func(*corev1.Pod) error { return nil })
	if want := `read "pods.json": document 2, line 2: disk on fire`; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	dir, empty := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "a.json")
	if err := os.WriteFile(file, []byte(podA), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing")
	tests := map[string]struct {
		paths []string
		want  []string
		err   string
	}{
		"a file and standard input": {[]string{file, "-"}, []string{a, b}, ""},
		"a directory":               {[]string{dir}, []string{a}, ""},
		"a directory of nothing":    {[]string{empty}, nil, `read "` + empty + `": no file in it can hold pods, want JSON or YAML`},
		"a file that is not there":  {[]string{file, missing}, []string{a}, `read "` + missing + `": no such file or directory`},
		"no paths":                  {nil, nil, "read pods: there is nothing in it, want pods as JSON or YAML"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			_, err := offline.Read(offline.Open(tt.paths, strings.NewReader(podB)), func(p *corev1.Pod) error {
				got = append(got, p.Namespace+"/"+p.Name)
				return nil
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pods (-want +got):\n%s", diff)
			}
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != tt.err {
				t.Errorf("error = %q, want %q", text, tt.err)
			}
		})
	}
}
