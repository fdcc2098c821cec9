# kubecheck's own chores. `make` lists them.
#
#   PYTHON       the Python (3.11 or newer) that the virtual environment is made with
#   LAB_ARGS     more options for `python -m lab` in lab-up, lab-down and lab-status, such as
#                LAB_ARGS="--name dev"; `python -m lab up --help` lists those of lab-up
#   FAULTS_ARGS  which faults to prove, in place of all of them, such as
#                FAULTS_ARGS="--seed 7 mtu-black-hole"
#   PYTEST_ARGS  more options for pytest in demo, test and unit, such as PYTEST_ARGS="-k dns"

PYTHON ?= python3
LAB_ARGS ?=
PYTEST_ARGS ?=
FAULTS_ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
PIP_OPTIONS := --quiet --disable-pip-version-check
LOCK := requirements/dev.lock
RUN_LOCK := requirements/run.lock
# Of its report styles only "allure2" leaves its analytics out when told to, with "true" and nothing else.
ALLURE := 3.18.0
# One line for each of the last 30 runs; a report that is there already is not rendered, so none counts twice.
HISTORY := reports/allure-history.jsonl
LAB_STATE := $(or $(KUBECHECK_LAB_DIR),/var/lib/kubecheck-lab)/lab
LAB_CACHE := $(or $(KUBECHECK_LAB_CACHE),$(HOME)/.cache/kubecheck-lab)

.DEFAULT_GOAL := help
.PHONY: help faults soak bench scale peers demo report test lint unit format docs venv lock packages browser lab-up lab-down lab-status clean clean-cache

help: ## say what can be made
	@echo 'make TARGET, where TARGET is one of:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: packages venv ## check a real cluster on this machine: installs, builds, starts the lab, runs kubecheck
	@echo 'Starting the lab. The first time this compiles Kubernetes: 10 to 20 minutes on two cores.'
	@$(PY) -m lab up
	@status=0; \
	$(PY) -m pytest --kubeconfig $(LAB_STATE)/kubeconfig --policy $(LAB_STATE)/policy.toml $(PYTEST_ARGS) \
	  || status=$$?; \
	echo; \
	if command -v npm >/dev/null; then $(MAKE) --no-print-directory report || exit; \
	else echo 'The Allure results:        $(CURDIR)/reports/allure-results (`make report`, with Node.js 20, renders them)'; fi; \
	echo 'The verdict for people:    $(CURDIR)/reports/verdict.html'; \
	echo 'The verdict for programs:  $(CURDIR)/reports/verdict.json'; \
	echo 'The cluster:               kubeconfig $(LAB_STATE)/kubeconfig; `make lab-down` removes it'; \
	exit $$status

test: packages browser lint ## all of the project's own tests, those in the lab too, after `make lint`
	$(PY) -m pytest selftest/lab $(PYTEST_ARGS)
	$(PY) -m pytest selftest/unit -n auto $(PYTEST_ARGS)

unit: venv ## the tests that need no lab
	$(PY) -m pytest selftest/unit -n auto $(PYTEST_ARGS)

report: ## render the last run's Allure results into one offline file, with its history (needs Node.js 20 and npm)
	@test -f reports/allure-results/environment.properties \
	  || { echo 'There is no run to render in reports/: run pytest first.' >&2; exit 1; }
	@if ! test reports/allure-report.html -nt reports/allure-results/environment.properties; then \
	  touch $(HISTORY) && tail -n 29 $(HISTORY) >$(HISTORY).new && mv $(HISTORY).new $(HISTORY) && \
	  ALLURE_NO_ANALYTICS=true npm exec --yes --package=allure@$(ALLURE) -- \
	    allure allure2 --single-file --report-name kubecheck --history-path $(HISTORY) \
	    --output build/allure reports/allure-results >/dev/null && \
	  cp build/allure/index.html reports/allure-report.html; fi
	@echo 'The Allure report:         $(CURDIR)/reports/allure-report.html'

