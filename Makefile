# Two commands do all the set-up: `make train` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
PY     := $(VENV)/bin/python
ARGS   ?=

.PHONY: train test test-slow benchmark lint clean

train: $(VENV)/.installed
	$(PY) src/train.py $(ARGS)

test: $(VENV)/.installed-dev
	$(PY) -m pytest -n auto --maxprocesses 8 -m "not slow" $(ARGS)

# One process at a time: these tests start ranks of their own.
test-slow: $(VENV)/.installed-dev
	$(PY) -m pytest -m slow $(ARGS)

benchmark: $(VENV)/.installed
	$(PY) benchmarks/run.py $(ARGS)

lint: $(VENV)/.installed-dev
	$(VENV)/bin/pre-commit run --all-files

# The stamps are newer than pyproject.toml for as long as nothing has to be installed.
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v < (3, 14) else f"gansmith needs Python 3.10 to 3.13, {sys.executable} is {v[0]}.{v[1]}: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: apt install python3-venv (Debian, Ubuntu)"; exit 1; }
	$(PY) -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PY) -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
