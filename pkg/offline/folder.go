// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// maxDepth bounds how deep directories are looked into. A must-gather has some
// ten levels.
const maxDepth = 32

var errNothingUseful = errors.New("no file in it can hold pods, want JSON or YAML")

// openFolder gives the files of a directory. The root keeps what is opened
// inside of it, whatever happens to links meanwhile.
func openFolder(name string, most limits, yield func(Input, error) bool) (more bool) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return yield(Input{Name: name}, cause(err))
	}
	defer func() { _ = root.Close() }() // It was only read.
	return walk(name, root.FS(), most, yield)
}

func walk(name string, files fs.FS, most limits, yield func(Input, error) bool) (more bool) {
	w := &walker{name: name, files: files, most: most, yield: yield}
	err := fs.WalkDir(files, ".", w.visit)
	switch {
	case errors.Is(err, errStop):
		return false
	case err != nil:
		return yield(Input{Name: name}, cause(err))
	case w.useful == 0:
		return yield(Input{Name: name}, errNothingUseful)
	default:
		return true
	}
}

// walker is one walk through a directory.
type walker struct {
	name         string
	files        fs.FS
	most         limits
	yield        func(Input, error) bool
	seen, useful int
}

// errStop ends a walk whose entries nobody wants any more. It is not fs.SkipAll,
// which would look like the end of the directory.
var errStop = errors.New("stop")

func (w *walker) visit(entry string, d fs.DirEntry, err error) error {
	if w.seen++; w.seen > w.most.entries {
		return fmt.Errorf("more than %d files", w.most.entries)
	}
	switch {
	case err != nil && entry == ".":
		return err
	case err != nil:
		return w.give(entry, nil, err)
	case d.IsDir() && strings.Count(entry, "/") >= maxDepth:
		return fs.SkipDir
	case !d.Type().IsRegular() || !placeOf(entry).useful():
		return nil
	}
	file, err := w.files.Open(entry)
	if err != nil {
		return w.give(entry, nil, err)
	}
	defer func() { _ = file.Close() }() // It was only read.
	return w.give(entry, file, nil)
}

func (w *walker) give(entry string, file fs.File, err error) error {
	w.useful++
	input := Input{Name: w.name, Entry: entry}
	if err == nil {
		input.Reader = file
	} else {
		err = cause(err)
	}
	if !w.yield(input, err) {
		return errStop
	}
	return nil
}
