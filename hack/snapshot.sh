#!/bin/sh
# Builds the archives of a version, v0.1.0 say, without publishing: snapshot.sh VERSION [FLAG...].
# The version needs no tag and the checkout no remote; without these lines goreleaser would take the
# commit as unknown and its time as zero.
set -eu
cd "$(dirname "$0")/.."

export GORELEASER_CURRENT_TAG="$1"
shift
export GIT_CONFIG_COUNT=1
export GIT_CONFIG_KEY_0=remote.origin.url
export GIT_CONFIG_VALUE_0=https://github.com/podwatch/kubectl-podwatch
exec hack/run-tool.sh release release --snapshot "$@"
