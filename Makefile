# Two commands are enough: `make run` and `make test`. `make help` lists the rest.
# Needs only Python 3.11+ (with venv and pip) and a package index; name another Python with PYTHON=/path/to/it.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run test test-gpu setup setup-dev lint format doctor bench chaos lock clean

export PYTHON
BOOTSTRAP := "$$(command -v python3 || command -v python3.13 || command -v python3.12 || command -v python3.11 || echo "$${PYTHON:-python3}")" tools/bootstrap.py
BIN := .venv/bin/python -P -m
PYTHONS ?= python3.11 python3.12 python3.13

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: setup ## start everything with the demo course, on http://127.0.0.1:8000 (ARGS="--port 8080" for another port)
	@exec .venv/bin/grader up --demo $(ARGS)

test: setup-dev ## style, types, import rules and all tests
	@exec .venv/bin/python -P tools/check.py $(ARGS)

test-gpu: setup-dev ## the tests that need an NVIDIA GPU (and `make setup GRADER_TORCH=gpu`)
	@$(BIN) pytest tests/gpu -m gpu $(ARGS)

setup: ## make or update the environments (GRADER_TORCH=gpu|cpu chooses the PyTorch build)
	@$(BOOTSTRAP)

setup-dev:
	@$(BOOTSTRAP) --dev

lint: setup-dev ## style, types and import rules only
	@exec .venv/bin/python -P tools/check.py --no-tests

format: setup-dev ## put the code into the agreed style
	@$(BIN) ruff check --fix --quiet . && $(BIN) ruff format .

doctor: setup ## look at this machine: what works, what is wrong, how to mend it
	@exec .venv/bin/grader doctor

bench: setup ## measure set-up, grading, kernels, memory; compare with nbgrader, otter and nbclient (benchmarks/)
	@for part in startup submission service kernels peers; do echo; $(BIN) benchmarks.$$part || exit 1; done

chaos: setup-dev ## kill and freeze parts of a running service for minutes, then look for anything lost (ARGS="--postgres")
	@CHAOS_EXAMPLES=100 $(BIN) pytest -q tests/chaos
	@$(BIN) benchmarks.chaos $(ARGS)

lock: setup ## choose newest versions anew: resolves requirements/*.in under PYTHONS and writes *.txt
	@exec .venv/bin/python tools/lock.py $(PYTHONS)

clean: ## remove environments and caches (data in var/ stays)
	@rm -rf .venv .kernels .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
	@echo "Removed the environments and caches. Data (var/) is untouched."