faults: lab-up ## prove kubecheck on every fault of the catalogue, in the lab; writes docs/faults.md
	$(PY) -m selftest.faults $(or $(FAULTS_ARGS),--keep --page docs/faults.md)

soak: lab-up ## run kubecheck 200 times in a row in the lab: each run READY, nothing left behind
	$(PY) -m selftest.soak

bench: lab-up ## kubecheck's time beside the floor's, and where it goes, on the lab; writes docs/speed.md
	@$(PY) -m bench --kubeconfig $(LAB_STATE)/kubeconfig --policy $(LAB_STATE)/policy.toml --page docs/speed.md

scale: packages venv ## what a run costs on 100, 300 and 1,000 fake nodes, in a small lab of its own; writes docs/scale.md
	@$(PY) -m lab up --name scale --masters 1 --workers 0 --etcd-disk none --dockerd none
	@status=0; $(PY) -m bench.scale --name scale --page docs/scale.md || status=$$?; $(PY) -m lab down --name scale; exit $$status

peers: lab-up ## kubecheck beside Kubernetes' own end-to-end tests on the lab; writes docs/peers.md
	@$(PY) -m bench.peers --page docs/peers.md

lint: venv ## style, format, types, and which room may import which
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: venv ## put the code into ruff's format
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

docs: venv ## renew the pages of docs/ that are made out of the code
	$(PY) -m kubecheck.cli docs docs
	$(PY) -m kubecheck.report.schema_files
	$(PY) -m kubecheck.cli policy runbook >docs/kubecheck.toml
	$(PY) -m kubecheck.cli rights default >deploy/base/rbac.yaml
	$(PY) -m kubecheck.cli rights runbook >deploy/runbook/rbac.yaml

venv: $(VENV)/.installed ## the virtual environment in .venv, from requirements/dev.lock

$(VENV)/.installed: pyproject.toml $(VENV)/.locked
	$(PY) -m pip install $(PIP_OPTIONS) --no-deps --no-build-isolation --editable .
	@$(PY) -m pip check >/dev/null || { $(PY) -m pip check; echo 'Run `make lock`: $(LOCK) is behind.'; exit 1; } >&2
	@touch $@

$(VENV)/.locked: $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'kubecheck needs Python 3.11 or newer: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'Installing python3-venv, without which this Python makes no virtual environments.'; \
	  apt-get --quiet update && DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes install python3-venv; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install $(PIP_OPTIONS) --require-hashes --requirement $(LOCK)
	@touch $@

lock: ## refresh the lock files: the newest versions that pyproject.toml allows
	rm -rf build/lock && $(PYTHON) -m venv build/lock && build/lock/bin/python -m pip install $(PIP_OPTIONS) uv
	build/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	  --group dev pyproject.toml requirements/build.in --output-file $(LOCK)
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	  --constraint $(LOCK) pyproject.toml --output-file $(RUN_LOCK)
	rm -rf build/lock

packages: ## the Debian packages that the lab needs (as root; only the missing ones)
	@$(PYTHON) -m lab.machine

browser: ## Debian's chromium, in which the tests open the HTML report (as root; only if it is missing)
	@command -v chromium >/dev/null || { echo "Installing Debian's chromium."; apt-get --quiet --quiet update \
	  && DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --yes install --no-install-recommends chromium \
	  >/dev/null; }

lab-up: packages venv ## start the lab: a real cluster of several nodes on this machine
	@$(PY) -m lab up $(LAB_ARGS)

lab-down: venv ## remove the lab and all that it made
	@$(PY) -m lab down $(LAB_ARGS)

lab-status: venv ## what of the lab runs
	@$(PY) -m lab status $(LAB_ARGS)

clean: ## remove what was made in this checkout (not the lab: `make lab-down`)
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find reports -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

clean-cache: ## remove the lab's built programs and images (after `make lab-down`; Go keeps its own)
	rm -rf $(LAB_CACHE)
