// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"reflect"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// plain returns a deep copy of v, a value of package v1alpha1, that is safe to
// encode: no string in it carries a terminal control character, and no list or
// map is nil, because nil would be printed as null.
func plain[T any](v T) T {
	out, ok := reflect.TypeAssert[T](plainValue(reflect.ValueOf(v)))
	if !ok { // cannot be: plainValue keeps the type
		return v
	}
	return out
}

func plainValue(in reflect.Value) reflect.Value {
	out := reflect.New(in.Type()).Elem()
	switch in.Kind() {
	case reflect.String:
		out.SetString(plaintext.Clean(in.String()))
	case reflect.Pointer:
		if in.IsNil() {
			return in
		}
		out.Set(reflect.New(in.Type().Elem()))
		out.Elem().Set(plainValue(in.Elem()))
	case reflect.Slice:
		out.Set(reflect.MakeSlice(in.Type(), in.Len(), in.Len()))
		for i := range in.Len() {
			out.Index(i).Set(plainValue(in.Index(i)))
		}
	case reflect.Map:
		out.Set(reflect.MakeMapWithSize(in.Type(), in.Len()))
		for key, value := range in.Seq2() {
			out.SetMapIndex(plainValue(key), plainValue(value))
		}
	case reflect.Struct:
		// The copy brings along what is not exported, e.g. the inside of a time.
		out.Set(in)
		for i := range in.NumField() {
			if field := out.Field(i); field.CanSet() {
				field.Set(plainValue(in.Field(i)))
			}
		}
	default:
		return in
	}
	return out
}
