#!/bin/sh
# Runs every fuzz test for the given time each: fuzz.sh 30s.
set -eu
cd "$(dirname "$0")/.."

go list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r package folder; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$folder"/*_test.go 2>/dev/null | while read -r name; do
		echo "$package $name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$1" "$package" </dev/null || exit 1
	done || exit 1
done
