# `make run` starts the gateway, `make test` proves everything, `make check` what needs no gateway, `make bench` what it costs.
.DEFAULT_GOAL := help
.PHONY: help run test check static unit everything bench bench-peers bench-guard bench-soak proof evals vendor lock clean
.SILENT:

PYTHON ?= python3
export PYTHON

# What `make bench-guard` compares with, and how long `make bench-soak` lasts.
BASE ?= main
CALLS ?= 2000000

BIN := .venv/bin
# Rooms whose tests start no gateway.
UNIT := $(wildcard $(addprefix tests/,architecture deploy domain stages pipeline properties))
MIDDLE := proxy/stages/*,proxy/pipeline/*
# Tests that prove the middle. They alone are traced, for that doubles what a test costs.
TRACED := $(addprefix tests/,domain stages pipeline properties)

help:
	echo 'make run     start the gateway with a demo catalog on http://127.0.0.1:8080'
	echo 'make test    set up, check, then run every test and measure branch coverage of the middle'
	echo 'make check   format, lint, types, architecture, unit tests'
	echo 'make bench   what a call and a chunk cost, next to nginx in the same run; bench-peers: next to LiteLLM too;'
	echo '             bench-guard BASE=main: next to another commit; bench-soak CALLS=2000000: what many calls leave behind'
	echo 'make proof   races, crashes and outages against real processes, with what was seen, written to docs/proofs'
	echo 'make evals   quality and speed of precheck on the labelled prompts of the folder SIGNALBOX_EVALS, in some ten minutes'
	echo 'make vendor  fetch anew what the console takes from npm'
	echo 'make lock    write both lock files anew from pyproject.toml'
	echo 'make clean   remove the environment and everything the tools left behind'

run: .venv/run.stamp
	exec $(BIN)/python -m proxy demo

test: static everything

check: static unit

static: .venv/dev.stamp
	echo '== format' && $(BIN)/ruff format --check .
	echo '== lint' && $(BIN)/ruff check .
	echo '== types' && $(BIN)/mypy
	echo '== architecture' && $(BIN)/lint-imports --no-logo

unit: .venv/dev.stamp
	scripts/need.sh git git
	echo '== unit tests' && $(BIN)/python -m pytest -q --numprocesses=auto --dist=loadfile $(UNIT)

# Branch coverage of the middle is printed and has a floor; that of the rest is not a goal.
everything: static
	scripts/need.sh curl curl
	scripts/need.sh git git
	scripts/need.sh cc build-essential
	printf '== PostgreSQL for the tests: ' && scripts/postgres.sh
	printf '== Chromium for the tests: ' && scripts/chromium.sh
	echo '== tests of the middle' && $(BIN)/python -m pytest --cov --cov-report= --numprocesses=auto --dist=loadfile $(TRACED)
	echo '== every other test' && $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile $(addprefix --ignore=,$(TRACED))
	echo '== sizes' && $(BIN)/python -m tests.architecture.sizes
	echo '== branch coverage of the middle' && $(BIN)/coverage report --include='$(MIDDLE)' --fail-under=95

bench: .venv/dev.stamp
	$(BIN)/python -m tests.bench

bench-peers: .venv/dev.stamp
	$(BIN)/python -m tests.bench --peers --write

bench-guard: .venv/dev.stamp
	$(BIN)/python -m tests.bench.guard --base $(BASE)

bench-soak: .venv/dev.stamp
	$(BIN)/python -m tests.bench.soak --calls $(CALLS) --write

proof: .venv/dev.stamp
	$(BIN)/python -m tests.proofs --write

evals: .venv/dev.stamp
	$(BIN)/python -m tests.evals

.venv/run.stamp: requirements.lock
	scripts/setup.sh $< $@

.venv/dev.stamp: requirements-dev.lock
	scripts/setup.sh $< $@

# What the console takes from npm, checked against its hashes; needs npm.
vendor: .venv/dev.stamp
	scripts/need.sh npm npm
	$(BIN)/python scripts/vendor.py

lock:
	scripts/lock.sh

clean:
	rm -rf .venv .venv-lock .venv-litellm build/bench .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find proxy tests -name __pycache__ -type d -prune -exec rm -rf {} +
