# Everything a change needs. `make` alone lists the targets. Go and make are enough for all but lint (downloads its
# linter once), race (a C compiler), smoke's separate processes and check (MySQL or MariaDB, Redis).

GO      ?= go
TAGS    := -tags nomsgpack
PKGS    ?= ./...
URL     ?= http://127.0.0.1:8080
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X entrepot/internal/app.version=$(VERSION)
BUILD   := CGO_ENABLED=0 $(GO) build $(TAGS) -trimpath -buildvcs=false -ldflags "$(LDFLAGS)"

# Packages whose wire types and server interface are generated from api/openapi.yaml (see their api.gen.yaml).
GENERATED := search account order pay sync auth
SOURCES   := api cmd internal locales migrations tools

LINT_VERSION := 2.15.0
LINT_DIR     := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/entrepot-tools
LINT         := $(LINT_DIR)/golangci-lint

.DEFAULT_GOAL := help
.PHONY: help run demo build test race cover lint fmt generate check smoke bench torture stats migrate

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start everything; what has no address is embedded (SQLite, Redis, a simulated 1688)
	$(GO) run $(TAGS) ./cmd/api

demo: ## play a shopper's story against a running server (URL=http://127.0.0.1:8080)
	$(GO) run $(TAGS) ./cmd/entrepot demo --url $(URL)

build: ## stripped static binaries in bin/
	@mkdir -p bin
	$(BUILD) -o bin/entrepot-api ./cmd/api
	$(BUILD) -o bin/entrepot-worker ./cmd/worker
	$(BUILD) -o bin/entrepot-sandbox ./cmd/sandbox
	$(BUILD) -o bin/entrepot ./cmd/entrepot

test: ## all tests, on SQLite and the embedded Redis unless ENTREPOT_TEST_MYSQL_DSN / ENTREPOT_TEST_REDIS_URL say more
	@cd tools && $(GO) run ./testrun $(TAGS) -shuffle=on $(PKGS)

race: ## the same tests under the race detector (needs a C compiler)
	@command -v $${CC:-gcc} >/dev/null || { echo "make race: the race detector needs a C compiler; $${CC:-gcc} was not found"; exit 1; }
	@cd tools && CGO_ENABLED=1 $(GO) run ./testrun $(TAGS) -race -shuffle=on -timeout 20m $(PKGS)

cover: ## tests with coverage: cover.html and the total without generated code
	@cd tools && $(GO) run ./testrun $(TAGS) -shuffle=on -coverpkg=./internal/... -coverprofile=cover.out $(PKGS)
	@grep -v '\.gen\.go:' cover.out > cover.tmp && mv cover.tmp cover.out
	@$(GO) tool cover -html=cover.out -o cover.html
	@$(GO) tool cover -func=cover.out | tail -1

lint: $(LINT_DIR)/.v$(LINT_VERSION) ## golangci-lint with .golangci.yml
	$(LINT) run $(PKGS)
	cd tools && $(LINT) run --config ../.golangci.yml ./...

# Outside go.mod because the linter's own requirements would move ours. Building it takes minutes, once per machine.
$(LINT_DIR)/.v$(LINT_VERSION):
	@mkdir -p $(LINT_DIR)
	@$(LINT) version 2>/dev/null | grep -qF 'version $(LINT_VERSION) ' || { echo "installing golangci-lint $(LINT_VERSION) into $(LINT_DIR): a few minutes"; \
		GOBIN=$(LINT_DIR) GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION); }
	@rm -f $(LINT_DIR)/.v*; touch $@

fmt: ## format the code
	gofmt -s -w $(SOURCES)

generate: ## api.gen.go of every feature from api/openapi.yaml; leaves no diff when nothing changed
	@for p in $(GENERATED); do (cd internal/$$p && $(GO) tool -modfile=../../tools/go.mod oapi-codegen -config api.gen.yaml ../../api/openapi.yaml) || exit 1; done

check: ## what CI runs (needs MySQL or MariaDB and Redis)
	bash .ci/run

smoke: build ## play the story on the built binaries: api, worker and sandbox apart, then everything in one process
	@cd tools && ENTREPOT_SMOKE_BIN=$(CURDIR)/bin $(GO) run ./testrun $(TAGS) -run '^TestSmoke$$' -count=1 -timeout 5m ./internal/app

bench: ## our figures over the limits measured in the same run, one line per row of docs/performance.md (ARGS="-rows P1")
	$(GO) run $(TAGS) ./cmd/bench $(ARGS)

torture: build ## orders under faults and kill -9, counted on both sides (ARGS="-orders 300 -kills 10"; -engine servers for MySQL and Redis)
	@$(GO) run $(TAGS) ./cmd/torture -bin bin $(ARGS)

stats: ## sizes of functions and files, tests, interfaces, undocumented names
	@cd tools && $(GO) run ./stats ..

migrate: ## bring the database of ENTREPOT_DATABASE_DSN (or ./data) to the newest schema
	$(GO) run $(TAGS) ./cmd/entrepot migrate
