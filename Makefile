# mirascope_nb. Needs Python 3.11 or later, git and make; everything else is installed into .venv.
#
# To look around:
#   make demo          run the quickstart notebook and print every answer
#   make lab           open the quickstart in JupyterLab
#
# To check a change:
#   make test          everything below, down to `notebooks`
#   make check         ruff, pyright, mypy, import-linter, codespell: reads the code, runs nothing
#   make ui            TypeScript: types, lint, tests, and whether the committed build is current
#   make unit          tests that need no kernel and no browser
#   make kernel        tests in real kernels
#   make browser       tests in JupyterLab with Chromium
#   make notebooks     run the notebooks and compare with their saved outputs
#   make coverage      the unit tests, and the branches they miss
#   make soak          half an hour of cut streams, spoilt replies and interrupts
#   make bench         measure speed, and write the table in docs/performance.md
#   make test-interop  the vendors' own SDKs against the sandbox
#
# To maintain:
#   make format        fix what ruff can fix
#   make refresh       run the notebooks and save their new outputs
#   make dist          build the wheel and the source archive
#   make lock          update requirements/lock.txt
#   make clean         remove everything that make has made

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
QUICKSTART := notebooks/01_quickstart.ipynb
PYTEST := $(BIN)/python -m pytest
# Installing copies it to where JupyterLab looks.
PLUGIN := $(wildcard mirascope_nb/labextension/package.json)
NPM := sh ../tools/node.sh npm --loglevel=error

# A kernel or extension in the user's own folders must not stand in for the one under test.
export JUPYTER_PREFER_ENV_PATH := 1
# uv reads the system's certificates, as pip does.
UV_NATIVE_TLS ?= 1
export UV_NATIVE_TLS
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help demo lab test check lint types imports spelling ui unit kernel soak browser notebooks \
	test-interop coverage bench refresh dist lock format clean dev chromium

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

# ---- the environment ------------------------------------------------------------------------

.venv/made-for-demo: pyproject.toml $(PLUGIN) requirements/lock.txt tools/setup.sh
	@sh tools/setup.sh demo
	@touch $@

.venv/made-for-dev: pyproject.toml $(PLUGIN) requirements/lock.txt tools/setup.sh
	@sh tools/setup.sh dev
	@touch $@ .venv/made-for-demo

dev: .venv/made-for-dev

labextension/node_modules/.package-lock.json: labextension/package-lock.json | dev
	@cd labextension && $(NPM) ci --ignore-scripts --no-audit --no-fund
	@touch $@

chromium:
	@sh tools/chromium.sh

# ---- to look at -----------------------------------------------------------------------------

demo: .venv/made-for-demo
	@$(BIN)/python tools/run_notebook.py $(QUICKSTART) build/01_quickstart.ipynb
	@echo "To open it in JupyterLab and run it yourself: make lab"

# On a copy, so that the clone stays clean.
lab: .venv/made-for-demo
	@mkdir -p build
	@test -f build/01_quickstart.ipynb || cp $(QUICKSTART) build/
	@$(BIN)/jupyter lab $$(test "$$(id -u)" != 0 || echo --allow-root) build/01_quickstart.ipynb

# ---- checks: nothing is run, everything is read ---------------------------------------------

check: lint types imports spelling

lint: dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --check; exit 1; }

types: dev
	@$(BIN)/pyright
	@$(BIN)/mypy

imports: dev
	@$(BIN)/lint-imports --no-cache

spelling: dev
	@$(BIN)/codespell
	@$(BIN)/validate-pyproject pyproject.toml >/dev/null

# ---- tests ----------------------------------------------------------------------------------

# All of it, even after a failure. What failed beside others is run once more alone: kernels and
# browsers are timed, and a machine that was busy elsewhere is no fault of theirs. Of the two
# workers one is for what starts kernels and browsers, which is slow and measured, and one for the
# rest.
test: dev
	@failed=; \
	$(MAKE) --keep-going check || failed="$$failed check"; \
	$(MAKE) ui || failed="$$failed ui"; \
	$(MAKE) chromium || failed="$$failed chromium"; \
	$(PYTEST) --nbval --numprocesses=2 tests notebooks \
		|| $(PYTEST) --nbval --last-failed --last-failed-no-failures=none tests notebooks \
		|| failed="$$failed pytest"; \
	test -z "$$failed" || { echo "Failed:$$failed"; exit 1; }

ui: labextension/node_modules/.package-lock.json
	@cd labextension && $(NPM) run check
	@cd labextension && $(NPM) run build:check
	@cd labextension && $(NPM) test

unit: dev
	@$(PYTEST) --numprocesses=2 -m "not kernel and not browser"

kernel: dev
	@$(PYTEST) -m kernel

# Half an hour: every cut, thousands of spoilt replies, hundreds of interrupts. One after another,
# since figures are taken.
soak: dev
	@$(PYTEST) --capture=no -m soak

browser: dev chromium
	@$(PYTEST) -m browser

notebooks: dev
	@$(PYTEST) --nbval notebooks

# The vendors' SDKs want their own versions of what we use, so they get an environment of their own.
.venv-interop/made: pyproject.toml | dev
	@$(BIN)/python -m venv --clear .venv-interop
	@$(BIN)/uv pip install --quiet \
		--python .venv-interop/bin/python --group interop -e .
	@touch $@

test-interop: .venv-interop/made
	@.venv-interop/bin/python -m pytest tests/interop

# After a change that is meant to change their outputs.
refresh: dev
	@for notebook in notebooks/*.ipynb; do \
		$(BIN)/python tools/run_notebook.py $$notebook $$notebook || exit 1; \
		$(BIN)/python tools/clean_notebook.py $$notebook || true; \
	done

coverage: dev
	@$(PYTEST) --numprocesses=2 --cov --cov-report=term-missing:skip-covered \
		-m "not kernel and not browser"

# Beside other libraries, which are installed into an environment of their own.
bench: .venv-bench/made
	@.venv-bench/bin/python -m tests.benchmarks.run

.venv-bench/made: pyproject.toml tests/benchmarks/libraries.txt | dev
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-bench
	@$(BIN)/uv pip install --quiet --python .venv-bench/bin/python \
		--requirements pyproject.toml --requirements tests/benchmarks/libraries.txt
	@touch $@

# ---- to ship and to keep --------------------------------------------------------------------

dist: labextension/node_modules/.package-lock.json
	@cd labextension && $(NPM) run build
	@rm -rf dist
	@$(BIN)/python -m hatchling build
	@ls dist

lock: dev
	@$(BIN)/uv pip compile --quiet --universal \
		--python-version 3.11 --all-extras --group dev --upgrade --no-emit-index-url \
		--custom-compile-command "make lock" --output-file requirements/lock.txt pyproject.toml

format: dev
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format

clean:
	rm -rf .venv .venv-bench .venv-interop .venv-kernels .venv-labs build dist test-results labextension/node_modules
	rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis .grimp_cache .import_linter_cache
	rm -f .coverage .coverage.*
	find mirascope_nb tests tools -name __pycache__ -prune -exec rm -rf {} +
