module github.com/podwatch/kubectl-podwatch/hack/tools/release

go 1.26.0

tool github.com/goreleaser/goreleaser/v2
