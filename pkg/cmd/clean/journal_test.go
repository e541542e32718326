// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
)

func intOrString(n int32) intstr.IntOrString { return intstr.FromInt32(n) }

// journalOf returns the records of the journals in an archive, by UID.
func journalOf(t *testing.T, archive string) (decisions, results map[string]v1alpha1.CleanItem) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(archive, "journal", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	decisions, results = map[string]v1alpha1.CleanItem{}, map[string]v1alpha1.CleanItem{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var record struct {
				Entry string `json:"entry"`
				v1alpha1.CleanItem
			}
			if err := json.Unmarshal(line, &record); err != nil {
				t.Fatalf("journal %s: line %q: %v", file, line, err)
			}
			switch record.Entry {
			case "run":
			case "decision":
				decisions[record.UID] = record.CleanItem
			case "result":
				results[record.UID] = record.CleanItem
			default:
				t.Errorf("entry %q", record.Entry)
			}
		}
	}
	return decisions, results
}
