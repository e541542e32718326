// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	cliprinters "k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// smallDiskRun is a smallDisk as JSON in the process that cleans on one.
const smallDiskRun = "PODWATCH_TEST_SMALL_DISK"

// smallDisk is a clean whose archive is on a file system of its own, which only
// its process sees.
type smallDisk struct {
	Kubeconfig, Namespace, Mount, Result string
	// Pages is the size of the disk.
	Pages int
	// Full is true if something has filled it before.
	Full bool
}

// diskResult is what came of it.
type diskResult struct {
	// Skip says why there could be no disk.
	Skip   string
	Code   int
	Error  string
	Report v1alpha1.CleanReport
	// Archived are the UIDs of the manifests that are whole.
	Archived []string
}

func TestS51_OnAFullDiskNothingIsDeleted(t *testing.T) {
	t.Parallel()
	if args := os.Getenv(smallDiskRun); args != "" {
		cleanOnASmallDisk(t, args)
		return
	}
	const pods = 30
	for name, disk := range map[string]smallDisk{
		"full from the beginning": {Pages: 16, Full: true},
		// Each manifest takes a page at least, and the spool takes some for all.
		"room for some of the manifests": {Pages: pods - 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.many(pods)
			uids := map[string]string{}
			for _, name := range b.names() {
				uids[name] = string(b.get(name).UID)
			}
			disk.Kubeconfig, disk.Namespace = b.server.Kubeconfig(), b.namespace
			got := disk.run(t)
			s := got.Report.Summary
			if got.Code != 3 || !strings.Contains(got.Error, disk.archive()) || s.ArchiveFailed == 0 || s.Deleted+s.ArchiveFailed != pods {
				t.Fatalf("exit code %d, %s, summary %+v; want 3 and the name of the folder", got.Code, got.Error, s)
			}
			if disk.Full != (s.Deleted == 0) {
				t.Errorf("%d deleted", s.Deleted)
			}
			archived := map[string]bool{}
			for _, uid := range got.Archived {
				archived[uid] = true
			}
			left := b.names()
			if len(left) != s.ArchiveFailed {
				t.Errorf("%d pods left, want the %d that could not be archived", len(left), s.ArchiveFailed)
			}
			for _, name := range left {
				delete(uids, name)
			}
			for name, uid := range uids {
				if !archived[uid] {
					t.Errorf("pod %s is gone and not archived", name)
				}
			}
		})
	}
}

func (d *smallDisk) archive() string { return filepath.Join(d.Mount, "archive") }

// run cleans in a process of its own, in which it may mount.
func (d *smallDisk) run(t *testing.T) diskResult {
	t.Helper()
	d.Mount, d.Result = t.TempDir(), filepath.Join(t.TempDir(), "result")
	args, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestS51_OnAFullDiskNothingIsDeleted$")
	child.Env = append(os.Environ(), smallDiskRun+"="+string(args))
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("no namespaces for users: %v", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got diskResult
	data, err := os.ReadFile(d.Result)
	if err == nil {
		err = json.Unmarshal(data, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got.Skip != "" {
		t.Skip(got.Skip)
	}
	return got
}

func cleanOnASmallDisk(t *testing.T, args string) {
	t.Helper()
	var d smallDisk
	if err := json.Unmarshal([]byte(args), &d); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(d.clean(t))
	if err == nil {
		err = os.WriteFile(d.Result, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (d *smallDisk) clean(t *testing.T) diskResult {
	t.Helper()
	size := fmt.Sprintf("size=%d", d.Pages*os.Getpagesize())
	if err := syscall.Mount("tmpfs", d.Mount, "tmpfs", 0, size); err != nil {
		return diskResult{Skip: "mount a tmpfs: " + err.Error()}
	}
	if d.Full {
		err := os.WriteFile(filepath.Join(d.Mount, "big"), make([]byte, d.Pages*os.Getpagesize()+1), 0o600)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("fill the disk: %v", err)
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", d.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	var out bytes.Buffer
	o := inAnotherProcess(t, config, d.Namespace, d.archive())
	o.Out, o.Format, o.Printer = &out, "json", &cliprinters.JSONPrinter{}
	var got diskResult
	if err := run(t.Context(), o); err != nil {
		got.Code, got.Error = exit.Code(err), err.Error()
	}
	if err := json.Unmarshal(out.Bytes(), &got.Report); err != nil {
		t.Fatalf("output %q of a run that ended with %s: %v", out.Bytes(), got.Error, err)
	}
	// A broken manifest is an error of ReadArchived.
	found, err := clean.ReadArchived([]string{d.archive()}, clean.Cluster{}, time.Now(), func(string, string, bool) bool { return true })
	switch {
	case err == nil:
		for i := range found.Items {
			got.Archived = append(got.Archived, found.Items[i].UID)
		}
	case !errors.Is(err, fs.ErrNotExist):
		t.Error(err)
	}
	return got
}
