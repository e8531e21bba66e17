# make run    a practice copy on http://localhost:8000 (PORT and IHMISKAUPPA_INSTANCE choose another port and folder)
# make inbox  what arrived in its inbox, as the staff would see it (FORMAT=json for one object a line)
# make test   every check and every test (PYTEST_ARGS=tests/forms for some, JOBS=0 for one after the other)
# make fuzz   hostile posts, a hundred thousand of them (POSTS=1000 for fewer), for as long as that takes
# make bench  measurements, as ratios from one run (wants a quiet machine)
.PHONY: run inbox test fuzz bench check format lock packages test-packages translations clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
POSTS ?= 100000
# Processes of the tests: 0 is one after the other.
JOBS ?= 2
FORMAT ?= text
IHMISKAUPPA_INSTANCE ?= $(CURDIR)/instance
export PORT IHMISKAUPPA_INSTANCE


run: $(VENV)/installed
	@$(BIN)/ihmiskauppa practice run

inbox: $(VENV)/installed
	@$(BIN)/ihmiskauppa practice inbox --format $(FORMAT)

test: check test-packages
	$(BIN)/pytest -n $(JOBS) --durations=15 $(PYTEST_ARGS)

fuzz: $(VENV)/installed
	$(BIN)/python -m bench.fuzz --posts $(POSTS)

bench: $(VENV)/installed
	@./.ci/packages bench
	$(BIN)/python -m bench.run
	$(BIN)/python -m bench.languages
	$(BIN)/python -m bench.lighthouse

check: $(VENV)/installed
	$(BIN)/ruff format --check site tests bench
	$(BIN)/ruff check site tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/ihmiskauppa check

format: $(VENV)/installed
	$(BIN)/ruff format site tests bench
	$(BIN)/ruff check --fix site tests bench

# After a change of the dependencies in pyproject.toml.
lock: $(VENV)/installed
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra practice --extra test \
	  --no-emit-index-url --no-header --output-file requirements.lock pyproject.toml

# After a change of texts in code, templates or forms.
translations: $(VENV)/installed
	$(BIN)/ihmiskauppa translations update

# What Debian must provide; installed where that is allowed (as root), else named.
packages:
	@PYTHON="$(PYTHON)" ./.ci/packages run

test-packages:
	@./.ci/packages test

$(VENV)/installed: requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" ./.ci/packages run
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=…"; exit 1; }
	@echo "Installing what requirements.lock names …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
