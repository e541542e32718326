// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/offline"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// files are the texts of files by their path.
type files map[string]string

// forms returns every form in which the files can be handed over.
func (f files) forms(t *testing.T) map[string]iter.Seq2[offline.Input, error] {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range f {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return map[string]iter.Seq2[offline.Input, error]{
		"directory": offline.OpenFolder(folder),
		"tar":       offline.Open([]string{"-"}, bytes.NewReader(f.tar(t))),
		"tar.gz":    offline.Open([]string{"-"}, bytes.NewReader(compress(t, f.tar(t)))),
	}
}

func (f files) tar(t *testing.T) []byte {
	t.Helper()
	var headers []*tar.Header
	for _, name := range slices.Sorted(maps.Keys(f)) {
		headers = append(headers, &tar.Header{Name: name, Size: int64(len(f[name])), Mode: 0o600, Typeflag: tar.TypeReg})
	}
	return tarOf(t, f, headers...)
}

// tarOf writes these headers, and behind each what f holds under its name.
func tarOf(t *testing.T, f files, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f[h.Name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// podOn is a pod of namespace x on the node n; its UID is its name.
func podOn(name, n string) string {
	return `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"` + name + `","namespace":"x","uid":"` + name +
		`","creationTimestamp":"2026-11-20T10:00:00Z"},"spec":{"nodeName":"` + n + `"}}`
}

const (
	nodeN = `{"kind":"Node","apiVersion":"v1","metadata":{"name":"n"},"status":{"conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"2026-11-20T12:00:00Z"}]}}`
	// unbound is a pod that waits for a claim.
	unbound = `{"metadata":{"name":"u","namespace":"x","uid":"u"},"spec":{"containers":[{"name":"c"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]},"status":{"phase":"Pending"}}`
	eventA  = `{"kind":"Event","apiVersion":"v1","metadata":{"name":"e","namespace":"x"},"involvedObject":{"kind":"Pod","uid":"a"},"reason":"Unhealthy","type":"Warning"}`
)

func dumped(container, text string) string {
	return "==== START logs for container " + container + " of pod x/a ====\n" + text + "==== END logs for container " + container + " of pod x/a ====\n"
}

func TestReadLayouts(t *testing.T) {
	t.Parallel()
	logOf := offline.Log{Namespace: "x", Pod: "a", Container: "c"}
	before := offline.Log{Namespace: "x", Pod: "a", Container: "c", Previous: true}
	tests := map[string]struct {
		files  files
		pods   []string
		source offline.SourceType
		holds  []string
		// missing is true if the node "gone" is known not to exist, claim likewise
		// of the claim of a pod that waits for it.
		missing, claim bool
		logs           map[offline.Log]string
		limitations    int
	}{
		"cluster-info dump": {
			files: files{
				"nodes.json":    `{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[` + nodeN + `]}`,
				"x/pods.json":   `{"kind":"PodList","apiVersion":"v1","items":[` + podOn("a", "gone") + `]}`,
				"x/events.json": `{"kind":"EventList","apiVersion":"v1","items":[` + eventA + `]}`, "x/services.json": `{"kind":"ServiceList","items":[]}`,
				"x/a/logs.txt": dumped("c", "one\ntwo") + dumped("d", "Request log error: no kubelet\n"),
			},
			pods: []string{a}, source: offline.SourceDump, holds: []string{"events", "nodes", "pods"}, missing: true,
			logs: map[offline.Log]string{logOf: "one\ntwo"},
		},
		"cluster-info dump in a folder, a page of its nodes": {
			files: files{
				"d/nodes.json":   `{"kind":"NodeList","apiVersion":"v1","metadata":{"continue":"more"},"items":[` + nodeN + `]}`,
				"d/x/pods.json":  `{"kind":"PodList","apiVersion":"v1","items":[` + podOn("a", "gone") + `]}`,
				"d/x/a/logs.txt": dumped("c", ""),
			},
			pods: []string{a}, source: offline.SourceDump, holds: []string{"nodes", "pods"},
		},
		"must-gather": {
			files: files{
				"mg/quay-io-x/namespaces/x/core/pods.yaml":                     "---\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    namespace: x\n    uid: a\n  spec:\n    nodeName: gone\nkind: PodList\n",
				"mg/quay-io-x/namespaces/x/core/events.yaml":                   "apiVersion: v1\nitems:\n- " + eventA + "\nkind: EventList\n",
				"mg/quay-io-x/namespaces/x/core/secrets.yaml":                  "items: [broken",
				"mg/quay-io-x/namespaces/x/apps/replicasets.yaml":              "apiVersion: apps/v1\nkind: ReplicaSetList\nitems: []\n",
				"mg/quay-io-x/namespaces/x/pods/a/a.yaml":                      podOn("a", "gone"),
				"mg/quay-io-x/namespaces/x/pods/a/c/c/logs/current.log":        "now\n",
				"mg/quay-io-x/namespaces/x/pods/a/c/c/logs/previous.log":       "before\n",
				"mg/quay-io-x/cluster-scoped-resources/core/nodes/n.yaml":      nodeN,
				"mg/quay-io-x/cluster-scoped-resources/core/namespaces/x.yaml": "kind: Namespace\napiVersion: v1\nmetadata: {name: x}\n",
				"mg/event-filter.html":                                         "<html>kind</html>",
			},
			pods: []string{a}, source: offline.SourceMustGather, holds: []string{"events", "namespaces", "nodes", "pods", "replicasets"},
			logs: map[offline.Log]string{logOf: "now", before: "before"},
		},
		"support bundle": {
			files: files{
				"support-bundle-1/cluster-resources/pods/x.json":                  `{"kind":"PodList","apiVersion":"v1","items":[` + podOn("a", "gone") + "," + unbound + `]}`,
				"support-bundle-1/cluster-resources/events/x.json":                `{"kind":"EventList","items":[{"metadata":{"name":"e"},"involvedObject":{"uid":"a"}}]}`,
				"support-bundle-1/cluster-resources/nodes.json":                   `{"kind":"NodeList","items":[` + nodeN + `]}`,
				"support-bundle-1/cluster-resources/pvcs/x.json":                  `{"kind":"PersistentVolumeClaimList","items":[]}`,
				"support-bundle-1/cluster-resources/pods/logs/x/a/c.log":          "now\n",
				"support-bundle-1/cluster-resources/pods/logs/x/a/c-previous.log": "before\n",
				"support-bundle-1/cluster-resources/configmaps/x.json":            "{broken",
				"support-bundle-1/analysis.json":                                  `[{"name":"no manifest"}]`,
			},
			pods: []string{a, "x/u"}, source: offline.SourceBundle, holds: []string{"events", "nodes", "persistentvolumeclaims", "pods"},
			missing: true, claim: true, logs: map[offline.Log]string{logOf: "now", before: "before"},
		},
		"support bundle of bare arrays": {
			files: files{
				"cluster-resources/pods/x.json":   "[" + unbound + "]",
				"cluster-resources/events/x.json": `[{"metadata":{"name":"e"},"regarding":{"uid":"a"}}]`,
				"cluster-resources/nodes.json":    `[{"metadata":{"name":"n"}}]`,
				"cluster-resources/pvcs/x.json":   `[]`,
			},
			pods: []string{"x/u"}, source: offline.SourceBundle, holds: []string{"events", "nodes", "persistentvolumeclaims", "pods"},
			missing: true, claim: true,
		},
		"a claim list that was cut off": {
			files: files{"cluster-resources/pods/x.json": "[" + unbound + "]", "cluster-resources/pvcs/x.json": `[{"metadata":{"name":"b"}},`},
			pods:  []string{"x/u"}, source: offline.SourceBundle, holds: []string{"persistentvolumeclaims", "pods"}, limitations: 1,
		},
		"some files, nodes as kubectl get prints them": {
			files: files{
				"nodes.json": `{"kind":"List","items":[` + nodeN + `]}`, "x/pods.json": `{"kind":"List","items":[` + podOn("a", "gone") + `]}`,
				"README.md": "kind: Pod", "values.yaml": "replicas: 1\n", "package.json": `{"name":"kind"}`, "list.yaml": "- kind\n",
			},
			pods: []string{a}, source: offline.SourceFile, holds: []string{"nodes", "pods"},
		},
		"one of three files is broken": {
			files: files{"1.json": podOn("a", "n"), "2.yaml": "kind: Pod\nmetadata: [\n", "3.yml": podOn("b", "n")},
			pods:  []string{a, b}, source: offline.SourceFile, holds: []string{"pods"}, limitations: 1,
		},
	}
	for name, tt := range tests {
		if tt.logs == nil {
			tt.logs = map[offline.Log]string{}
		}
		for form, inputs := range tt.files.forms(t) {
			t.Run(name+" as "+form, func(t *testing.T) {
				t.Parallel()
				var got []string
				s, err := offline.Read(inputs, func(p *corev1.Pod) error {
					got = append(got, p.Namespace+"/"+p.Name)
					return nil
				})
				if err != nil {
					t.Fatalf("Read: %v", err)
				}
				var holds []string
				for _, plural := range []string{"events", "namespaces", "nodes", "persistentvolumeclaims", "pods", "replicasets", "jobs"} {
					if s.Holds(plural) {
						holds = append(holds, plural)
					}
				}
				node := s.Related.Of(&projection.Pod{NodeName: "gone"}).Node
				waits := &projection.Pod{Waits: &projection.Waits{Claims: []string{"data"}}}
				waits.Namespace = "x"
				claims := s.Related.Of(waits).Claims
				logs := map[offline.Log]string{}
				for _, of := range []offline.Log{logOf, before, {Namespace: "x", Pod: "a", Container: "d"}} {
					if lines, ok := s.Log(of, 10); ok {
						logs[of] = strings.Join(lines, "\n")
					}
				}
				if diff := cmp.Diff(
					[]any{tt.pods, tt.source, tt.holds, tt.missing, tt.claim, tt.logs, tt.limitations},
					[]any{got, s.Source, holds, node != nil, len(claims) == 1 && claims[0].Missing, logs, len(s.Limitations)},
				); diff != "" {
					t.Errorf("pods, source, holds, missing node, missing claim, logs, limitations (-want +got):\n%s%v", diff, s.Limitations)
				}
				if tt.source != offline.SourceFile && slices.Contains(tt.holds, "events") && len(s.Related.Events("a")) != 1 {
					t.Errorf("events = %v, want one", s.Related.Events("a"))
				}
			})
		}
	}
}

// A dump takes minutes, and a node may join in them.
func TestANodeThatJoinedLaterIsNotMissing(t *testing.T) {
	t.Parallel()
	late := strings.Replace(podOn("a", "gone"), "10:00:00Z", "12:00:01Z", 1)
	for name, inputs := range (files{
		"nodes.json":  `{"kind":"NodeList","items":[` + nodeN + `]}`,
		"x/pods.json": `{"kind":"PodList","items":[` + late + `]}`,
	}).forms(t) {
		s, err := offline.Read(inputs, func(*corev1.Pod) error { return nil })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := s.Related.Of(&projection.Pod{NodeName: "gone"}).Node; n != nil {
			t.Errorf("%s: node = %+v, want nothing known", name, n)
		}
	}
}

func TestReadTheStreamOfADump(t *testing.T) {
	t.Parallel()
	hostile := "==== END logs for container d of pod x/a ====\n{\"kind\":\"Pod\",\"metadata\":{\"name\":\"forged\"}}\n"
	for name, text := range map[string]string{
		"JSON": `{"kind":"NodeList","items":[` + nodeN + "]}\n" + `{"kind":"EventList","items":[]}` + "\n" + `{"kind":"PodList","items":[` + podOn("a", "gone") + "]}\n" +
			dumped("c", hostile+"last, without a newline") + dumped("e", "") + `{"kind":"PodList","items":[]}` + "\n",
		"YAML": "apiVersion: v1\nitems:\n- " + nodeN + "\nkind: NodeList\n---\nkind: EventList\nitems: []\n---\napiVersion: v1\nitems:\n- " + podOn("a", "gone") + "\nkind: PodList\n" +
			dumped("c", hostile+"last, without a newline") + "---\nkind: PodList\nitems: []\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, s, err := names(t, text)
			if err != nil {
				t.Fatalf("Read: %v", err)
			}
			lines, _ := s.Log(offline.Log{Namespace: "x", Pod: "a", Container: "c"}, 1)
			if diff := cmp.Diff([]any{[]string{a}, offline.SourceDump, []string{"last, without a newline"}, true},
				[]any{got, s.Source, lines, s.Holds("events")}); diff != "" {
				t.Errorf("pods, source, log, events (-want +got):\n%s", diff)
			}
			if n := s.Related.Of(&projection.Pod{NodeName: "gone"}).Node; n == nil || !n.Missing {
				t.Errorf("node = %+v, want it missing", n)
			}
		})
	}
	if _, _, err := names(t, podA+"\n==== START logs for container c of pod x/a ====\ntext\n"); err == nil ||
		err.Error() != `read "in": document 2, line 2: cut off: the input ends inside of the object` {
		t.Errorf("a log without an end: %v", err)
	}
}
