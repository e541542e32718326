// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxElements bounds what an object can be made of. A container takes more than
// a kilobyte of memory and as little as five bytes of text. Pods as large as
// etcd takes them stay far below.
const maxElements = 1 << 17

// kubectl and the API server never put a list into a list. One in one is what
// joining captures by hand makes.
const maxNesting = 4

var (
	errNoKind    = errors.New("the object has no kind")
	errNotObject = errors.New("not an object, want pods as kubectl get pods -o json or -o yaml prints them")
	errNesting   = errors.New("too many lists within each other")
	errElements  = errors.New("more elements than a pod can have")
)

// whole handles a document.
func (d *decoder) whole(f *fragment) error {
	if f.list == nil {
		return d.untyped(f, "", 0)
	}
	// The items are through; what is left tells their kind, if nothing did.
	var meta struct {
		Kind     string          `json:"kind"`
		Metadata json.RawMessage `json:"metadata"`
	}
	if err := json.Unmarshal(f.raw, &meta); err != nil {
		return d.explain(f, err)
	}
	f.list.kind, f.list.partial = meta.Kind, isPage(meta.Metadata)
	return d.endList(f.list)
}

// object handles one object, of the given kind if it names none. It returns
// errNoKind as it is, and nothing has happened then.
func (d *decoder) object(f *fragment, kind string, nesting int) error {
	pod, err := decodePod(f.raw)
	if err == nil && isPod(pod.APIVersion, cmp.Or(pod.Kind, kind)) {
		return d.pod(pod)
	}
	if trimmed := bytes.TrimSpace(f.raw); json.Valid(f.raw) && trimmed[0] != '{' {
		return d.at(f.begin, errNotObject)
	}
	var meta metav1.TypeMeta
	if err := json.Unmarshal(f.raw, &meta); err != nil {
		return d.explain(f, err)
	}
	kind = cmp.Or(meta.Kind, kind)
	if isPod(meta.APIVersion, kind) {
		return d.explain(f, err)
	}
	return d.other(f, meta.APIVersion, kind, nesting)
}

// decodePod decodes any object as a pod; it is one if its kind says so.
func decodePod(raw []byte) (*corev1.Pod, error) {
	// Every element of a list but the first costs a comma.
	if bytes.Count(raw, []byte(",")) > maxElements {
		return nil, errElements
	}
	pod := &corev1.Pod{}
	err := json.Unmarshal(raw, pod)
	return pod, err
}

func isPod(apiVersion, kind string) bool {
	return kind == kindPod && (apiVersion == "v1" || apiVersion == "")
}

// isPage is true for the metadata of a list that goes on elsewhere.
func isPage(metadata []byte) bool {
	var page metav1.ListMeta
	_ = json.Unmarshal(metadata, &page) // What has no such field is no page.
	return page.Continue != ""
}

func (d *decoder) pod(pod *corev1.Pod) error {
	d.handled = true
	d.snapshot.observe(newest(pod))
	if d.snapshot.knows(pod) {
		return nil
	}
	d.snapshot.Pods++
	d.snapshot.held["pods"] = true
	d.snapshot.bind(pod)
	if err := d.yield(pod); err != nil {
		return &yieldError{err}
	}
	return nil
}

// other handles an object that is no pod.
func (d *decoder) other(f *fragment, apiVersion, kind string, nesting int) error {
	var o other
	// Only the kind has to be right. A field that this type has otherwise is
	// one of a kind that means something else by it.
	_ = json.Unmarshal(f.raw, &o)
	switch {
	case isList(kind) && (o.Items != nil || kind != ""):
		return d.nested(f, &list{kind: kind, nesting: nesting + 1}, o.Items)
	case kind == "":
		return errNoKind
	}
	d.handled = true
	if r, ok := resourceOf(apiVersion, kind); ok {
		d.around(r, f)
	}
	d.snapshot.observe(o.newest())
	d.snapshot.count(printable(kind))
	return nil
}

// around keeps an object that matters to a verdict. One that cannot be understood
// costs a limitation: the pods can still be judged.
func (d *decoder) around(r resource, f *fragment) {
	err := errElements
	var obj metav1.Object
	if bytes.Count(f.raw, []byte(",")) <= maxElements {
		obj, err = r.decode(f.raw)
	}
	if err != nil {
		d.snapshot.limit(r.plural, "", d.input, d.explain(f, err))
		return
	}
	d.snapshot.hold(r)
	if node, ok := obj.(*corev1.Node); ok {
		d.snapshot.node(node)
	}
	d.snapshot.Related.Add(obj)
}

// nested handles a list that was read whole.
func (d *decoder) nested(f *fragment, l *list, items []json.RawMessage) error {
	if l.nesting > maxNesting {
		return d.at(f.begin, errNesting)
	}
	for _, item := range items {
		d.item++
		if err := d.element(l, &fragment{raw: item, begin: f.begin}); err != nil {
			return err
		}
	}
	return d.endList(l)
}
