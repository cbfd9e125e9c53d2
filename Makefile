# All there is to know. Every target works on a bare checkout and is quick the second time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out/demo
DEVICE ?= cpu
JOBS ?= 2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- for everybody

demo: $(VENV)/.installed-scenes ## explain real photographs and scenes; pictures go to out/demo
	$(BIN)/heatlens demo --out $(OUT)
	@echo "The pictures lie in $(abspath $(OUT))"

test: $(VENV)/.installed-dev ## run the tests, but for the slow ones
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow" $(ARGS)

test-all: $(VENV)/.installed-dev ## run all tests, the slow ones too
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

# --- for those who change something

check: $(VENV)/.installed-dev ## formatting, lint, types, floors, spelling
	@failed=0; \
	for command in "ruff format --check ." "ruff check ." "lint-imports --no-cache --no-logo" typos mypy; do \
	  echo "$$command"; $(BIN)/$$command || failed=1; \
	done; \
	exit $$failed

format: $(VENV)/.installed-dev ## rewrite the code as `make check` wants it
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-bench ## measure speed against peers (DEVICE=cuda on a GPU), print the table
	$(BIN)/python -m benchmarks --device $(DEVICE) $(ARGS)

docs: $(VENV)/.installed-docs ## build the site strictly into site/; runs the examples
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The site lies in $(abspath site)/index.html"

notebooks: $(VENV)/.installed-dev ## run the notebooks of examples/notebooks and store what they show
	$(BIN)/python tools/notebooks.py $(ARGS)

tables: $(VENV)/.installed-dev ## put the generated tables into README.md
	$(BIN)/python docs/hooks/tables.py README.md

train-bundled: $(VENV)/.installed-scenes ## train the bundled models again (hours on two cores)
	$(BIN)/python training/train_bundled.py all

wheel: $(VENV)/.installed-dev ## build the wheel and the source archive into dist/
	$(BIN)/python -m build

constraints: $(VENV)/.created ## resolve constraints.txt afresh
	$(BIN)/python tools/constraints.py

clean: ## remove all that the targets above made
	rm -rf $(VENV) out site build dist .mypy_cache .ruff_cache .pytest_cache

# --- set-up: one stamp for each set of extras, written only when its install went through

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "heatlens needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Could not make $(VENV); on Debian and Ubuntu 'apt install python3-venv' brings what is missing."; \
	  exit 1; }
	@touch $@

$(VENV)/.installed-%: pyproject.toml constraints.txt | $(VENV)/.created
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@# The peer grad-cam brings OpenCV without its contributed modules into the same folder: ours goes on top.
	@if $(BIN)/python -m pip show --quiet opencv-python-headless 2>/dev/null; then \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	    --force-reinstall --no-deps opencv-contrib-python-headless; fi
	@touch $@

.PHONY: help demo test test-all check format bench docs notebooks tables train-bundled wheel constraints clean
.PRECIOUS: $(VENV)/.installed-%
