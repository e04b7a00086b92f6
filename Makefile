# The habits. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
APP_PORT ?= 8000
HTTPBIN_PORT ?= 8001
WORKERS_PORT ?= 8002
WSGI_PORT ?= 8003
MAIL_PORT ?= 8025
OTLP_PORT ?= 4318
TRACES_PORT ?= 16686
PAGE_PORT ?= 8004
LESSONS ?=
PROFILES ?= player
# Of `make fuzz`, over all its targets.
SECONDS ?= 60
TARGETS ?=
# What `make test` leaves to targets of their own.
EVERYDAY = not slow and not postgresql and not stack and not package and not faults and not scale and not spark
# Of `make soak`. COLLECTOR=1 puts the native collector before the backend that comes and goes;
# ENDPOINT= sends to one that runs already, and counts nothing.
MINUTES ?= 10
CLIENTS ?= 6
COLLECTOR ?=
ENDPOINT ?=
# Of `make test-scale`: pytest's -k.
SCALE ?=
# What `make test-lowest` runs.
LOWEST ?= tests/telemetry tests/instrument tests/lean tests/lens tests/run tests/testing
PORTS = --app-port $(APP_PORT) --workers-port $(WORKERS_PORT) --wsgi-port $(WSGI_PORT) --mail-port $(MAIL_PORT) --httpbin-port $(HTTPBIN_PORT) --otlp-port $(OTLP_PORT) --traces-port $(TRACES_PORT) --page-port $(PAGE_PORT)
BIN = $(VENV)/bin
# The tests start some hundred processes: each would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE
# uv is several times faster than pip; where there is none, plain venv and pip do.
UV := $(shell command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1 && echo uv)

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo up down stack play test test-slow test-lowest test-newest matrix test-stack test-scale everyday test-package wheel-compiled test-spark test-postgresql fuzz faults soak sbom audit test-django lint types lock bench install-bench bench-peers stock-and-ours profile cost-against predictions whatif readme dashboards docs docs-serve pictures lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## Make .venv with overlap and the demo in it

install-dev: $(VENV)/.installed-dev ## ... and what the tests need

demo: install ## Start everything, play every lesson, print its trace and verdict, serve until Ctrl-C
	@exec $(BIN)/python -m app.demo $(PORTS) $(LESSONS)

up: ## The stack in Docker, and all its addresses once it is well (no lessons: make up PROFILES=)
	@COMPOSE_PROFILES=$(PROFILES) $(PYTHON) docker/up.py

down: ## Stop that; what it stored stays (docker compose down -v takes it, too)
	COMPOSE_PROFILES=player docker compose down

stack: install ## The real servers, built from Go modules at first, and the demo in front of them
	@exec $(BIN)/python -m otel.native run -- $(CURDIR)/$(BIN)/python -m app.demo --stack

play: install ## The same, then exit with play's status: 0 if every lesson showed what it expects
	@exec $(BIN)/python -m app.demo --once $(PORTS) $(LESSONS)

test: install-dev ## The everyday tests (four minutes on two cores)
	$(BIN)/python -X dev -m pytest -n 3 --dist loadgroup -m "$(EVERYDAY)"

test-slow: install-dev ## ... and those that start whole commands: the demo, its mutants, workers, pytest, the bench (four minutes)
	$(BIN)/python -X dev -m pytest -n 3 --dist loadgroup -m slow

everyday: # the marks of the everyday tests, for .ci/run
	@echo "$(EVERYDAY)"

test-lowest: $(VENV)/bin/python ## The tests of what leans on others' parts, with the oldest of every dependency (needs uv)
	uv venv --quiet --clear --python $(BIN)/python .venv-lowest
	uv pip compile pyproject.toml --python .venv-lowest/bin/python --resolution lowest-direct --no-emit-index-url --quiet \
	  --extra demo -o .venv-lowest/lowest.txt
	uv pip install --quiet --python .venv-lowest/bin/python -r .venv-lowest/lowest.txt
	uv pip install --quiet --python .venv-lowest/bin/python -c .venv-lowest/lowest.txt --group build --group dev
	uv pip install --quiet --python .venv-lowest/bin/python --no-deps --no-build-isolation --editable .
	PATH="$(CURDIR)/.venv-lowest/bin:$$PATH" .venv-lowest/bin/python -X dev -m pytest -n 2 --dist loadgroup -m "not postgresql and not stack and not scale" $(LOWEST)

