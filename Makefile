# Everything sets itself up in .venv; the first run downloads, the next ones start in seconds.
PYTHON ?= python3
PY := .venv/bin/python
TESTS ?= tests
# One more than the cores that CI has: some tests wait for a pause, or for a process.
WORKERS ?= 3
# COVERAGE=1 measures branches while the tests run; `make coverage` reports them.
MEASURE := $(if $(COVERAGE),-m coverage run)
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-full check format coverage coverage-report bench bench-quick bench-check bench-parts bench-emulator docs docs-site lock

# Tests and demo see no AWS account: dummy credentials, nobody's files, no metadata service. Python keeps what it
# compiled, as it does for a user: each of hundreds of processes would compile everything again.
CLEAN := env -u PYTHONDONTWRITEBYTECODE -u AWS_PROFILE -u AWS_DEFAULT_PROFILE -u AWS_SESSION_TOKEN -u AWS_SECURITY_TOKEN -u AWS_ENDPOINT_URL \
	-u AWS_ENDPOINT_URL_REKOGNITION -u AWS_ROLE_ARN -u AWS_WEB_IDENTITY_TOKEN_FILE \
	AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 \
	AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-24s %s\n", $$1, $$2 }'

setup:
	@.ci/setup "$(PYTHON)"

demo: setup ## the main job, end to end, on an emulator; ENGINE=pulumi uses the real Pulumi CLI, VERBOSE=1 shows all
	@$(CLEAN) $(PY) docs/demo.py --engine "$(or $(ENGINE),local)"

test: setup ## all tests (minutes); TESTS=tests/plan for some
	@$(CLEAN) $(PY) $(MEASURE) -m pytest -q -n $(WORKERS) --dist worksteal -m "not slow" $(TESTS)

test-full: setup ## all tests, with the long ones
	@$(CLEAN) $(PY) -m pytest -q -n $(WORKERS) --dist worksteal $(TESTS)

check: setup ## format, lint, types, import contracts, generated pages, plain English
	@$(PY) -m ruff format --check --quiet . || { echo "make format fixes this" >&2; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@said=$$(.venv/bin/lint-imports --no-cache) || { echo "$$said"; exit 1; }
	@$(PY) -m rekognition_emulator.docs --check docs/emulator.md
	@$(PY) docs/pages.py --check
	@$(PY) docs/english.py

format: setup ## format the code and fix what ruff can fix
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format .

docs: setup ## renew the pages that are made from the code
	@$(PY) docs/pages.py && $(PY) -m rekognition_emulator.docs docs/emulator.md && $(PY) docs/pictures.py

docs-site: .venv.docs/ready ## the pages as a site in build/site; a missing page, link or anchor fails
	@.venv.docs/bin/python -m sphinx -W --keep-going -q -E -a -c docs -d build/.doctrees . build/site
	@echo "build/site/README.html"

.venv.docs/ready: requirements-docs.lock
	@$(PYTHON) -m venv --clear .venv.docs
	@.venv.docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

coverage: ## all tests, then the branch coverage of reconciler/ against its threshold
	@rm -f .coverage .coverage.*
	@$(MAKE) test COVERAGE=1
	@$(MAKE) coverage-report

coverage-report: setup ## the branch coverage that `make test COVERAGE=1` measured, against the threshold in pyproject.toml
	@$(PY) -m coverage combine -q && $(PY) -m coverage report

bench: setup ## how fast each command is beside the barest way, for 250,000 lines; writes docs/performance.md (10 minutes)
	@$(CLEAN) $(PY) -m benchmarks.performance

bench-quick: setup ## the same for small data, in two minutes; writes nothing
	@$(CLEAN) $(PY) -m benchmarks.performance --quick

bench-check: setup ## measure again, and fail where a ratio is beyond the spread of docs/performance.md
	@$(CLEAN) $(PY) -m benchmarks.performance --check

bench-parts: setup ## the review of 10,000 changes, and the matching of boxes
	@$(CLEAN) $(PY) -m benchmarks.report
	@echo; $(CLEAN) $(PY) -m benchmarks.boxes

bench-emulator: setup ## speed and memory of the emulator beside a bare server: start, small calls, 250,000 entries
	@$(CLEAN) $(PY) -m benchmarks.emulator --entries $(or $(ENTRIES),250000)

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --upgrade
lock: ## renew requirements.lock and requirements-docs.lock (needs uv)
	$(LOCK) pyproject.toml --all-extras --group dev -o requirements.lock
	$(LOCK) --group docs -o requirements-docs.lock
