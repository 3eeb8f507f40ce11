# make run [PROFILE=ham10000-smoke] [DATA=path/to/ham10000|download]   the whole pipeline
# make test                                                   the tests that take seconds
# make test-slow                                              the tests that run the pipeline itself
# make test-long                                              those that train again and again: killed, side by side, searched
# make wordings                                               the messages that tests compare, written anew after a change of words
# make lint                                                   style and types

VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# The first Python that will do.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)

# One process per core, each with a gigabyte of TensorFlow.
SIDE_BY_SIDE := --numprocesses logical --maxprocesses 4

.PHONY: run test test-slow test-long wordings lint

run: $(VENV)/installed
	@dermoscopy run $(if $(PROFILE),--profile "$(PROFILE)") $(if $(DATA),--data "$(DATA)")

test: $(VENV)/installed
	python -m pytest -m "not slow" $(SIDE_BY_SIDE)

test-slow: $(VENV)/installed
	python -m pytest -m "slow and not long" $(SIDE_BY_SIDE)

test-long: $(VENV)/installed
	python -m pytest -m long $(SIDE_BY_SIDE)

wordings: $(VENV)/installed
	python -m pytest --update-wordings --quiet

lint: $(VENV)/installed
	ruff check
	ruff format --check
	mypy

# The stamp is newer than what was installed, so a second call installs nothing.
$(VENV)/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python from 3.11 to 3.13 with venv found: install one, or name it: make PYTHON=/path/to/python3.12"; exit 2; }
	@echo "Installing into $(VENV): about 2 GB, one to five minutes."
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
