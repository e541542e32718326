# The targets delegate to go or to one script below hack/. `make` lists them.

# The release that `make snapshot` and `make krew` prepare; docs/releasing.md.
VERSION ?= v0.1.0
# How long `make fuzz` spends on each fuzz test.
FUZZTIME ?= 30s

.DEFAULT_GOAL := help
.PHONY: help build install test test-race lint lint-fix fmt generate verify verify-tidy \
	verify-generated verify-release control-plane demo fuzz bench bench-clean soak snapshot krew clean

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/kubectl-podwatch
	go build -trimpath -o bin/ ./cmd/kubectl-podwatch

install: ## Install kubectl-podwatch where `go install` puts programs
	go install -trimpath ./cmd/kubectl-podwatch

test: lint control-plane test-race ## Run everything: linters, all tests, the real API server

test-race: ## Run the Go tests of every module, with the race detector
	@hack/test.sh

lint: ## Check style, formatting and import directions
	hack/run-tool.sh lint run ./...

lint-fix: ## Mend what the linters can mend
	hack/run-tool.sh lint run --fix ./...

fmt: ## Format the Go code
	hack/run-tool.sh lint fmt

generate: ## Write the generated files anew
	go generate ./...

verify: lint verify-tidy verify-generated verify-release ## Check all but the long tests
	go vet ./...
	go test ./pkg/internal/policy ./hack/...

verify-tidy: ## Check that every go.mod and go.sum is tidy
	@hack/verify-tidy.sh

verify-generated: ## Check that the generated files are up to date
	@hack/verify-generated.sh

verify-release: ## Check that the release builds, twice to the same bytes
	@hack/verify-release.sh $(VERSION)

control-plane: ## Build the control plane of the tests into the cache folder, once
	@go run ./hack/controlplane

demo: build ## Show the three commands on a broken cluster
	@go run ./hack/demo

fuzz: ## Run every fuzz test for FUZZTIME
	@hack/fuzz.sh $(FUZZTIME)

bench: ## Run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

bench-clean: build ## Compare clean with kubectl delete on a server of its own, and clean 20,000 pods
	@go run ./hack/bench-clean

soak: ## Watch 2,000 updates a second for a minute, and clean 1,000 times while pods fail and come back
	go test -count=1 -v ./test/soak -duration 60s
	PODWATCH_CHURN_ROUNDS=1000 go test -count=1 -timeout 60m -run '^TestChurn$$' -v ./pkg/cmd/clean

snapshot: ## Build the archives of VERSION into dist/, without publishing
	hack/snapshot.sh $(VERSION) --clean

krew: snapshot ## Write plugins/krew.yaml from the archives in dist/
	go run ./hack/krew -dist dist -out plugins/krew.yaml

clean: ## Remove what was built in this checkout; the cache folder stays
	rm -rf bin dist
