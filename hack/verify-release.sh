#!/bin/sh
# Checks the release of a version, v0.1.0 say, on this machine's platform: the configuration is
# valid, krew would install the archive, and the same sources built in two folders give the same
# bytes. It works on copies; nothing is left behind.
set -eu
cd "$(dirname "$0")/.."

hack/run-tool.sh release check --quiet

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/one" "$work/another"
tar --exclude=./bin --exclude=./dist -cf - . | tar -xf - -C "$work/one"
cp -R "$work/one/." "$work/another"

for copy in one another; do
	sed -i.bak -e "s/^    goos: .*/    goos: [$(go env GOOS)]/" \
		-e "s/^    goarch: .*/    goarch: [$(go env GOARCH)]/" "$work/$copy/.goreleaser.yaml"
	echo "building the release of $(go env GOOS)/$(go env GOARCH)" >&2
	if ! "$work/$copy/hack/snapshot.sh" "$1" >"$work/log" 2>&1; then
		cat "$work/log" >&2
		exit 1
	fi
done
if ! diff "$work/one/dist/checksums.txt" "$work/another/dist/checksums.txt"; then
	echo 'error: two builds of the same sources differ' >&2
	exit 1
fi
go run ./hack/krew -dist "$work/one/dist" -out "$work/krew.yaml"
