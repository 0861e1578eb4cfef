# Every target sets up what it needs. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test test-long lint format bench bench-wear lock screenshots clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

demo: $(VENV)/.runtime ## the whole system with a simulated fleet; open the printed address
	@$(BIN)/silverpoint demo

test: $(VENV)/.dev ## all checks and tests, with Debian's mosquitto and Chromium where they may be installed
	@sh tools/debian_packages.sh mosquitto:mosquitto mosquitto_sub:mosquitto-clients chromium:chromium \
		promtool:prometheus amtool:prometheus-alertmanager
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest

test-long: $(VENV)/.dev ## the fault and soak runs in full
	@sh tools/debian_packages.sh mosquitto:mosquitto mosquitto_sub:mosquitto-clients chromium:chromium \
		promtool:prometheus amtool:prometheus-alertmanager
	SILVERPOINT_LONG_TESTS=1 $(BIN)/python -m pytest -m long tests

lint: $(VENV)/.dev ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## ruff's formatter and its safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## the benchmarks; prints rates, latencies and ratios of one run
	@sh tools/debian_packages.sh mosquitto:mosquitto mosquitto_sub:mosquitto-clients
	$(BIN)/python -m bench

bench-wear: $(VENV)/.dev ## how good the wear forecasts are, on public data where it is there and on simulated fleets
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.wear

screenshots: $(VENV)/.dev ## pictures of every page into out/screenshots (needs chromium)
	@sh tools/debian_packages.sh chromium:chromium
	$(BIN)/python tools/screenshots.py

lock: $(VENV)/.dev ## resolve the locked versions again
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --universal -p 3.11 --generate-hashes --no-header --no-annotate \
		--extra export pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal -p 3.11 --generate-hashes --no-header --no-annotate --group dev \
		--extra export -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what these targets made
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.runtime: requirements.lock pyproject.toml tools/venv.sh
	@sh tools/venv.sh "$(PYTHON)" $(VENV) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml tools/venv.sh
	@sh tools/venv.sh "$(PYTHON)" $(VENV) requirements-dev.lock
	@touch $@ $(VENV)/.runtime
