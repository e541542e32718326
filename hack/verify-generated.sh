#!/bin/sh
# Checks that `go generate` would change nothing. It works on a copy, so that the checkout stays as
# it is, changes that are not committed included.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/checkout" "$work/generated"
tar --exclude=./.git --exclude=./bin --exclude=./dist -cf - . | tar -xf - -C "$work/checkout"
cp -R "$work/checkout/." "$work/generated"

(cd "$work/generated" && go generate ./...)
if ! (cd "$work" && diff -ru checkout generated); then
	echo 'error: generated files are out of date' >&2
	echo 'hint: make generate' >&2
	exit 1
fi
