# make               set up .venv/, train the tutorial study, draw its figures and write the report
# make quick         a small study first: half a minute, into .test/results
# make paper         the example of a paper, docs/paper, into docs/paper/build (needs LaTeX)
# make literature    the field's papers in miniature, studies/literature, and their scorecard (a quarter of an hour)
# make GPU=1 ...     the same with CUDA, for training on GPUs (some gigabytes more)
# make verify        check the results against what was recorded of them (make verify DIRECTORY=DIR: those in a folder)
# make test          set up .venv/ with what the tests need and run them
# make test-quick    the unit tests that train nothing
# make test-faults   all that is tried with kills, damage and full disks (an hour)
# make test-cluster  the tests on a real SLURM, which they start on this machine and stop again
# make test-oldest   the tests of the workflow with the oldest Snakemake that runs it
# make lint          check the style of the code and of the workflow
# make benchmark     measure the speed (on a machine that does nothing else)
# make lock          write the lock files anew from envs/*.in
# make help          this list

VENV := .venv
BIN := $(VENV)/bin
# The first Python on the PATH that TensorFlow has packages for; `make PYTHON=...` takes another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)
DIRECTORY := .
REQUIREMENTS := $(VENV)/requirements$(if $(filter 1,$(GPU)),-gpu).txt
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock'

.PHONY: all quick paper literature verify test test-quick test-faults test-cluster test-oldest lint benchmark lock help
all: $(REQUIREMENTS)
	@$(BIN)/snakemake --cores all

quick: $(REQUIREMENTS)
	@$(BIN)/snakemake --cores all --directory .test

paper: $(REQUIREMENTS)
	@$(BIN)/snakemake --cores all --snakefile docs/paper/Snakefile --directory docs/paper

literature: $(REQUIREMENTS)
	@$(BIN)/snakemake --cores all --replace-workflow-config --configfile studies/literature/*.yaml

verify: $(REQUIREMENTS)
	@cd "$(DIRECTORY)" && PYTHONPATH="$$OLDPWD/workflow" "$$OLDPWD/$(BIN)/python" -m batchscope.results.provenance

test: $(VENV)/requirements-test.txt tests/node_modules
	@$(BIN)/python -m pytest

test-quick: $(VENV)/requirements-test.txt
	@$(BIN)/python -m pytest -m "not slow" --ignore tests/unit/training tests/unit

test-faults: $(VENV)/requirements-test.txt
	@$(BIN)/python -m pytest --numprocesses=0 --capture=no --thorough tests/faults

test-cluster: $(VENV)/requirements-test.txt
	@$(BIN)/python -m pytest --numprocesses=0 tests/cluster

test-oldest: $(VENV)/requirements-test.txt $(VENV)/oldest
	@PYTHONPATH=$(CURDIR)/$(VENV)/oldest $(BIN)/python -m pytest tests/end_to_end

lint: $(VENV)/requirements-test.txt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=workflow $(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

benchmark: $(VENV)/requirements-benchmark.txt
	@$(BIN)/python benchmarks/engine.py
	@$(BIN)/python benchmarks/workflow.py

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile

lock: $(VENV)/requirements-test.txt
	$(LOCK) envs/requirements.in --output-file envs/requirements.txt
	$(LOCK) envs/requirements-gpu.in --constraints envs/requirements.txt --output-file envs/requirements-gpu.txt
	$(LOCK) envs/requirements-test.in --constraints envs/requirements.txt --output-file envs/requirements-test.txt
	$(LOCK) envs/requirements-benchmark.in --constraints envs/requirements.txt --output-file envs/requirements-benchmark.txt
	$(LOCK) envs/requirements-torch.in --constraints envs/requirements.txt --output-file envs/requirements-torch.txt
	$(LOCK) envs/requirements-oldest.in --no-deps --output-file envs/requirements-oldest.txt

$(VENV)/requirements-test.txt $(VENV)/requirements-benchmark.txt: $(REQUIREMENTS)

# What checks pages for everyone's use; its tests skip where npm is missing.
tests/node_modules: tests/package-lock.json
	@! command -v npm >/dev/null || { npm ci --silent --prefix tests && touch $@; }

$(VENV)/oldest: envs/requirements-oldest.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade --requirement $< --target $@
	@touch $@

# A copy of the lock file inside the environment says that all of it is installed.
$(VENV)/%.txt: envs/%.txt | $(VENV)/bin/pip
	@echo "Installing $< into $(VENV)/ (some minutes, once)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --compile --require-hashes --requirement $<
	@cp $< $@

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with its venv module is needed and was not found;" \
	"name one with: make PYTHON=/path/to/python (make help lists the commands)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
