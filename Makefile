# Needs Python (3.10 or later) with pip, and make. Everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
# It looks for packages beside the first `python` on the path, and asks nobody for a newer version.
PYRIGHT := PATH="$(abspath $(BIN)):$$PATH" PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

.PHONY: demo test lint docs bench dist start-wheel clean

# One process per core. Each begins with a part of its own, in order, and takes work from the slower ones.
test: .venv/.ready
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

demo: .venv/.ready
	$(BIN)/python -m tests.demo

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYRIGHT) --project pyproject.toml
	$(PYRIGHT) --verifytypes plugincreds --ignoreexternal

docs: .venv/.ready
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/python -m sphinx -W -n --keep-going -b html docs docs/_build/html

bench: .venv/.ready
	$(BIN)/python -m benchmarks --write
	$(BIN)/python -m benchmarks.fleet --write
	$(BIN)/python -m benchmarks.redaction --write

# An sdist and the wheel that is built from it, for each package here; the same tree gives the same bytes. gzip packs
# the sdists again, because the level of Python's own compression depends on its version.
dist: .venv/.ready
	rm -rf dist
	for project in . $(patsubst %/pyproject.toml,%,$(wildcard sample_plugin/pyproject.toml plugins/*/pyproject.toml)); do \
	    $(BIN)/python -m build --no-isolation --outdir dist "$$project" || exit; \
	done
	gzip --decompress dist/*.tar.gz
	gzip --best --no-name dist/*.tar

# The second wheel, for Pythons that ignore the line in the .pth file. It needs one tag for each of them: on Python
# 3.19, pip and uv prefer py3 to py318.
START_WHEEL_PYTHONS ?= py318.py319.py320.py321.py322
start-wheel: .venv/.ready
	HATCH_BUILD_HOOK_ENABLE_CUSTOM=true START_WHEEL_PYTHONS=$(START_WHEEL_PYTHONS) \
	    $(BIN)/python -m build --no-isolation --wheel --outdir dist .

# .ready is made last: an installation that was interrupted is done again.
.venv/.ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev --group asynchronous
	touch $@

clean:
	rm -rf .venv .nox .mypy_cache .pytest_cache .ruff_cache build dist
