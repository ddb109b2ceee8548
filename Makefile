# Everything there is to do, in one place; `make` alone lists it.
# ARGS go through:  make up ARGS="--listen 127.0.0.1:9000"   make test ARGS="unit web"
# PROJECT is the folder that the primary works in:  make up PROJECT=~/code/thing

.DEFAULT_GOAL := help
.PHONY: help up test check e2e security accuracy bench bench-peers soak fuzz fmt types docs

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

up: ## build what changed and serve; prints the URL to open
	@PROJECT="$(PROJECT)" scripts/up.sh $(ARGS)

test: ## every test, from a fresh clone; what CI runs
	@scripts/test.sh $(ARGS)

check: ## format, lints, types, scripts, container files, house rules
	@scripts/stage-setup.sh && scripts/web.sh && scripts/stage-check.sh

e2e: ## the main job with real agent CLIs and a browser
	@scripts/test.sh e2e

security: ## the catalogue of attacks and faults, as a table
	@scripts/security.sh

accuracy: ## what is shown of agents beside what the real CLIs do
	@testkit/accuracy/run.sh

bench: ## the performance figures
	@scripts/run-all.sh bench $(ARGS)

bench-peers: ## the terminal figures, with other web terminals beside them
	@scripts/bench-peers.sh $(ARGS)

soak: ## the long runs: kills, floods, leaks, rest
	@scripts/run-all.sh soak

fuzz: ## each fuzz target for FUZZ_SECONDS (default 600)
	@scripts/fuzz.sh

fmt: ## format everything
	@scripts/fmt.sh

types: ## write the page's TypeScript types from the Rust ones
	@WRITE_TYPES=1 cargo test --quiet -p orchestra-protocol --test typescript

docs: ## write the table of settings in docs/CONFIGURATION.md from the defaults
	@WRITE_DOCS=1 cargo test --quiet --workspace --lib the_document_is_what_is_generated
