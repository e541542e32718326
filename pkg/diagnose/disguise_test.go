// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// disguise gives a pod other names and another time. What the pod is stays the
// same, and so must the answer.
type disguise struct {
	// whole replaces names that are long enough to stand for themselves.
	whole *strings.Replacer
	// quoted finds the names of containers where messages quote them.
	quoted     *regexp.Regexp
	containers map[string]string
	shift      time.Duration
}

// words are container names that also stand in the messages of the kubelet.
func words() []string {
	return []string{"was", "node", "memory", "container", "pod", "init", "not-found", "oomkilled", "sidecar", "back-off", "a", strings.Repeat("x", 50)}
}

func newDisguise(pod *corev1.Pod, r *rand.Rand) disguise {
	d := disguise{containers: map[string]string{}, shift: time.Duration(r.IntN(40*365*24)-20*365*24)*time.Hour + 7*time.Minute + 13*time.Second}
	whole := map[string]string{
		pod.Name: fmt.Sprintf("other-%d", r.Uint32()), string(pod.UID): fmt.Sprintf("0f0f0f0f-%d", r.Uint64()),
		pod.Spec.NodeName: fmt.Sprintf("machine-%d.internal", r.Uint32()),
	}
	for _, o := range pod.OwnerReferences {
		whole[o.Name] = cmp.Or(whole[o.Name], fmt.Sprintf("owner-%d", r.Uint32()))
	}
	free := words()
	r.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	eachContainer(pod, func(name, image *string) {
		whole[*image] = cmp.Or(whole[*image], fmt.Sprintf("mirror.test:5000/certificate/unauthorized-forbidden-%d:toomanyrequests", r.Uint32()))
		if d.containers[*name] == "" {
			d.containers[*name] = free[0]
			free = append(free[1:], free[0]+"2")
		}
	})
	old := []string{}
	for name := range whole {
		if name != "" {
			old = append(old, name)
		}
	}
	// The longest first: an image may contain the pod's name.
	slices.SortFunc(old, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	pairs := []string{}
	for _, name := range old {
		pairs = append(pairs, name, whole[name])
	}
	d.whole = strings.NewReplacer(pairs...)
	names := []string{}
	for name := range d.containers {
		names = append(names, regexp.QuoteMeta(name))
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	d.quoted = regexp.MustCompile(`(\b[Cc]ontainer[= ]"?|\bsidecar |[\[,] ?)(` + strings.Join(names, "|") + `)\b`)
	return d
}

// text disguises the names in a message.
func (d disguise) text(s string) string {
	s = d.quoted.ReplaceAllStringFunc(s, func(match string) string {
		parts := d.quoted.FindStringSubmatch(match)
		return parts[1] + d.containers[parts[2]]
	})
	return d.whole.Replace(s)
}

func (d disguise) time(t metav1.Time) metav1.Time {
	if t.IsZero() || t.Unix() == 0 {
		return t // both stand for "unknown"
	}
	return metav1.NewTime(t.Add(d.shift))
}

func (d disguise) pod(pod *corev1.Pod) *corev1.Pod {
	out := pod.DeepCopy()
	out.Name, out.Namespace = d.whole.Replace(pod.Name), "elsewhere"
	out.UID = types.UID(d.whole.Replace(string(pod.UID)))
	out.Spec.NodeName = d.whole.Replace(pod.Spec.NodeName)
	out.Labels, out.GenerateName = map[string]string{"app": "something"}, ""
	for i := range out.OwnerReferences {
		out.OwnerReferences[i].Name, out.OwnerReferences[i].UID = d.whole.Replace(out.OwnerReferences[i].Name), "a0a0a0a0"
	}
	eachContainer(out, func(name, image *string) {
		*name, *image = d.containers[*name], d.whole.Replace(*image)
	})
	d.walk(reflect.ValueOf(out).Elem())
	return out
}

// walk disguises every message and moves every time below v.
func (d disguise) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			d.walk(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			d.walk(v.Index(i))
		}
	case reflect.Struct:
		if t, ok := reflect.TypeAssert[*metav1.Time](v.Addr()); ok {
			*t = d.time(*t)
			return
		}
		for i := range v.NumField() {
			switch f := v.Field(i); {
			case v.Type().Field(i).Name == "Message" && f.Kind() == reflect.String:
				f.SetString(d.text(f.String()))
			case f.CanSet():
				d.walk(f)
			}
		}
	}
}

