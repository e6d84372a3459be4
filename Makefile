# Two commands do everything: `make demo` and `make test`. Both set up what they need, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test bench soak docs messages lock format clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.run: .ci/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "flowbot needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run .ci/requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/requirements-dev.txt
	@touch $@

demo: $(VENV)/.run ## flowbot against simulated EnOS and Slack, with a page to click in
	$(BIN)/python -m bot demo $(if $(PORT),--port $(PORT))

test: $(VENV)/.dev ## every check that CI runs
	$(BIN)/python .ci/gate.py

bench: $(VENV)/.dev ## measure speed and size, next to their budgets
	$(BIN)/python -m bench

soak: $(VENV)/.dev ## an hour of kills, polls, storms and noise
	$(BIN)/python -m bench.soak

docs: $(VENV)/.dev ## write the generated parts of README.md and manifest.yml
	$(BIN)/python .ci/generate.py

messages: $(VENV)/.dev ## update the translations from the code, and list what is missing
	$(BIN)/python .ci/catalogue.py

format: $(VENV)/.dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev ## pin every dependency with its hashes; names no index
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header -q -o .ci/requirements.txt
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["postgres"], sep="\n")' | \
	  $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-header -q -c .ci/requirements.txt -o .ci/requirements-postgres.txt
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header -q -c .ci/requirements-postgres.txt -c .ci/requirements.txt \
	  -o .ci/requirements-dev.txt
	$(BIN)/uv pip compile --group build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header -q -c .ci/requirements-dev.txt -o .ci/requirements-build.txt

clean: ## remove what the others made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
