# `make` lists the targets.

VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# The first Python with a supported version.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)

# One process per core, each with a gigabyte of TensorFlow.
PARALLEL := --numprocesses logical --maxprocesses 4

# The values as they were typed: make would expand a $ in them. The shell reads them from the environment.
override DATA := $(value DATA)
override PROFILE := $(value PROFILE)
export DATA PROFILE

.PHONY: help install run undo test test-slow test-long wordings lint

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '%-16s %s\n' "$$target" "$$text"; done

install: $(VENV)/installed ## install everything into .venv: about 2 GB

run: $(VENV)/installed ## run the pipeline; options: PROFILE=ham10000-smoke DATA=path
	@dermoscopy run $${PROFILE:+--profile="$$PROFILE"} $${DATA:+--data="$$DATA"}

# It installs nothing: where there is something to undo, dermoscopy is in $(VENV) or in another environment.
undo: ## restore parameters and results of the last commit
	@dermoscopy undo

test: $(VENV)/installed ## run the tests that take seconds
	python -m pytest -m "not slow" $(PARALLEL)

test-slow: $(VENV)/installed ## run the tests with the real pipeline in temporary clones
	python -m pytest -m "slow and not long" $(PARALLEL)

test-long: $(VENV)/installed ## run the tests that take minutes: interrupted training, searches
	python -m pytest -m long $(PARALLEL)

wordings: $(VENV)/installed ## write the snapshot of all messages again
	python -m pytest --update-wordings --quiet

lint: $(VENV)/installed ## check style and types
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
	@# DVC reads pickles from this folder; every user of the machine can write the default one. A folder of the user stays.
	@mkdir -p .dvc/tmp/site && chmod 700 .dvc/tmp/site
	@case "$$($(VENV)/bin/dvc config core.site_cache_dir 2>/dev/null)" in "" | */.dvc/tmp/site) \
		$(VENV)/bin/dvc config --local core.site_cache_dir "$$PWD/.dvc/tmp/site" ;; esac
	@touch $@
