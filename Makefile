# Every task a person runs.  `make help` lists them; targets that begin with _ are parts of those.

SHELL := bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
.SUFFIXES:
# The steps use all cores themselves.
.NOTPARALLEL:

# One page for `make quick`, for example PAGE=derivations/05-linear-regression/ridge-regression.
PAGE ?=
PORT ?= 8000
JOBS ?= 2

# The same commit builds the same bytes: one thread, one hash seed, one time zone, the date of the commit.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYTHONHASHSEED := 0
export PYTHONUTF8 := 1
export PYTHONPATH := $(CURDIR)/code:$(CURDIR)/docs/_ext
export TZ := UTC
export SOURCE_DATE_EPOCH := $(or $(shell git log -1 --format=%ct 2>/dev/null),1767225600)
# A kernel with MPLBACKEND=agg drops the figures of a notebook.
unexport MPLBACKEND

PY := .venv/bin/python
KATEX := docs/_ext/book_math
TOOLS := tests/browser
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
BASE = $(shell for p in $(PYTHONS); do "$$p" -c '$(RECENT)' 2>/dev/null && command -v "$$p" && break; done)
ALONE = "$(BASE)" docs/_ext/book_project/lock.py build/lock $(MAKE) --no-print-directory
START := $(shell date +%s)
DONE = after $$(( $$(date +%s) - $(START) )) s

# The marker outlives a build that failed or was interrupted: Sphinx forgets the warnings of pages that it does not
# read again, so the next build must read them all.
define sphinx
@if [ -e build/doctrees/unfinished ]; then rm -f build/doctrees/environment.pickle; fi
@mkdir -p build/doctrees && touch build/doctrees/unfinished
@$(PY) -m sphinx -c . -b $(1) -n -W --keep-going -q -j $(JOBS) -d build/doctrees docs build/$(2) $(3)
@rm build/doctrees/unfinished
endef

.PHONY: help book test doctest quick mutants bench pdf epub notebooks offline site serve linkcheck setup runtime ledger lock relock transcribe clean

help: ## list these tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

book: _python ## build the book: build/html/index.html
	@$(ALONE) _book

test: _python _chromium ## run all that gates a change
	@$(ALONE) _test

doctest: _python ## run the checks of the equations and the examples of the text and of the docstrings
	@$(ALONE) _doctest

quick: _python ## while writing: build what changed, with PAGE=derivations/05-linear-regression/ridge-regression only that page
	@$(ALONE) _quick

mutants: _python ## run the mutants of all checks; show how they ended, the weakest checks and the slowest
	@$(ALONE) _mutants

bench: _python ## time the algorithms beside scikit-learn: build/bench.json, build/bench.html (ONLY=lasso for some)
	@$(ALONE) _bench

pdf: _python _latex ## build build/pdf/mlderived.pdf
	@$(ALONE) _pdf

epub: _python ## build build/epub/mlderived.epub
	@$(ALONE) _epub

offline: _python ## after make book: build build/mlderived-offline.zip, the pages for reading without a network
	@$(ALONE) _offline

site: _python _latex ## build all that is published: the PDF, the EPUB, the pages, and the offline copy of the three
	@$(ALONE) _site

notebooks: _python ## after make book: run the notebook of each page in a new environment with the package alone
	@$(PY) -m book_notebooks.trial build/html

serve: ## show the built book on http://localhost:8000 (another port with PORT=8080)
	@[ -e build/html/index.html ] || { echo "There is no build/html/index.html yet: run make book first." >&2; exit 1; }
	@echo "http://localhost:$(PORT)  (Ctrl-C ends it)"
	@"$(BASE)" -m http.server --bind 127.0.0.1 --directory build/html $(PORT)

linkcheck: _python ## test every link, inside the book and to other hosts
	@$(ALONE) _linkcheck

setup: _python ## install the locked packages into .venv and KaTeX beside book_math, nothing else
	@$(ALONE) _setup-book

runtime: _python ## fetch the Python that runs in the pages, verified (80 MB, once; setup and book try it too)
	@$(ALONE) _runtime

ledger: _python ## after make book: totals of the ledger and the checks that notice least
	@$(PY) -m book_ledger build/ledger.json

