#!/bin/sh
# Runs the Go tests of every module that has some, the product's last, so that the output ends in
# its lines. The control plane must have been built: make control-plane.
set -eu
cd "$(dirname "$0")/.."

race=-race
# The go command turns cgo off when there is no C compiler, and the race detector needs cgo.
if [ "$(go env CGO_ENABLED)" != 1 ]; then
	race=
	echo 'no C compiler found: testing without the race detector' >&2
fi

# No race detector here: it would compile Kubernetes a second time, for tests without goroutines.
go -C test/differential test -shuffle=on ./...
exec go test ${race:+"$race"} -shuffle=on -timeout 20m ./...