// eachContainer shows f the names and images of all containers and statuses.
func eachContainer(pod *corev1.Pod, f func(name, image *string)) {
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			f(&list[i].Name, &list[i].Image)
		}
	}
	for i := range pod.Spec.EphemeralContainers {
		c := &pod.Spec.EphemeralContainers[i]
		f(&c.Name, &c.Image)
	}
	for _, list := range statusLists(pod) {
		for i := range list {
			f(&list[i].Name, &list[i].Image)
		}
	}
}

func statusLists(pod *corev1.Pod) [][]corev1.ContainerStatus {
	return [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses}
}

// verdict is what is to be said of the disguised pod, given what is said of
// the pod. Evidence repeats the server's times and is left out on both sides.
func (d disguise) verdict(v diagnose.Verdict) diagnose.Verdict {
	out := withoutEvidence(v)
	for i := range out.Findings {
		f := &out.Findings[i]
		f.Container, f.Message = d.containers[f.Container], d.text(f.Message)
		if f.Since != nil {
			f.Since = &metav1.Time{Time: f.Since.Add(d.shift)}
		}
		f.Object = d.object(f.Object)
	}
	if !out.Next.IsZero() {
		out.Next = out.Next.Add(d.shift)
	}
	return out
}

func (d disguise) object(o *v1alpha1.ObjectReference) *v1alpha1.ObjectReference {
	if o == nil {
		return nil
	}
	out := *o
	switch {
	case o.Kind == "Registry":
		out.Name = "mirror.test:5000"
	case o.Namespace == "":
		out.Name = d.whole.Replace(o.Name)
	default:
		out.Namespace = "elsewhere"
	}
	return &out
}

func withoutEvidence(v diagnose.Verdict) diagnose.Verdict {
	v.Findings = slices.Clone(v.Findings)
	for i := range v.Findings {
		v.Findings[i].Evidence = []v1alpha1.Evidence{}
	}
	return v
}

// labelled returns the pods of the matrix and the corpus by file name.
func labelled(t *testing.T) map[string]*corev1.Pod {
	t.Helper()
	pods := map[string]*corev1.Pod{}
	for _, dir := range []string{matrixDir, corpusDir} {
		for _, label := range readLabels(t, dir) {
			pods[label["file"]] = readPod(t, dir, label["file"])
		}
	}
	if len(pods) != 46+35 {
		t.Fatalf("%d labelled pods, want %d", len(pods), 46+35)
	}
	return pods
}

func TestTheAnswerIsTheSameUnderOtherNamesAndAtAnotherTime(t *testing.T) {
	t.Parallel()
	for file, pod := range labelled(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			here := projection.From(pod)
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 6))
				d := newDisguise(pod, r)
				other := d.pod(pod)
				there := projection.From(other)
				if got, want := columnsOf(there), columnsOf(here); got != want {
					t.Errorf("seed %d: kubectl columns = %q, want %q", seed, got, want)
				}
				want := d.verdict(judgeAt(here, corpusNow()))
				if diff := gocmp.Diff(want, withoutEvidence(judgeAt(there, corpusNow().Add(d.shift)))); diff != "" {
					t.Fatalf("seed %d: another answer (-want +got):\n%s", seed, diff)
				}
				shuffleStatus(other, r)
				if diff := gocmp.Diff(want, withoutEvidence(judgeAt(projection.From(other), corpusNow().Add(d.shift)))); diff != "" {
					t.Fatalf("seed %d: another answer with the statuses shuffled (-want +got):\n%s", seed, diff)
				}
			}
		})
	}
}

// shuffleStatus changes the order of everything in the status that the API
// keeps as a list by name or by type.
func shuffleStatus(pod *corev1.Pod, r *rand.Rand) {
	for _, list := range statusLists(pod) {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	c := pod.Status.Conditions
	r.Shuffle(len(c), func(i, j int) { c[i], c[j] = c[j], c[i] })
}
