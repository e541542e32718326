// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package clean

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// checkPrivate returns an error if somebody else than the caller and root can
// write to the folder dir, of which info is: what is in it then need not be what
// was archived.
func checkPrivate(dir string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others can write to it; take that away: chmod go-w %s", plaintext.Line(dir))
	}
	own, ok := info.Sys().(*syscall.Stat_t)
	if ok && own.Uid != 0 && int(own.Uid) != os.Geteuid() {
		return errors.New("it belongs to another user")
	}
	return nil
}
