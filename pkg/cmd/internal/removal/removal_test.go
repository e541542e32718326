// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/clean"
)

func TestS57_TheOwnPod(t *testing.T) {
	t.Parallel()
	now := time.Unix(1, 0)
	for name, tt := range map[string]struct {
		env  map[string]string
		want clean.Self
	}{
		"on a laptop":         {map[string]string{"HOSTNAME": "laptop"}, clean.Self{}},
		"in a pod":            {map[string]string{"KUBERNETES_SERVICE_HOST": "x", "HOSTNAME": "p"}, clean.Self{Name: "p", Started: now}},
		"by the downward API": {map[string]string{"KUBERNETES_SERVICE_HOST": "x", "HOSTNAME": "h", "POD_NAME": "p", "POD_NAMESPACE": "n"}, clean.Self{Namespace: "n", Name: "p", Started: now}},
	} {
		got := Self(func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }, now)
		if got != tt.want {
			t.Errorf("%s: Self() = %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestArchiveFolder(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		flag string
		env  map[string]string
		want string
	}{
		"flag":                    {"x", map[string]string{"XDG_STATE_HOME": "/s"}, "x"},
		"state":                   {"", map[string]string{"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/podwatch/archive"},
		"a relative one is void":  {"", map[string]string{"XDG_STATE_HOME": "s", "HOME": "/h"}, "/h/.local/state/podwatch/archive"},
		"neither state nor home":  {"", nil, ""},
		"home of another system":  {"", map[string]string{"USERPROFILE": "/u"}, "/u/.local/state/podwatch/archive"},
		"an empty home is no one": {"", map[string]string{"HOME": ""}, ""},
	} {
		got, err := ArchiveDir(tt.flag, func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok })
		if got != filepath.FromSlash(tt.want) || (err != nil) != (tt.want == "") {
			t.Errorf("%s: ArchiveDir() = %q, %v; want %q", name, got, err, tt.want)
		}
	}
}
