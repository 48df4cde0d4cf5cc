.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-stamp

.PHONY: help setup run test check fix advisories bench torture types docs area migration clean browser

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml hatch_build.py requirements/dev.lock requirements/uv.lock
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "OCPP CSS needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	touch $(STAMP)

setup: $(STAMP) ## Prepare .venv with everything that running, testing and benchmarking need

run: setup ## Run the demo: the whole service with five emulated stations that charge
	$(BIN)/ocpp-css demo

browser: ## Install Debian's Chromium for the browser tests where it is missing
	@test -x /usr/bin/chromium || test -n "$$OCPP_CSS_CHROMIUM" || { \
	  echo "Installing Chromium for the browser tests"; \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || { \
	    echo "Chromium is missing and could not be installed. Install it (Debian: apt-get install chromium)"; \
	    echo "or name one with OCPP_CSS_CHROMIUM=/path/to/chromium, then run make test again."; exit 1; }; }

check: setup ## Lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --strict --explicit-package-bases tools/generate_messages tools/reference tools/scaffold_area.py
	$(BIN)/lint-imports

test: setup browser check ## Everything: checks and all tests, with real PostgreSQL, NATS and Chromium
	$(BIN)/pytest -q -n 2 --dist loadgroup -m "not slow"

torture: setup browser ## The long fault campaigns, with counts at the end
	$(BIN)/pytest -q -m slow -s

LOCKS := $(wildcard requirements/*.lock)
advisories: setup ## Ask the advisories of the package index about every locked version (needs the network)
	$(BIN)/uv tool run --isolated pip-audit==2.10.1 --strict --require-hashes --disable-pip $(addprefix -r ,$(LOCKS))

BENCH ?= --write-docs
bench: setup ## Measure this machine (15 minutes); table, bench/results/latest.json, docs/benchmarks.md (or BENCH=--quick)
	$(BIN)/ocpp-css bench $(BENCH)

types: setup ## Generate the message types anew from the official schemas
	$(BIN)/python -m tools.generate_messages

area: setup ## Write a new area that works: make area NAME=commerce/vouchers
	$(BIN)/python -m tools.scaffold_area "$(NAME)"

docs: setup ## Write docs/reference/ anew from the program
	$(BIN)/python -m tools.reference

migration: setup ## Write a migration for changed tables: make migration NAME="what changed"
	$(BIN)/python tools/new_migration.py "$(NAME)"

fix: setup ## Format, and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove the environment and what tests left
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
