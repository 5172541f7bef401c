# Everything from nothing: each target makes .venv first, from the pins in constraints.txt.
PYTHON ?= python3
DATA ?= openforyou-data
PORT ?= 8000
BIN := .venv/bin

.PHONY: help demo test check bench drill docs format clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*##/  make \1\t/'

demo: .venv/.installed  ## a page in the browser with a feed of playing clips
	@exec $(BIN)/openforyou demo --data $(DATA) --port $(PORT) --no-open

# A file of tests to each core: what a file shares, as a server that it started, is made once.
test: .venv/.installed-dev tools  ## every test
	$(BIN)/pytest --numprocesses logical --dist loadfile

check: .venv/.installed-dev  ## linters, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.installed-dev  ## let the formatter have its way
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed-dev  ## the speed claims, as tables
	$(BIN)/openforyou bench events
	$(BIN)/openforyou bench feed

drill: .venv/.installed  ## the attacks of docs/drills.md, carried out against a platform made for them
	$(BIN)/openforyou drill all

docs: .venv/.installed-dev  ## write the pages of docs/ that are made from code
	$(BIN)/openforyou docs docs

clean:  ## remove what make made; your data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build src/*.egg-info

# The browser tests drive a real Chromium, the fault tests use strace. Where we may install them, we do; elsewhere those
# tests skip and say how to get them.
.PHONY: tools
tools:
	@if ! { command -v chromium && command -v strace; } >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium strace >/dev/null; fi

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "OpenForYou needs Python 3.11 to 3.13; set PYTHON=python3.12, for one")'
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.installed-dev: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ .venv/.installed
