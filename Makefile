# The commands of this project. Each works on a fresh clone: what it needs, it installs into .venv first.

PYTHON ?= python3
PORT   ?= 8000
BIN    := .venv/bin

.PHONY: help install run test test-api test-sign-in benchmark check lock

help:            ## say what there is
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

install: .venv/installed  ## make .venv, with exactly the packages of requirements/, and stop

run: .venv/installed  ## a server on http://127.0.0.1:8000 (PORT=9000 make run) with a demo organization; Ctrl-C stops it
	@SCIM_ENV=development $(BIN)/scim-server demo --port $(PORT)

test: .venv/installed-dev  ## the whole test suite, on SQLite and on PostgreSQL
	@$(BIN)/pytest --numprocesses 2

test-api: .venv/installed-dev  ## whatever the OpenAPI document lets a program send, at length (SEED=7 make test-api)
	@API_TRIALS=$(or $(SEED),1) $(BIN)/pytest -k whatever_is_sent tests/promises/test_openapi.py

test-sign-in: .venv/installed-dev tests/idp/oidc_provider/node_modules  ## sign-ins in a browser; .ci/sign_in installs the programs
	@$(BIN)/pytest --override-ini norecursedirs='.* node_modules' tests/chromium

benchmark: .venv/installed-benchmark  ## what an IdP's day costs, on our server and on others: docs/performance.md (FULL=1: all sizes)
	@$(BIN)/python -m benchmarks --write $(if $(FULL),--size 2000 20000 --large 1000000 --seconds 0.5 --rounds 5 --patience 600,--large 100000)

check: .venv/installed-dev  ## what CI checks besides the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@rm -f var/check.db && SCIM_DATABASE_URL=sqlite:///var/check.db $(BIN)/scim-server db upgrade
	SCIM_DATABASE_URL=sqlite:///var/check.db $(BIN)/alembic check

lock: .venv/installed-dev  ## resolve requirements/ anew after a change of dependencies in pyproject.toml
	$(BIN)/pip install --quiet 'uv>=0.9,<1'
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --upgrade --python-version 3.11 --no-header \
	    --no-emit-index-url --no-emit-find-links --group dev pyproject.toml --output-file requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --upgrade --python-version 3.11 --no-header \
	    --no-emit-index-url --no-emit-find-links --constraint requirements/dev.txt --group build pyproject.toml --output-file requirements/server.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --upgrade --python-version 3.11 --no-header \
	    --no-emit-index-url --no-emit-find-links --constraint requirements/dev.txt --group benchmark --output-file requirements/benchmark.txt

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "scim-server needs Python 3.11 or newer: PYTHON=python3.11 make …")'
	$(PYTHON) -m venv .venv

.venv/installed: requirements/server.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/server.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: requirements/dev.txt .venv/installed
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

.venv/installed-benchmark: requirements/benchmark.txt .venv/installed-dev
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/benchmark.txt
	@touch $@

tests/idp/oidc_provider/node_modules: tests/idp/oidc_provider/package-lock.json
	@npm ci --prefix tests/idp/oidc_provider --silent --no-audit --no-fund
	@touch $@
