# `make demo` and `make test` set up everything that they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Index that holds the CPU build of torch; empty: the one that pip uses.
TORCH_INDEX ?=
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

PEERS := .venv-peers
PEERS_STAMP := $(PEERS)/.installed

.PHONY: install demo test test-all bench bench-full peers lint

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' constraints.txt)"
	$(PIP) -c constraints.txt -e '.[daemon,demos,dev]'
	touch $@

demo: install
	$(BIN)/tatara demo reactor $(DEMO_ARGS)

test: install
	$(BIN)/pytest -m "not slow" -n $(WORKERS) --dist worksteal

test-all: install
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

bench: install
	$(BIN)/python -m tests.benchmarks

# The long benchmark of an area; it goes on where an earlier call was broken off. Results: TATARA_RESULTS.
bench-full: install
	$(BIN)/python -m tests.benchmarks.full $(AREA) $(BENCH_ARGS)

# What the benchmark compares with, in an environment of its own.
peers: $(PEERS_STAMP)

$(PEERS_STAMP): tests/benchmarks/peers.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check \
		$(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' tests/benchmarks/peers.txt)"
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/benchmarks/peers.txt
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
