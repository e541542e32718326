// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package controlplane

import (
	"context"
	"errors"
	"os/exec"
)

// leash cannot be made here: process groups are a Unix facility and kube-apiserver is not released
// for other systems.
type leash struct{}

func newLeash(context.Context, string) (*leash, error) {
	return nil, errors.New("start control plane: it needs a Unix system")
}

func (*leash) attach(*exec.Cmd)   {}
func (*leash) release() error     { return nil }
func (*leash) endCommand() string { return "" }
