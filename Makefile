# The commands of this project: `make demo` and `make test` set everything up by themselves.
PYTHON ?= python3
VENV := .venv
SIDE_BY_SIDE := --numprocesses 4 --dist loadfile --no-loadscope-reorder
STAGES := scraper boards deduper face-detector upscaler realcugan normalizer tfrecord-packer trainer trainer-gpu ranker ranker-gpu
LOCKS := dev build $(STAGES) all all-gpu
SYSTEM_LIBRARIES := libgomp1 tzdata
TEST_SERVERS := rabbitmq-server radosgw ceph-mon ceph-osd ceph-common faketime prometheus

.PHONY: help demo env test test-compose fault-matrix check setup lock bench clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: setup  ## draw an invented character's pictures and take them through the whole chain (about five minutes)
	$(VENV)/bin/python -m demo

test: setup $(VENV)/.servers  ## run all tests, four files at a time; as root or with sudo against real servers too
	$(VENV)/bin/python -m pytest -q $(SIDE_BY_SIDE) $(PYTEST_ARGS)

env: setup  ## what docker compose needs, once: passwords in secrets/, numbers in .env
	$(VENV)/bin/python -m deploy.credentials secrets
	@[ -e .env ] || sed "s/^USER_ID=.*/USER_ID=$$(id -u)/; s/^GROUP_ID=.*/GROUP_ID=$$(id -g)/" .env.example >.env

test-compose: setup  ## bring the whole stack up in real containers, break it, and take it down
	$(VENV)/bin/python -m pytest -q -s tests/deploy/compose_up.py $(PYTEST_ARGS)

fault-matrix: setup $(VENV)/.servers  ## run the tests of faults and write tests/faults/README.md from their results
	FAULT_MATRIX=1 $(VENV)/bin/python -m pytest -q tests/faults

check: setup  ## ruff, strict types, import rules
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

setup: $(VENV)/.complete  ## the virtual environment with everything in it, and what sr-vulkan and the demo need of the system

$(VENV)/.complete: requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "Magritte needs Python 3.11 to 3.13")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@sh deploy/debian-packages.sh "enlarging and the board of the demo need system packages" $(SYSTEM_LIBRARIES)
	@touch $@

$(VENV)/.servers: deploy/debian-packages.sh | $(VENV)/.complete
	@sh deploy/debian-packages.sh "some tests need servers" $(TEST_SERVERS)
	@touch $@

lock: setup  ## pin every dependency again, with hashes and without addresses
	@for extra in $(LOCKS); do \
		constraint=$$([ $$extra = dev ] || echo "--constraint requirements/dev.txt"); \
		$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
			--no-emit-package magritte --extra $$extra $$constraint --output-file requirements/$$extra.txt pyproject.toml || exit 1; \
	done

bench: setup  ## print the ratios that the README quotes
	@for file in benchmarks/[a-z]*.py; do $(VENV)/bin/python -m benchmarks.$$(basename $$file .py) || exit 1; done

clean:  ## remove what the other commands made, not your data
	rm -rf $(VENV) demo-output .mypy_cache .ruff_cache .pytest_cache