lock: _python ## write requirements/*.txt anew from pyproject.toml (with UPGRADE=1 take the newest versions)
	@$(ALONE) _lock

relock: _python ## compare a display with its check and lock them: LABEL=eq-… (YES=1 does not ask)
	@$(PY) -m book_checks relock docs $(LABEL) $(if $(YES),--yes)

transcribe: _python ## try a formula typed from the page alone: LABEL=eq-… (FILE=… instead of the terminal)
	@$(PY) -m book_checks transcribe docs $(LABEL) $(if $(FILE),--file $(FILE))

clean: ## remove what was built (.venv stays: remove it by hand to start from nothing)
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis

# What a machine must have.

.PHONY: _python _chromium _latex
_python:
	@[ -n "$(BASE)" ] || { \
	  echo "The book needs Python 3.11 or newer, and none of these is: $(PYTHONS)." >&2; \
	  echo "Install one (Debian, Ubuntu: sudo apt-get install -y python3 python3-venv; macOS: brew install python)," >&2; \
	  echo "or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(BASE)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(BASE) cannot make virtual environments (modules venv and ensurepip)." >&2; \
	  echo "Debian, Ubuntu: sudo apt-get install -y python3-venv" >&2; exit 1; }

_chromium:
	@command -v chromium >/dev/null || { \
	  echo "make test opens the built pages in Chromium, and there is no command chromium." >&2; \
	  echo "Debian: sudo apt-get install -y --no-install-recommends chromium" >&2; exit 1; }

TEX_PACKAGES := texlive-xetex texlive-latex-extra texlive-latex-recommended texlive-fonts-recommended latexmk tex-gyre fonts-freefont-otf xindy
_latex:
	@for tool in xelatex latexmk xindy; do command -v $$tool >/dev/null || { \
	  echo "make pdf needs LaTeX, and there is no command $$tool." >&2; \
	  echo "Debian, Ubuntu: sudo apt-get install -y --no-install-recommends $(TEX_PACKAGES)" >&2; exit 1; }; done

# The steps.

.PHONY: _setup-book _setup-test _runtime _checks _cells _pages _book _test _doctest _quick _mutants _bench _pdf _epub _offline _site _linkcheck _lock
_setup-book _setup-test: _setup-%:
	@if ! $(PY) -c '$(RECENT)' 2>/dev/null; then \
	  echo "      making .venv with $$("$(BASE)" -V)"; rm -rf .venv; "$(BASE)" -m venv .venv; fi
	@if ! cmp -s requirements/$*.txt .venv/$*.txt; then \
	  echo "      installing requirements/$*.txt (a minute or two, the first time)"; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$*.txt; \
	  cp requirements/book.txt requirements/$*.txt .venv/; fi
	@if ! cmp -s $(KATEX)/package-lock.json $(KATEX)/node_modules/installed.json; then \
	  echo "      installing KaTeX"; \
	  .venv/bin/npm ci --prefix $(KATEX) --no-audit --no-fund --loglevel=error >/dev/null; \
	  cp $(KATEX)/package-lock.json $(KATEX)/node_modules/installed.json; fi
	@if [ $* = test ] && ! cmp -s $(TOOLS)/package-lock.json $(TOOLS)/node_modules/installed.json; then \
	  echo "      installing axe-core and the HTML checker"; \
	  .venv/bin/npm ci --prefix $(TOOLS) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null; \
	  cp $(TOOLS)/package-lock.json $(TOOLS)/node_modules/installed.json; fi
	@# 3: it cannot be had, and the book is built without it.  A file that is not what it should be ends the build.
	@$(PY) -m book_live .cache/pyodide --once || [ $$? = 3 ]

_runtime: _setup-book
	@$(PY) -m book_live .cache/pyodide

_checks:
	@$(PY) -m book_checks run docs --cache build/checks.json -j $(JOBS)
_cells:
	@$(PY) -m book_cells --source docs --cache build/cells
_pages:
	$(call sphinx,html,html)
	@$(PY) -m book_notebooks build/html

_book:
	@echo "[1/4] Setting up .venv and KaTeX"
	@$(MAKE) _setup-book
	@echo "[2/4] Running the checks that changed"
	@$(MAKE) _checks
	@echo "[3/4] Executing the cells that changed"
	@$(MAKE) _cells
	@echo "[4/4] Writing the pages"
	@$(MAKE) _pages
	@echo "The book is at build/html/index.html, $(DONE).  To view it: make serve"

