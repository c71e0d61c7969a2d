# Needs Python (3.10 or later) with pip, and make. Everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint docs bench clean

test: .venv/.ready
	$(BIN)/python -m pytest

demo: .venv/.ready
	$(BIN)/python -m tests.demo

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.ready
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/python -m sphinx -W -n --keep-going -b html docs docs/_build/html

bench: .venv/.ready
	$(BIN)/python benchmarks/credentials.py
	$(BIN)/python benchmarks/entry_points.py
	$(BIN)/python -m benchmarks.fleet --write

# .ready is made last: an installation that was interrupted is done again.
.venv/.ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev --group asynchronous
	touch $@

clean:
	rm -rf .venv .nox .mypy_cache .pytest_cache .ruff_cache build dist
