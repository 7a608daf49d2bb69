# Every command of the checkout. `make demo` and `make test` set up all they need by themselves
# on a Debian machine with Python >= 3.10 and g++; `make help` lists the rest.

PYTHON ?= python3
JOBS ?= $(shell nproc)
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
SETUP = $(PYTHON) tools/environment.py

# torch lives in an environment of its own, unless the variable names a Python that has it.
ifdef RUSHLIGHT_ORACLE_PYTHON
ORACLE_PY = $(RUSHLIGHT_ORACLE_PYTHON)
else
ORACLE_READY = .venv-oracle/.ready
ORACLE_PY = .venv-oracle/bin/python
endif

CONFIGURE = $(BIN)/cmake -G Ninja -S . -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja \
	-DPython_EXECUTABLE=$(CURDIR)/$(PY) -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
NINJA = $(BIN)/ninja -j $(JOBS)

.DEFAULT_GOAL := help
.PHONY: help build demo demo-resume test test-asan test-oracle bench lint check docs portable wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.%-ready: pyproject.toml tools/environment.py
	$(SETUP) $(VENV) build run $*
	@touch $@

.venv-oracle/.ready: pyproject.toml tools/environment.py
	$(SETUP) .venv-oracle oracle
	@touch $@

build: $(VENV)/.build-ready ## compile the extension modules into rushlight/
	$(CONFIGURE) -B build
	$(NINJA) -C build

demo: $(VENV)/.demo-ready build ## set up, build, train on the handwritten digits
	$(PY) examples/digits.py

demo-resume: $(VENV)/.demo-ready build ## kill a training run with SIGKILL, resume, compare the bits
	$(PY) examples/resume.py

test: $(VENV)/.test-ready build ## set up, build, run the tests
	$(NINJA) -C build cpp_tests
	$(PY) -m pytest $(ARGS)

test-asan: $(VENV)/.test-ready ## the same tests under the address and undefined sanitizers
	tools/test_asan $(BIN) $(JOBS) $(ARGS)

test-oracle: $(ORACLE_READY) build ## compare with torch 2.13 in an environment of its own
	$(ORACLE_PY) -m pytest tests/oracle $(ARGS)

bench: $(ORACLE_READY) build wheel ## time the same programs under torch and rushlight
	$(PY) -m benchmarks --oracle $(ORACLE_PY) $(ARGS)

lint: $(VENV)/.lint-ready build ## formatters, linters, types, layers, generated files
	$(PY) tools/check --verify

check: $(VENV)/.lint-ready $(VENV)/.test-ready build ## like lint, but mends what a tool can mend
	$(PY) tools/check

docs: $(VENV)/.test-ready build ## write the API pages and run every code block of the docs
	$(PY) -m tools.stubs
	$(PY) -m tools.api_pages
	$(PY) -m pytest tests/docs

portable: $(VENV)/.test-ready build ## the tests on the kernels for any x86-64 processor
	RUSHLIGHT_ISA=baseline $(PY) -m pytest $(ARGS)

wheel: $(VENV)/.build-ready ## dist/*.whl, self-contained
	rm -rf dist
	$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove what builds made
	rm -rf build build-* dist rushlight/*.so rushlight/*.so.*