_test:
	@echo "[1/8] Setting up .venv and KaTeX"
	@$(MAKE) _setup-test
	@echo "[2/8] Style: ruff"
	@$(PY) -m ruff check --quiet . && $(PY) -m ruff format --check --quiet .
	@echo "[3/8] Types: mypy"
	@$(PY) -m mypy --no-error-summary code
	@echo "[4/8] Tests: package, text, extensions"
	@$(PY) -m pytest -q -n $(JOBS) --ignore tests/browser --ignore tests/docs/test_parity.py
	@echo "[5/8] Running the checks that changed"
	@$(MAKE) _checks
	@echo "[6/8] Executing the cells that changed"
	@$(MAKE) _cells
	@echo "[7/8] Writing the pages"
	@$(MAKE) _pages
	@echo "[8/8] Tests of the built pages"
	@$(PY) -m pytest -q -n $(JOBS) tests/browser tests/docs/test_parity.py
	@echo "All tests passed, $(DONE)."

_doctest: _setup-test
	@$(PY) -m pytest -q -n $(JOBS) tests/test_book.py --book

_bench: _setup-test
	@$(PY) tests/bench/speed.py $(if $(ONLY),--only "$(ONLY)")
	@echo "build/bench.json and build/bench.html, $(DONE)."

_mutants: _setup-book
	@$(PY) -m book_checks mutants docs -j $(JOBS)

_quick: _setup-book
	@$(MAKE) _checks
	@$(MAKE) _cells
	$(call sphinx,html,html,$(if $(PAGE),docs/$(PAGE).md))
	@echo "build/html/$(or $(PAGE),index).html, $(DONE)"

_pdf:
	@echo "[1/6] Setting up .venv and KaTeX"
	@$(MAKE) _setup-book
	@echo "[2/6] Running the checks that changed"
	@$(MAKE) _checks
	@echo "[3/6] Executing the cells that changed"
	@$(MAKE) _cells
	@echo "[4/6] Writing LaTeX"
	$(call sphinx,latex,latex)
	@echo "[5/6] Typesetting with XeLaTeX"
	@mkdir -p build/pdf
	@cd build/latex && latexmk -silent -interaction=nonstopmode mlderived.tex >latexmk.txt 2>&1 \
	  || { tail -n 40 latexmk.txt >&2; echo "The whole log: build/latex/mlderived.log" >&2; exit 1; }
	@echo "[6/6] Reading the log"
	@$(PY) -m book_latex.log build/latex/mlderived.log
	@cp build/latex/mlderived.pdf build/pdf/mlderived.pdf
	@echo "The PDF is build/pdf/mlderived.pdf, $(DONE)."

_epub:
	@echo "[1/4] Setting up .venv and KaTeX"
	@$(MAKE) _setup-book
	@echo "[2/4] Running the checks that changed"
	@$(MAKE) _checks
	@echo "[3/4] Executing the cells that changed"
	@$(MAKE) _cells
	@echo "[4/4] Writing the EPUB"
	@rm -rf build/epub
	$(call sphinx,epub,epub)
	@echo "The EPUB is build/epub/mlderived.epub, $(DONE)."

_offline: _setup-book
	@$(PY) -m book_downloads.offline build
	@echo "The offline copy is build/mlderived-offline.zip, $(DONE)."

# The pages after the files that they offer, and the offline copy after the pages.
_site:
	@$(MAKE) _pdf
	@$(MAKE) _epub
	@$(MAKE) _book
	@$(MAKE) _offline

_linkcheck: _book
	@echo "Asking other hosts"
	@$(PY) -m sphinx -c . -b linkcheck -Q -d build/doctrees docs build/linkcheck || true
	@$(PY) -m book_project.links build/html build/linkcheck/output.json

_lock: _setup-test
	@$(foreach group,book test,$(PY) -m uv pip compile pyproject.toml --group pyproject.toml:$(group) --quiet \
	  $(if $(UPGRADE),--upgrade) $(if $(filter test,$(group)),--constraint requirements/book.txt) \
	  --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --output-file requirements/$(group).txt;)
	@echo "requirements/book.txt and requirements/test.txt are up to date."
