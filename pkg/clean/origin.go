// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Cluster says which cluster an archived pod comes from. The zero value is an
// unknown one.
type Cluster struct {
	// Context is the kubeconfig context, empty in a pod.
	Context string `json:"context,omitempty"`
	// Server is the host of the API server, with its port if it is named and its
	// path if there is one, and without credentials.
	Server string `json:"server,omitempty"`
}

// ClusterOf returns the cluster that client speaks to, as core/v1.
func ClusterOf(context string, client rest.Interface) Cluster {
	url := client.Get().URL()
	return Cluster{Context: context, Server: url.Host + strings.TrimSuffix(url.Path, "/api/v1")}
}

// From has the journal of the run begin with the cluster that the pods come
// from. It must be called before anything is removed.
func (a *Archive) From(c Cluster) { a.cluster = c }

// runRecord is the first line of a journal.
type runRecord struct {
	Time  time.Time `json:"time"`
	Entry entry     `json:"entry"`
	Cluster
}

// origins returns the servers that the pods with the given UIDs come from, as
// the journals of the archive in dir tell. A pod that none of them tells of is
// missing, and so is all of a folder without journals.
func origins(dir string, uids map[types.UID]bool) (map[types.UID]string, error) {
	out := map[types.UID]string{}
	root, err := os.OpenRoot(filepath.Join(dir, journalDir))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	defer func() { _ = root.Close() }()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), journalEnding) {
			continue
		}
		if err := readOrigins(root, e.Name(), uids, out); err != nil {
			return nil, fmt.Errorf("read archive %q: %w", filepath.Join(dir, journalDir, e.Name()), err)
		}
	}
	return out, nil
}

// readOrigins reads one journal. A line that is no record, as one can be at the
// end of a disk that was full, tells nothing.
func readOrigins(root *os.Root, name string, uids map[types.UID]bool, out map[types.UID]string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	server := ""
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxManifest)
	for lines.Scan() {
		var line struct {
			Entry  entry     `json:"entry"`
			Server string    `json:"server"`
			UID    types.UID `json:"uid"`
		}
		switch err := json.Unmarshal(lines.Bytes(), &line); {
		case err != nil:
		case line.Entry == entryRun:
			server = line.Server
		case uids[line.UID] && server != "":
			out[line.UID] = server
		}
	}
	return lines.Err()
}