test-newest: $(VENV)/bin/python ## ... and with the newest of every dependency that pyproject.toml allows, whatever is locked
	uv venv --quiet --clear --python $(BIN)/python .venv-upgraded
	uv pip compile pyproject.toml --python .venv-upgraded/bin/python --no-emit-index-url --quiet --upgrade --extra demo --group build --group dev \
	  -o .venv-upgraded/newest.txt
	uv pip install --quiet --python .venv-upgraded/bin/python -r .venv-upgraded/newest.txt
	uv pip install --quiet --python .venv-upgraded/bin/python --no-deps --no-build-isolation --editable .
	PATH="$(CURDIR)/.venv-upgraded/bin:$$PATH" .venv-upgraded/bin/python -X dev -m pytest -n 2 --dist loadgroup -m "not postgresql and not stack and not scale" $(LOWEST)

matrix: install-dev ## Write docs/reference/servers.md: servers x frameworks x OpenTelemetry set-ups, each run twice (ten minutes)
	$(BIN)/python -m tests.servers.matrix

test-stack: install-dev ## ... and against the real servers, built from Go modules at first
	$(BIN)/python -m otel.native build
	@marks=stack; \
	$(BIN)/python -m otel.native has loki || marks="$$marks and not loki"; \
	test -n "$$OVERLAP_TEST_GRAFANA" || marks="$$marks and not grafana"; \
	set -x; exec $(BIN)/python -X dev -m pytest -m "$$marks" tests/stack

test-scale: install-dev ## ... and beyond one machine: Kafka, Cassandra, two tiers of collectors (needs Go, Java, Maven)
	$(BIN)/python -m otel.native build --part scale
	$(BIN)/python -m otel.native build
	$(BIN)/python -X dev -m pytest -m scale $(if $(SCALE),-k "$(SCALE)") tests/scale

test-postgresql: install-dev ## ... and those against a PostgreSQL of their own (Debian: postgresql)
	$(BIN)/python -X dev -m pytest -m postgresql tests/lean tests/app tests/instrument

test-spark: $(VENV)/.installed-spark ## ... and the survey by PySpark (needs Java 17 or newer; Debian: openjdk-17-jre-headless)
	$(BIN)/python -X dev -m pytest -m spark tests/survey

test-package: install-dev ## ... and the built wheel, in fresh environments of the oldest and the newest Python
	$(BIN)/python -X dev -m pytest -m package tests/package tests/supply

wheel-compiled: ## Build dist/: the sdist, and a wheel for this Python with the judge compiled by mypyc (needs uv and a C compiler)
	HATCH_BUILD_HOOK_ENABLE_MYPYC=1 uv build --out-dir dist .

fuzz: install-dev ## Mutated inputs into readers, pages, drawing, headers, variables (SECONDS=60, TARGETS=)
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(TARGETS)

soak: install-dev ## Ten minutes of mixed traffic: nothing grows, nothing is left, every span is counted (MINUTES=60)
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --clients $(CLIENTS) $(if $(COLLECTOR),--collector) \
	  $(if $(ENDPOINT),--endpoint $(ENDPOINT))

sbom: install ## Write build/sbom.cdx.json: what the locked environment is made of, as CycloneDX
	@mkdir -p build
	$(BIN)/python -m tests.supply > build/sbom.cdx.json

audit: $(VENV)/bin/python ## Ask pip-audit for known vulnerabilities of what is locked (needs uv, and the index)
	@uvx pip-audit --strict --requirement requirements.lock --require-hashes --disable-pip || \
	  { echo "make audit: pip-audit found something, or its database can't be reached from here (see above)"; exit 1; }

faults: install-dev ## ... and the table of faults: backends, disks, journals, signals, clocks, memory
	$(BIN)/python -X dev -m pytest -n 2 -m faults tests/faults

test-django: install-dev ## Django's own tests of what lean touches, stock and lean (ten minutes)
	$(BIN)/python tests/lean/django_suite.py

