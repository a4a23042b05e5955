# Two commands: `make demo` and `make test`. Both install what they need into .venv first.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test lint types readme clean

demo: .venv/all
	$(BIN)/glassgate demo --output demo --overwrite

test: .venv/dev lint types
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/dev
	$(BIN)/mypy

# The README's table and picture, from a demo run at this commit.
readme: demo
	$(BIN)/python docs/update_readme.py demo

.venv/all: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --editable '.[all]'
	@touch $@

.venv/dev: .venv/all
	$(PIP) --editable '.[all,dev]'
	@touch $@

clean:
	rm -rf .venv demo
