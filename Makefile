# make check: everything that can be said without running Telek. make test: the suite. make demo: all of it, running.
MAKEFLAGS += --jobs=2 --output-sync=target --no-print-directory
SHELL := /bin/sh
PYTHON := .venv/bin/python
CODE := apps telek tests bin manage.py
# As bin/demo and bin/test do: what Python compiles is kept, and not beside the sources.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.venv/bytecode

.PHONY: check test demo format environment lock audit format-check lint types layers templates migrations deploy

check: types lint format-check layers templates migrations deploy
	@echo "make check: all is well"

test:
	bin/test

demo:
	bin/demo

environment:
	@bin/environment

format: environment
	$(PYTHON) -m ruff check --fix-only --quiet $(CODE)
	$(PYTHON) -m ruff format $(CODE)

types: environment
	$(PYTHON) -m mypy

lint: environment
	$(PYTHON) -m ruff check $(CODE)

format-check: environment
	$(PYTHON) -m ruff format --check $(CODE)

layers: environment
	.venv/bin/lint-imports

templates: environment
	.venv/bin/djlint --lint --quiet templates

migrations: environment
	$(PYTHON) -m telek.launcher.with_services env TELEK_DATABASE_ROLE=owner $(PYTHON) manage.py makemigrations --check --dry-run

# The settings of a real installation, with secrets made for this one run.
deploy: environment
	TELEK_PRODUCTION=1 TELEK_HOSTS=telek.example TELEK_PUBLIC_URL=https://telek.example \
	TELEK_SMS_TRANSPORT=http TELEK_VOICE_TRANSPORT=http TELEK_TRANSPORT_URL=https://messages.example/send TELEK_TRANSPORT_TOKEN=one-run-only \
	DATABASE_URL=postgresql://telek_app@database.example/telek REDIS_URL=rediss://valkey.example/0 \
	TELEK_SECRET_KEY="$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	TELEK_ENCRYPTION_KEYS="$$($(PYTHON) -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())')" \
	$(PYTHON) manage.py check --deploy --fail-level WARNING

# After a change in requirements.txt or requirements-dev.txt; what is pinned already stays as it is.
lock:
	python3 -m venv .venv/lock && .venv/lock/bin/pip install --quiet uv
	for list in requirements requirements-dev; do \
	  .venv/lock/bin/uv pip compile --quiet --python-version 3.11 --no-annotate --no-header $$list.txt -o $$list.lock || exit 1; done

# Apart from make check: a new advisory must not redden unrelated work.
audit:
	python3 -m venv .venv/audit && .venv/audit/bin/pip install --quiet pip-audit
	.venv/audit/bin/pip-audit --no-deps --disable-pip -r requirements.lock
