# The commands of everyday work. CI runs .ci/run, which needs no make.

FUZZTIME ?= 20s
USERS ?= 1000
LINT := go tool -modfile=go.tool.mod golangci-lint

.DEFAULT_GOAL := help
.PHONY: help test race sweep lint format bench demo fuzz interop browser screenshots golden sample ci

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## Run all tests.
	go test ./...

race: ## Run the tests of the concurrent packages with the race detector.
	go test -race -short -timeout 40m ./engine/... ./internal/store/... ./connector/...

sweep: ## Let every fault happen in every request of the cycles of 600 people.
	USHER_SWEEP_PEOPLE=600 go test ./engine -run TestEveryFaultInEveryCall -timeout 60m -v

lint: ## Check the format and run the linter.
	$(LINT) config verify
	$(LINT) fmt --diff
	$(LINT) run

format: ## Format the code and group its imports.
	$(LINT) fmt

bench: ## Run all benchmarks once, with their allocations.
	go test -run '^$$' -bench . -benchmem ./...

demo: ## Provision a made-up company into a simulated Salesforce org; USERS=1000.
	go run ./cmd/usher demo --users $(USERS)

fuzz: ## Fuzz every target for FUZZTIME=20s.
	@set -e; grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | \
	while IFS=: read -r file declaration; do \
		echo "$$(dirname "$$file") $${declaration#func }"; \
		go test -run '^$$' -fuzz "^$${declaration#func }\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
	done

interop: ## Drive Usher with the Go SDK of Microsoft Graph; its first build takes minutes.
	cd interop/msgraph && go vet ./... && go test -count=1 -v ./...

browser: ## Try the portal in a real browser; needs chromium and npm.
	npm ci --ignore-scripts --no-audit --no-fund --prefix interop/browser
	cd interop/browser && go vet ./... && USHER_REQUIRE_BROWSER=1 go test -count=1 ./...

screenshots: ## Take the pictures of the portal in docs/images again; needs chromium and npm.
	npm ci --ignore-scripts --no-audit --no-fund --prefix interop/browser
	cd interop/browser && USHER_REQUIRE_BROWSER=1 go test -count=1 -run "TestTutorial|TestDemo|TestExpressionRepaired|TestScopingChange" -screenshots ../../docs/images

golden: sample ## Rewrite the golden files of every package that has some; review the diff.
	@set -e; grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -r -n 1 dirname | sort -u | \
	while read -r package; do go test "$$package" -update; done

sample: ## Make the checked-in sample company again.
	go run ./examples/contoso/generate --users 40 --seed 1 --out examples/contoso

ci: ## Run everything that CI runs.
	.ci/run
