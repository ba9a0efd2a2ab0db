# Bare `make` lists the targets. Every target creates .venv by itself; a machine needs Python 3.11 and make, no more.

.DEFAULT_GOAL := help
.PHONY: help demo test ui lint format lock bench clean

BIN := .venv/bin
PORT ?= 3000

# The instance of this repository, whatever else the user runs; see dagster.yaml.
export DAGSTER_HOME := $(CURDIR)
# A user's own Python set-up must not leak into ours.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS VIRTUAL_ENV MYPYPATH PYTEST_ADDOPTS PYTEST_PLUGINS
export PYTHONNOUSERSITE := 1
export PYTHONUTF8 := 1

# Tests and checks see neither the user's lake nor their accounts.
ALONE := env -u FRAUD_ASSETS_LAKE -u FRAUD_ASSETS_SCENARIOS -u MLFLOW_TRACKING_URI -u MLFLOW_REGISTRY_URI \
	-u AWS_PROFILE -u AWS_ENDPOINT_URL -u AWS_ENDPOINT_URL_S3 -u DAGSTER_HOME

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/ready: requirements.lock pyproject.toml .ci/environment
	@.ci/environment

demo: .venv/ready ## A bank's first quarter, from customers to evaluation report (three to five minutes)
	@$(BIN)/fraud-assets demo

test: .venv/ready ## All tests
	@$(ALONE) $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

ui: .venv/ready ## Dagster's web interface and its daemon on http://127.0.0.1:3000 (PORT=... for another port)
	@# Without the two lines that its sensor has to say every 30 seconds when nothing has happened.
	@exec env PYTHONWARNINGS="ignore:Function" $(BIN)/python -m fraud_assets.ui --port "$(PORT)"

lint: .venv/ready ## Style, types, layers, and whether Dagster can load the chain
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted; run: make format"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@# The warning that Dagster also has another command line, dg, helps nobody here.
	@$(ALONE) PYTHONWARNINGS="ignore:Function" $(BIN)/dagster definitions validate --workspace workspace.yaml --log-level warning

format: .venv/ready ## Format the code, and mend what can be mended
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lock: .venv/ready ## Renew requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-header --no-annotate --upgrade --output-file requirements.lock

bench: .venv/ready ## Speed and memory, at one and at many million rows
	@$(ALONE) $(BIN)/python -m benchmarks.simulation
	@$(ALONE) $(BIN)/python -m benchmarks.features
	@$(ALONE) $(BIN)/python -m benchmarks.learning
	@$(ALONE) $(BIN)/python -m benchmarks.ingest

clean: ## Delete the lake in data/, what was tried in out/, Dagster's history and all caches; .venv stays
	rm -rf data out .dagster .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
