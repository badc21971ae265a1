# Two commands on a fresh machine with python3 (3.11 to 3.13) and make: `make demo` and `make test`.
PYTHON   ?= python3
VENV     ?= .venv
PAPERS   ?= examples/papers
LIBRARY  ?= $(if $(filter examples/papers,$(PAPERS)),build/demo-library,$(PAPERS)/.assistant)
QUESTION ?= $(if $(filter examples/papers,$(PAPERS)),Does velorite increase tomato yield?,What are the main findings?)
CLAIM    ?= $(if $(filter examples/papers,$(PAPERS)),Velorite increases tomato yield.,The treatment had a significant effect.)

BIN       = $(VENV)/bin
ASSISTANT = $(BIN)/assistant
export HF_HUB_OFFLINE ?= 1
export PYTHONUTF8 = 1

.PHONY: demo test soak lint bench samples clean

demo: $(VENV)/.installed
	@echo "== Reading the papers in $(PAPERS)"
	@$(ASSISTANT) ingest "$(PAPERS)" --library "$(LIBRARY)" || test $$? -eq 3
	@echo; echo "== Asking: $(QUESTION)"
	@$(ASSISTANT) ask "$(QUESTION)" --library "$(LIBRARY)"
	@echo; echo "== Checking the claim: $(CLAIM)"
	@$(ASSISTANT) check "$(CLAIM)" --library "$(LIBRARY)"
	@echo; echo "== To go on in the browser:"
	@echo "   $(ASSISTANT) chat --library \"$(LIBRARY)\""

test: $(VENV)/.installed-dev lint
	@echo "== Running the tests (a few minutes)"
	@$(BIN)/python -m pytest

soak: $(VENV)/.installed-dev
	@echo "== Running what takes longer than a test suite may"
	@$(BIN)/python -m pytest -m soak -o timeout=0

lint: $(VENV)/.installed-dev
	@echo "== Checking style, layers and types"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

bench: $(VENV)/.installed-dev
	@for bench in benchmarks/*.py; do echo "== $$bench"; $(BIN)/python $$bench; done

samples: $(VENV)/.installed-dev
	@$(BIN)/python examples/papers/make.py

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	    { echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@echo "== Making an environment in $(VENV)"
	@$(PYTHON) -m venv "$(VENV)"
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.python
	@echo "== Installing the packages (about 2 GB; some minutes the first time)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -e .
	@$(ASSISTANT) --version
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.python
	@echo "== Installing the packages and what the tests need (about 2 GB; some minutes the first time)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -e '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf build .venv .pytest_cache .mypy_cache .ruff_cache
