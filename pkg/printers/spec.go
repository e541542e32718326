// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

// spec is a column, and how its cell is made of an item.
type spec[T any] struct {
	column
	cell func(T) cell
}

// field is a column that never folds.
func field[T any](header string, text func(T) string) spec[T] {
	return folding(header, nil, text)
}

// folding is a column that may move below its row.
func folding[T any](header string, folded func(string) string, text func(T) string) spec[T] {
	return spec[T]{column{header: header, folded: folded}, func(item T) cell { return cell{text: text(item)} }}
}

// messageColumn is the last column. On a terminal it is cut, unless it is part of
// the wide table and has moved below its row.
func messageColumn[T any](columns columnSet, text func(T) string) spec[T] {
	s := folding("MESSAGE", foldWhole, text)
	s.whole = columns == wide
	return s
}

// tableOf makes a table with one row per item. notes may be nil.
func tableOf[T any](specs []spec[T], items []T, notes func(T) []below) *table {
	t := &table{columns: make([]column, len(specs)), rows: make([]row, len(items))}
	for i, s := range specs {
		t.columns[i] = s.column
	}
	for i, item := range items {
		r := row{cells: make([]cell, len(specs))}
		for j, s := range specs {
			r.cells[j] = s.cell(item)
		}
		if notes != nil {
			r.below = notes(item)
		}
		t.rows[i] = r
	}
	return t
}
