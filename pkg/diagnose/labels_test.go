// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/diagnose"
	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

// readPod reads one pod of a folder with labelled pods.
func readPod(tb testing.TB, dir, file string) *corev1.Pod {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		tb.Fatal(err)
	}
	pod := &corev1.Pod{}
	if err := yaml.UnmarshalStrict(data, pod); err != nil {
		tb.Fatalf("decode %s: %v", file, err)
	}
	return pod
}

// readLabels reads expected.tsv of a folder into one map of column to value
// per row.
func readLabels(t *testing.T, dir string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	labels := make([]map[string]string, 0, len(rows)-1)
	for _, row := range rows[1:] {
		label := map[string]string{}
		for i, column := range rows[0] {
			label[column] = row[i]
		}
		labels = append(labels, label)
	}
	return labels
}

// columnsOf is what kubectl prints for a pod: STATUS, READY and RESTARTS.
func columnsOf(p *projection.Pod) string {
	k := p.Kubectl
	return fmt.Sprintf("%s %d/%d %d", k.Status, k.Ready, k.Total, k.Restarts)
}

func labelledColumns(label map[string]string) string {
	return label["kubectl_status"] + " " + label["kubectl_ready"] + " " + label["kubectl_restarts"]
}

// labelledVerdict is a row of the matrix in the words of spelled.
func labelledVerdict(label map[string]string) string {
	words := []string{}
	for _, column := range []string{"state", "severity", "cause", "sub_cause", "container_type", "container"} {
		words = append(words, label[column])
	}
	return strings.Join(words, " ")
}

// spelled is the state and the primary finding, every field in its place.
func spelled(v diagnose.Verdict) string {
	f := cmp.Or(v.Primary(), &v1alpha1.Finding{})
	words := []string{string(v.State), severityLabel(v)}
	for _, s := range []string{f.Cause, f.SubCause, string(f.ContainerType), f.Container} {
		words = append(words, cmp.Or(s, "-"))
	}
	return strings.Join(words, " ")
}
