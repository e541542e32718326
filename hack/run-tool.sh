#!/bin/sh
# Runs a development tool: run-tool.sh MODULE [ARGUMENT...], where MODULE is a folder of hack/tools
# whose go.mod pins the tool and its version. The executable is kept in a cache folder that all
# checkouts share, under a hash of what goes into it, and is built only if it is missing.
set -eu

module=$1
shift
source=$(cd "$(dirname "$0")/tools/$module" && pwd)
package=$(sed -n 's/^tool //p' "$source/go.mod")
name=$(basename "${package%/v[0-9]}")
hash=$({ cat "$source/go.mod" "$source/go.sum" && go env GOVERSION; } | git hash-object --stdin | cut -c1-12)
folder="${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-podwatch/tools"
tool="$folder/$name-$hash"

if [ ! -x "$tool" ]; then
	echo "building $name, once for all checkouts (minutes when the Go build cache is cold)" >&2
	mkdir -p "$folder"
	# Under a name of its own until it is whole: two checkouts may build at once.
	(cd "$source" && GOFLAGS='' GOWORK=off go build -ldflags='-s -w' -o "$tool.$$" "$package")
	mv "$tool.$$" "$tool"
fi
exec "$tool" "$@"
