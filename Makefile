# `make demo` and `make test` work on a fresh machine: they need make and Python 3.11, 3.12 or 3.13.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test quick slow lint stubs bench fuzz soak conformance clients clean

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Kerata needs Python 3.11, 3.12 or 3.13; none was found. Install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The package with its default backend.
$(VENV)/.demo: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install -q -e ".[jax,demo]"
	@touch $@

# What the tests need: PyTorch (2.13.0, whose build for CPU is small), TensorFlow, Keras as the oracle.
$(VENV)/.test: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install -q torch==2.13.0
	$(BIN)/python -m pip install -q -e ".[dev]"
	@touch $@

demo: $(VENV)/.demo
	$(BIN)/kerata demo

# All tests, the quick ones first.
test: quick slow

quick: $(VENV)/.test
	$(BIN)/python -m pytest -m "not slow" -n 2

slow: $(VENV)/.test
	$(BIN)/python -m pytest -m slow -n 2

lint: $(VENV)/.test
	$(BIN)/ruff check kerata tests benchmarks examples tools

# The stubs for editors and type checkers.
stubs: $(BIN)/python
	$(BIN)/python tools/stubs.py

# Takes hours in full; goes on where the last run stopped. `make bench ARGS="--parts steps --backends jax"` measures a part.
bench: $(VENV)/.test
	$(BIN)/python benchmarks/run.py $(ARGS)

# Model files that are broken in 200,000 ways, and processes killed while they save (half an hour to an hour).
fuzz: $(VENV)/.test
	$(BIN)/python tools/fuzz.py --files 200000
	KERATA_KILLS=200 $(BIN)/python -m pytest tests/saving/test_files.py tests/callbacks/test_resume.py -k kill

# 100,000 predictions and 200 models that are built, trained and dropped, on each backend: memory must not grow (a quarter of an hour).
soak: $(VENV)/.test
	KERATA_SOAK=1 $(BIN)/python -m pytest tests/integration/test_memory.py

# docs/conformance.md: which public names are tested on which backend (an hour or two). `ARGS=--check` tries again the tests that
# docs/conformance.json names; `ARGS="--check --keep"` goes on where that stopped.
conformance: $(VENV)/.test
	$(BIN)/python tools/conformance.py $(ARGS)

# Clients of Keras with Keras and with Kerata, in an environment of their own; writes docs/clients.md (half an hour to an hour).
clients: $(VENV)/.test
	$(BIN)/python tools/clients.py

clean:
	rm -rf $(VENV) demo build *.egg-info
