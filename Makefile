# Two commands do everything: `make demo` shows the hub at work, `make test` proves it.
# Each makes its own environment in .venv first, from hashed pins.

PYTHON ?= python3
BIN := .venv/bin
RECORDS ?= 2000

.PHONY: help install demo test lint bench soak screenshots excerpts lock clean
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

bench: install .venv-bench/installed  ## Speed beside its floor, matching beside the truth and its rivals
	$(BIN)/python -m bench

# What matching is measured against has an environment of its own: its pins would hold the hub back.
.venv-bench/installed: requirements-bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-bench.txt
	@touch $@

# Spark is 400 MB: it is installed beside the hub's environment, and only where it is to be proven.
.venv-spark/installed: install requirements-spark.txt
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.txt
	$(BIN)/python -c "import site; print('import site; site.addsitedir(%r)' % site.getsitepackages()[0])" > $$(.venv-spark/bin/python -c "import site; print(site.getsitepackages()[0])")/hub.pth
	@touch $@

soak: install    ## 300 syncs against CRMs that change and fail, then the truth; all else at length (half a day)
	$(BIN)/python -m soak
	POLARS_MAX_THREADS=1 $(BIN)/python -m soak.damaged
	POLARS_MAX_THREADS=1 $(BIN)/python -m soak.siso
	$(BIN)/python -m soak.partners
	$(BIN)/python -m soak.order
	$(BIN)/python -m soak.fire

screenshots: install  ## The pictures in docs/images (needs Chromium)
	$(BIN)/python -m docs.screenshots

excerpts: install  ## The output of commands that the documents show
	$(BIN)/python -m docs.excerpts

lock: install    ## Pin the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.txt
	$(BIN)/uv pip compile requirements-bench.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements-bench.txt
	$(BIN)/uv pip compile requirements-spark.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements-spark.txt

clean:           ## Remove the environment and the demo
	rm -rf .venv .venv-bench .venv-spark demo
