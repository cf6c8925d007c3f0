# `make demo` and `make test` are all that a fresh machine needs; both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo train test lint docs pictures wheel oldest clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "bitcodec needs Python 3.11 to 3.13; name one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: .venv/installed
	$(BIN)/python -m experiments.demo

train: .venv/installed
	$(BIN)/python train.py noise.std=15

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy bitcodec train.py

test: lint
	$(BIN)/python -m pytest

docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Of the pages, for the documents; needs Debian's packages chromium and chromium-driver.
pictures: .venv/installed
	$(BIN)/python -m experiments.page_pictures

# These two make environments of their own, and download what they install.
wheel:
	PYTHON=$(PYTHON) .ci/wheel

oldest:
	PYTHON=$(PYTHON) .ci/oldest

clean:
	rm -rf .venv .venv-oldest site demo outputs multirun build *.egg-info
