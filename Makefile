# The two commands are `make run` and `make test`; everything they need they get themselves.
DATA ?= data/demo
PORT ?= 7400
SEED ?= 1
TARGET ?= $(or $(CARGO_TARGET_DIR),target)
ZAMPA = $(TARGET)/release-run/zampa
ISLANDS = $(shell find islands -path islands/node_modules -prune -o -path islands/dist -prune -o -name .stamp -prune -o -type f -print)

.PHONY: run build islands test test-rust test-browser lint bench bench-content bench-live bench-screen bench-growth clean

## Build what is needed, fill the demonstration once, start it
run: build
	@(sleep 1; command -v xdg-open >/dev/null && xdg-open http://hub.localhost:$(PORT)/ >/dev/null 2>&1 || true) &
	@$(ZAMPA) demo --data $(DATA) --port $(PORT) --seed $(SEED)

build: islands
	@echo "building zampa (the first time takes some minutes)"
	@cargo build --profile release-run --locked -p zampa

islands: islands/.stamp

islands/.stamp: $(ISLANDS)
	@echo "building the pages' style and script"
	@cd islands && npm ci --no-audit --no-fund --silent && npm run --silent build
	@touch $@

## Everything: lints, tests of the crates, tests of the whole in a real browser
test: tools corpora lint test-rust test-browser
	@echo "all tests passed"

.PHONY: tools
tools:
	@tests/tools.sh

## Files that others published, to try what is read and written on
.PHONY: corpora
corpora:
	@tests/corpora.sh

lint: islands
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --locked --quiet
	@cargo deny --log-level error check licenses bans sources
	@cd islands && npm run --silent check

test-rust: islands
	@cargo build --locked --quiet --workspace --bins --tests --examples # also zampa, which tests run; with the tests' features, so that nothing is built twice
	@cargo nextest run --workspace --locked --no-fail-fast

test-browser: islands
	@cargo build --locked --quiet --workspace --bins --tests --examples
	@cd tests/browser && npm ci --no-audit --no-fund --silent && ZAMPA=$(abspath $(TARGET))/debug/zampa node --test --test-concurrency=2 *.test.mjs

bench: build
	@cargo build --quiet --profile release-run --locked -p bench
	@bench/run.sh $(ZAMPA)

## What is promised of lessons prepared together, measured
bench-content: build
	@cargo build --quiet --profile release-run --locked -p bench
	@cd tests/browser && npm ci --no-audit --no-fund --silent
	@bench/run.sh $(abspath $(ZAMPA)) content

## What is promised of a live class over a thin link that loses, measured
bench-live: build
	@cargo build --quiet --profile release-run --locked -p bench
	@cd tests/browser && npm ci --no-audit --no-fund --silent
	@bench/run.sh $(abspath $(ZAMPA)) live

## What of it is on the screen and at the ear of real browsers; a quarter of an hour
bench-screen: build
	@cd tests/browser && npm ci --no-audit --no-fund --silent
	@bench/run.sh $(abspath $(ZAMPA)) screen

## What is promised of visits that a phone records, measured
bench-growth: build
	@cd tests/browser && npm ci --no-audit --no-fund --silent
	@bench/run.sh $(abspath $(ZAMPA)) growth

clean:
	rm -rf data artifacts islands/dist islands/.stamp
	cargo clean
