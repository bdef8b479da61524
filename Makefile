# `make demo` and `make test` set up everything that they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Index that holds the CPU build of torch; empty: the one that pip uses.
TORCH_INDEX ?=
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: install demo test test-all bench lint

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

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
