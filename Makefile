# Two commands do everything: `make demo` shows the hub at work, `make test` proves it.
# Each makes its own environment in .venv first, from hashed pins.

PYTHON ?= python3
BIN := .venv/bin
RECORDS ?= 2000

.PHONY: help install demo test lint bench soak fire screenshots lock clean
help:            ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: .venv/installed  ## Make .venv with everything pinned in requirements.txt

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install    ## Two local CRMs and a distributor, synced: what the hub does, in a minute
	$(BIN)/hub demo --records $(RECORDS)

test: install    ## All tests, on SQLite and on a PostgreSQL that they start themselves
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile

lint: install    ## Style, types, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install   ## Speed beside its floor, and matching beside the truth
	$(BIN)/python -m bench

soak: install    ## 300 syncs against CRMs that change and fail, then the truth (half an hour)
	$(BIN)/python -m soak
	$(BIN)/python -m soak.partners

screenshots: install  ## The pictures in docs/images (needs Chromium)
	$(BIN)/python -m docs.screenshots

lock: install    ## Pin the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.txt

clean:           ## Remove the environment and the demo
	rm -rf .venv demo
