# Two commands do everything on a machine that has Python 3.11 (or newer) and make:
#   make demo    build .venv, run the main job on the embedded district, print where the map is
#   make test    build .venv, run every test
PYTHON ?= python3
BIN := .venv/bin
OUT ?= siting-demo

.PHONY: demo test test-fast lint types bench clean

demo: .venv/ready
	$(BIN)/siting demo --out $(OUT)

test: .venv/ready-test
	$(BIN)/python -m pytest -n auto

test-fast: .venv/ready-test
	$(BIN)/python -m pytest -n auto -m "not slow and not browser"

lint: .venv/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q tests/test_structure.py

types: .venv/ready-test
	$(BIN)/mypy

bench: .venv/ready-test
	$(BIN)/python -m benchmarks endtoend

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/ready: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[scip]'
	touch $@

.venv/ready-test: .venv/ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[scip,test]'
	touch $@

clean:
	rm -rf .venv siting-demo .pytest_cache .mypy_cache .ruff_cache
