# make run [PROFILE=ham10000-smoke] [DATA=path/to/ham10000|download]   run the pipeline
# make undo        restore the parameters and results of the last commit after a run
# make test        run the tests that take seconds
# make test-slow   run the tests that run the pipeline in temporary clones
# make test-long   run the tests that take minutes: interrupted and resumed training, parallel members, searches
# make wordings    write the snapshot of all messages again, after a change of one
# make lint        check style and types

VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# The first Python with a supported version.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)

# One process per core, each with a gigabyte of TensorFlow.
PARALLEL := --numprocesses logical --maxprocesses 4

.PHONY: run undo test test-slow test-long wordings lint

run: $(VENV)/installed
	@dermoscopy run $(if $(PROFILE),--profile "$(PROFILE)") $(if $(DATA),--data "$(DATA)")

# It installs nothing: where there is something to undo, dermoscopy is in $(VENV) or in another environment.
undo:
	@dermoscopy undo

test: $(VENV)/installed
	python -m pytest -m "not slow" $(PARALLEL)

test-slow: $(VENV)/installed
	python -m pytest -m "slow and not long" $(PARALLEL)

test-long: $(VENV)/installed
	python -m pytest -m long $(PARALLEL)

wordings: $(VENV)/installed
	python -m pytest --update-wordings --quiet

lint: $(VENV)/installed
	ruff check
	ruff format --check
	mypy

# The stamp file is newer than the requirements after an installation, so a second call installs nothing.
$(VENV)/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 with venv found. Install one, or pass its path: make PYTHON=/path/to/python3.12"; exit 2; }
	@echo "Installing into $(VENV): about 2 GB, one to five minutes."
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
