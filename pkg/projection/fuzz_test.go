// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package projection_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
	"github.com/podwatch/kubectl-podwatch/pkg/projection/projectiontest"
)

// FuzzFrom takes pods as a file gives them (JSON), as a server sends them
// (protobuf), and random ones.
func FuzzFrom(f *testing.F) {
	f.Add([]byte(`{"status":{"phase":"Running","containerStatuses":[{}]}}`), uint64(1))
	f.Add([]byte(`{"metadata":{"name":"\u001b[2J","deletionTimestamp":"1970-01-01T00:00:00Z"},"spec":{"initContainers":[{"restartPolicy":"Always","restartPolicyRules":[{}]}]}}`), uint64(2))
	f.Add([]byte("\x12\x00\x1a\x00"), uint64(3))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		pods := []*corev1.Pod{projectiontest.Random(rand.New(rand.NewPCG(seed, 9)), noon())}
		if decoded := (&corev1.Pod{}); json.Unmarshal(data, decoded) == nil {
			pods = append(pods, decoded)
		}
		if decoded := (&corev1.Pod{}); decoded.Unmarshal(data) == nil {
			pods = append(pods, decoded)
		}
		for _, pod := range pods {
			p := projection.From(pod)
			checkClean(t, reflect.ValueOf(p).Elem())
			if p.Kubectl.Total < 0 || p.Kubectl.Ready < 0 {
				t.Errorf("ready = %d/%d", p.Kubectl.Ready, p.Kubectl.Total)
			}
		}
	})
}

// checkClean looks at every string below v.
func checkClean(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) || plaintext.Clean(s) != s {
			t.Errorf("the projection holds %q", s)
		}
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Type().PkgPath() != "time" {
			checkClean(t, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkClean(t, v.Index(i))
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" {
			return
		}
		for _, field := range v.Fields() {
			checkClean(t, field)
		}
	}
}