lint: install-dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-dev ## mypy, strict, on overlap/ and grafana/
	$(BIN)/mypy

bench: install ## 200 and 1,000 smokings at once, on this machine, in one run
	@exec $(BIN)/python -m app.demo --bench $(PORTS)

install-bench: $(VENV)/.installed-bench ## ... and what overlap bench compares with

bench-peers: install-bench ## Ours, stock and every peer, each served in turn: overlap bench
	@exec $(BIN)/python -m overlap bench

stock-and-ours: install-bench ## Write docs/explanation/stock-and-ours.md: five requests traced by both
	$(BIN)/python -m overlap.bench.report.stock_and_ours > docs/explanation/stock-and-ours.md.new
	@mv docs/explanation/stock-and-ours.md.new docs/explanation/stock-and-ours.md

profile: install-bench ## Write docs/explanation/profile.md: where a request's time goes, stock and ours
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m overlap.bench.report.profile > docs/explanation/profile.md.new
	@mv docs/explanation/profile.md.new docs/explanation/profile.md

cost-against: install ## Write docs/explanation/cost-against.md: what a request costs, over an older checkout: DIR=...
	@test -n "$(DIR)" || { echo "make cost-against DIR=a checkout of the older commit (git worktree add)"; exit 2; }
	$(BIN)/python -m overlap.bench.report.cost_against "$(DIR)" > docs/explanation/cost-against.md.new
	@mv docs/explanation/cost-against.md.new docs/explanation/cost-against.md

predictions: install ## Write docs/explanation/predictions.md: what was advised beside what the pairs measured
	$(BIN)/python -m app.predictions

whatif: install ## Write docs/explanation/whatif.md: what `overlap whatif` predicted beside what was measured (six minutes, a quiet machine)
	$(BIN)/python -m app.whatif

readme: install dashboards ## Write docs/reference/lessons.md from app/scenarios/, and the dashboards, which show lessons too
	@$(BIN)/python -m app.readme

dashboards: install-dev ## Write grafana/dashboards/*.json and grafana/import/*.json from grafana/boards and app/scenarios/
	@$(BIN)/python -m grafana.boards

docs: $(VENV)/.installed-docs ## Build the documentation in build/docs/; every warning is an error, links are checked
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --clean

docs-serve: $(VENV)/.installed-docs ## Show it at http://127.0.0.1:8020/, and again after each change
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve --livereload --dev-addr 127.0.0.1:8020

pictures: $(VENV)/.installed-docs ## Take the documentation's pictures from the running demo (needs Chromium)
	@$(BIN)/python docs/pictures.py

lock: ## Write requirements*.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --upgrade \
	  --custom-compile-command 'make lock' --extra demo --group build -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	  --custom-compile-command 'make lock' --extra demo --group build --group dev -c requirements.lock -o requirements-dev.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	  --custom-compile-command 'make lock' --extra bench --group build -c requirements-dev.lock -o requirements-bench.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	  --custom-compile-command 'make lock' --extra spark --group build -c requirements-dev.lock -o requirements-spark.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	  --custom-compile-command 'make lock' --group build --group docs -c requirements-dev.lock -o requirements-docs.lock

clean: ## Remove .venv and what the demo left
	rm -rf $(VENV) .demo

# --- how an environment is made ----------------------------------------------
$(VENV)/bin/python:
ifeq ($(UV),uv)
	@uv venv --quiet --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(call sync,requirements.lock)

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(call sync,requirements-dev.lock)
	@touch $(VENV)/.installed

$(VENV)/.installed-spark: requirements-spark.lock pyproject.toml | $(VENV)/.installed-dev
	$(call sync,requirements-spark.lock)

$(VENV)/.installed-bench: requirements-bench.lock pyproject.toml | $(VENV)/.installed
	$(call sync,requirements-bench.lock)

$(VENV)/.installed-docs: requirements-docs.lock pyproject.toml | $(VENV)/.installed-dev
	$(call sync,requirements-docs.lock)

define sync
@echo "Installing what $(1) names into $(VENV) ..."
@if [ -n "$(UV)" ]; then \
  uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(1) && \
  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
else \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) && \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
fi
@touch $@
endef
