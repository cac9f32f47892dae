# Everything below needs only make and a Python of at least 3.11; it installs the rest here.
# Overrides: PYTHON=/path/to/python  VENV=.venv  JOBS=auto  ARGS="what pytest or pgdeck gets"

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
JOBS ?= auto
ARGS ?=
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
PYC_STAMP := $(VENV)/.compiled
SOURCES := $(shell find src -name '*.py' 2>/dev/null)

# Only interpreters that are there already; quiet in a log.
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
# As pip does: the machine's own certificates count.
export UV_SYSTEM_CERTS := 1

# uv of the path, or one of our own in .uv/.
FOUND_UV := $(shell command -v uv 2>/dev/null)
UV := $(if $(FOUND_UV),$(FOUND_UV),.uv/bin/uv)
export PGDECK_UV := $(abspath $(UV))

define FIND_PYTHON
for candidate in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
	if found=$$(command -v "$$candidate" 2>/dev/null) \
		&& "$$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		python=$$found; break; \
	fi; \
done; \
if [ -z "$${python:-}" ]; then \
	echo "pgdeck needs Python 3.11 or newer, and none was found on the path." >&2; \
	echo "Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1; \
fi
endef

.PHONY: help run test check lint types lock bench soak docs pictures clean

help:
	@echo "make run    start an embedded PostgreSQL with example databases and watch it"
	@echo "make test   every test (Docker tests when an engine answers)"
	@echo "make check  formatting, linting, types, then every test"
	@echo "make bench  measure what the README claims about speed"
	@echo "make soak   the long tests"
	@echo "make docs   write the pages and tables anew that come from the program"
	@echo "make pictures  take the documentation's pictures of every screen anew"
	@echo "make lock   choose the versions of all dependencies anew"
	@echo "make clean  remove what these commands made here"

run: $(RUN_STAMP) $(PYC_STAMP)
	@$(BIN)/pgdeck demo $(ARGS)

# A module's tests share a worker: its fixtures (servers, containers, a built wheel) are made once.
test: $(DEV_STAMP) $(PYC_STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist loadscope $(ARGS)

check: lint types test

lint: $(DEV_STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(DEV_STAMP)
	$(BIN)/mypy

bench: $(DEV_STAMP) $(PYC_STAMP)
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(DEV_STAMP) $(PYC_STAMP)
	$(BIN)/python -m pytest -m soak --timeout 0 $(ARGS)

docs: $(RUN_STAMP) $(PYC_STAMP)
	@$(BIN)/python -m docs.making

pictures: $(RUN_STAMP) $(PYC_STAMP)
	@$(BIN)/python docs/pictures.py $(ARGS)

LOCK := pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --quiet --custom-compile-command "make lock"
lock: | $(UV)
	$(UV) $(LOCK) --upgrade --extra embedded --group dev -o requirements/dev.txt
	$(UV) $(LOCK) --extra embedded -c requirements/dev.txt -o requirements/embedded.txt
	$(UV) $(LOCK) -c requirements/dev.txt -o requirements/run.txt

clean:
	rm -rf .uv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	if [ -e $(VENV)/pyvenv.cfg ]; then rm -rf $(VENV); fi
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.uv/bin/uv:
	@$(FIND_PYTHON); \
	echo "installing uv into .uv/"; \
	rm -rf .uv; \
	if ! "$$python" -m venv .uv >/dev/null 2>&1; then \
		rm -rf .uv; \
		echo "$$python cannot make a virtual environment." >&2; \
		echo "Install its venv module (Debian: apt-get install python3-venv), or install uv." >&2; \
		exit 1; \
	fi; \
	if ! .uv/bin/python -m pip install --quiet --disable-pip-version-check --no-input uv; then \
		rm -rf .uv; echo "uv could not be installed; is there a network?" >&2; exit 1; \
	fi

# An environment whose interpreter is gone is a dangling link here, so it is made anew.
$(BIN)/python: | $(UV)
	@$(FIND_PYTHON); \
	echo "making $(VENV) with $$("$$python" --version)"; \
	if [ -e $(VENV)/pyvenv.cfg ]; then rm -rf $(VENV); fi; \
	$(UV) venv --quiet --python "$$python" $(VENV)

INSTALL := $(UV) pip install --quiet --python $(BIN)/python --compile-bytecode
# A build constraint with hashes pins the build backend too.
PROJECT := --no-deps --build-constraint requirements/dev.txt --editable .

$(RUN_STAMP): requirements/embedded.txt pyproject.toml hatch_build.py $(BIN)/python
	@echo "installing the dependencies"
	@$(INSTALL) --require-hashes -r requirements/embedded.txt
	@$(INSTALL) $(PROJECT)
	@touch $@

$(DEV_STAMP): requirements/dev.txt pyproject.toml hatch_build.py $(BIN)/python
	@echo "installing the dependencies and the tools"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) $(PROJECT)
	@touch $@ $(RUN_STAMP)

$(PYC_STAMP): $(SOURCES) $(BIN)/python
	@$(BIN)/python -m compileall -q src
	@touch $@
