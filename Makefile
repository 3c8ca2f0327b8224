# The commands of PetaKarya. Stamps under .venv say what has been done, so that a second `make run` does nothing twice.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/uv --quiet pip
MACHINE := bash deploy/machine.sh
STAMPS := $(VENV)/stamps
NPM := cd static && PATH="$(CURDIR)/$(BIN):$$PATH" npm
PAGES := $(shell find static -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
TRANSLATIONS := $(patsubst %.po,%.mo,$(wildcard app/translations/*/LC_MESSAGES/messages.po))

# Test files run beside each other, each process with a database cluster and a browser of its own.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-quick lint bench build clean help requirements picture

help: ## Say what each command does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## Install what is missing, start everything and print the address; Ctrl-C stops it
	@exec $(BIN)/petakarya up --with-parent

build: $(STAMPS)/app $(STAMPS)/pages $(TRANSLATIONS) ## Install the application and build its pages; start nothing

test: build $(STAMPS)/dev ## Run all tests, those in the browser too
	@$(MACHINE) chromium
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE)

test-quick: build $(STAMPS)/dev ## Run the tests that are neither slow nor in the browser
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not browser and not slow"

lint: build $(STAMPS)/dev ## Check style, types, and which package imports which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy -p gis -p layers -p app
	@$(BIN)/lint-imports
	@$(NPM) run --silent lint

bench: build $(STAMPS)/dev ## Measure against the bars of docs/performance.md
	@$(BIN)/python -m tests.bench

picture: build $(STAMPS)/dev ## Take the README's picture of the demonstration's map anew
	@$(MACHINE) chromium
	@$(BIN)/python -m pytest -q tests/browser -k "test_screens_to_look_at and desktop"
	@cp screenshots/home-desktop.png docs/map.png

requirements: $(STAMPS)/uv ## Pin anew, with hashes, what requirements/*.in ask for
	@for name in uv base dev node; do \
	  $(PIP) compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    requirements/$$name.in -o requirements/$$name.txt >/dev/null; \
	done

clean: ## Remove what these commands made, but not the data under var/
	@rm -rf $(VENV) static/node_modules static/dist build *.egg-info screenshots $(TRANSLATIONS)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMPS)/uv: requirements/uv.txt deploy/machine.sh
	@$(MACHINE) say "Menyiapkan Python." "Preparing Python."
	@$(MACHINE) venv $(PYTHON) $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/base: $(STAMPS)/uv requirements/base.txt
	@$(MACHINE) say "Memasang pustaka Python." "Installing Python libraries."
	@$(PIP) sync --require-hashes --python $(BIN)/python requirements/uv.txt requirements/base.txt
	@rm -f $(STAMPS)/dev $(STAMPS)/app $(STAMPS)/node
	@touch $@

$(STAMPS)/dev: $(STAMPS)/base requirements/dev.txt
	@$(MACHINE) say "Memasang pustaka untuk uji." "Installing libraries for tests."
	@$(PIP) install --require-hashes --python $(BIN)/python -r requirements/dev.txt
	@touch $@

$(STAMPS)/app: $(STAMPS)/base pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --python $(BIN)/python -e .
	@touch $@

$(STAMPS)/node: $(STAMPS)/base requirements/node.txt
	@$(MACHINE) node $(BIN)
	@touch $@

$(STAMPS)/node_modules: $(STAMPS)/node static/package.json static/package-lock.json
	@$(MACHINE) say "Memasang pustaka halaman." "Installing the pages' libraries."
	@$(NPM) ci --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@touch $@

$(STAMPS)/pages: $(STAMPS)/node_modules $(PAGES)
	@$(MACHINE) say "Membangun halaman." "Building the pages."
	@$(NPM) run --silent build
	@touch $@

%.mo: %.po | $(STAMPS)/base
	@$(BIN)/pybabel --quiet compile -i $< -o $@
