// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package clean

import "io/fs"

// checkPrivate knows nothing about who can write to a folder.
func checkPrivate(string, fs.FileInfo) error { return nil }
