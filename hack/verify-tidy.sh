#!/bin/sh
# Checks that `go mod tidy` would change no module of the repository.
set -eu
cd "$(dirname "$0")/.."

status=0
for file in $(git ls-files --cached --others --exclude-standard -- go.mod '*/go.mod'); do
	if ! GOFLAGS=-mod=mod go -C "$(dirname "$file")" mod tidy -diff; then
		echo "error: $file is not tidy" >&2
		echo "hint: cd $(dirname "$file") && go mod tidy" >&2
		status=1
	fi
done
exit $status
