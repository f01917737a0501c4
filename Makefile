# make install    the environment .venv, nothing else
# make demo    a simulated trial through the whole workflow, into demo/
# make check   lint, types, layers and unit tests: the checks for between two edits
# make test    every check and test, the unit tests on every Python of this machine
# make units-3.13    the unit tests on that Python alone
# make docs    the site of all pages and the reference of the Python functions, into build/docs/
# make dist    wheel and source archive in dist/, the same bytes each time, and the list of what they need (SBOM)
# make audit   look every package of the runtime up in the database of known faults (needs the network)
# make lock    resolve the locks anew
# make clean   remove what these made

CORES ?= $(shell getconf _NPROCESSORS_ONLN)

BIN := .venv/bin
PYTHONS := 3.11 3.12 3.13
UV := $(BIN)/uv
SNAKEFILES := Snakefile workflow tests/workflow/quick
UNITS := "not (browser or external or slow or slurm or workflow)"

# Without bytecode every job would compile its imports anew. For the unit tests what they import suffices.
unexport PYTHONDONTWRITEBYTECODE

# connection-pool exists as source only: it is built with the setuptools of bootstrap.lock, whose hash is checked.
# $(@D) is the environment that the target belongs to.
INSTALL = $(UV) pip install --python $(@D)/bin/python $(if $(filter .venv,$(@D)),--compile-bytecode)
INSTALL_LOCK = $(INSTALL) --require-hashes --no-build-isolation-package connection-pool
INSTALL_SELF = $(INSTALL) --no-deps --no-build-isolation --editable .
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header

# PYENV_VERSION opens the versions that pyenv hides; nothing else reads it.
python = PYENV_VERSION=$(1) python$(1)

# The newest: measuring coverage makes the tests a sixth slower there, and by half on 3.11.
PYTHON ?= $(firstword $(foreach version,3.13 3.12 3.11,$(shell $(call python,$(version)) -c \
	'import ensurepip, venv, sys; print(sys.executable)' 2>/dev/null)) python3)

.DEFAULT_GOAL := help
.PHONY: help install demo check lint test pythons docs dist audit lock clean

help:
	@sed -n 's/^# \(make \)/\1/p' Makefile

install: .venv/runtime.stamp

demo: .venv/runtime.stamp
	test -e demo/truth.tsv || $(BIN)/pet-spect simulate --out demo
	$(BIN)/snakemake --directory demo --configfile demo/config/config.yaml --cores $(CORES)
	@echo "The report is demo/results/report/index.html"

check: lint
	$(BIN)/pytest --quiet -n $(CORES) -m $(UNITS)

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check $(SNAKEFILES)
	$(BIN)/mypy
	$(BIN)/lint-imports

test: pythons
	$(BIN)/pytest --cov -n $(CORES)

# Side by side with lint, each Python in half of the cores: its tests are collected once and not on every core.
# One line says for each Python whether it was tested; that of .venv runs everything, after these.
pythons: .venv/dev.stamp
	@set -e; own=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); said=; units=; \
	for version in $(PYTHONS); do \
		if [ $$version = $$own ]; then line="tested next, everything"; \
		elif $(call python,$$version) -c 'import ensurepip, venv' 2>/dev/null; then \
			units="$$units units-$$version"; line="tested, the unit tests passed"; \
		else line="not on this machine, or without ensurepip"; fi; \
		said="$${said}Python $$version: $$line\n"; \
	done; \
	$(MAKE) --no-print-directory -j 3 $(if $(filter output-sync,$(.FEATURES)),--output-sync) \
		CORES=$$((($(CORES) + 1) / 2)) lint $$units; printf "$$said"

units-%: .venv-%/dev.stamp
	.venv-$*/bin/pytest --quiet -n $(CORES) -p no:cacheprovider -m $(UNITS)

.venv/bootstrap.stamp: requirements/bootstrap.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 14) else \
	"pet_spect needs Python 3.11 to 3.13, found %d.%d; name one with: make PYTHON=python3.12" % v[:2])'
	@$(PYTHON) -c 'import platform as p, sys; system, machine, mac = p.system(), p.machine(), p.mac_ver()[0]; sys.exit( \
	None if (system, machine) == ("Linux", "x86_64") or (system == "Darwin" and int(mac.split(".")[0]) >= 14) else \
	"pet_spect needs x86-64 Linux or macOS 14 or newer (antspyx has no wheel elsewhere), found %s %s %s" % (system, machine, mac))'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bootstrap.lock
	touch $@

.venv/runtime.stamp: .venv/bootstrap.stamp requirements/runtime.lock pyproject.toml
	$(INSTALL_LOCK) -r requirements/runtime.lock
	$(INSTALL_SELF)
	touch $@

$(PYTHONS:%=.venv-%/bootstrap.stamp): .venv-%/bootstrap.stamp: .venv/bootstrap.stamp
	$(call python,$*) -m venv .venv-$*
	$(INSTALL) --require-hashes -r requirements/bootstrap.lock
	touch $@

.venv/dev.stamp $(PYTHONS:%=.venv-%/dev.stamp): %/dev.stamp: %/bootstrap.stamp requirements/dev.lock pyproject.toml
	$(INSTALL_LOCK) -r requirements/dev.lock
	$(INSTALL_SELF)
	touch $@

docs: .venv/dev.stamp
	$(BIN)/python -m sphinx -W -q -b html -c docs/reference -d build/doctrees . build/docs
	@echo "The site is build/docs/index.html"

# The time of the commit stands for the time of the build. setuptools writes the present time into a source archive.
dist: export SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || echo 315532800)
dist: .venv-release/stamp
	rm -rf dist
	$(UV) build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist .
	$(BIN)/python requirements/reproducible.py dist/*.tar.gz
	.venv-release/bin/cyclonedx-py requirements requirements/runtime.lock --pyproject pyproject.toml --output-reproducible -o dist/sbom.json
	cd dist && sha256sum * | tee SHA256SUMS

audit: .venv-release/stamp
	.venv-release/bin/pip-audit --requirement requirements/runtime.lock --require-hashes --disable-pip

# Apart from .venv, where one of their packages would slow every start of Snakemake.
.venv-release/stamp: .venv/dev.stamp requirements/release.lock
	$(PYTHON) -m venv .venv-release
	$(UV) pip install --quiet --python .venv-release/bin/python --require-hashes -r requirements/release.lock
	touch $@

# The full lock first: what a development tool holds back, the runtime lock must hold back too.
lock: .venv/bootstrap.stamp
	$(COMPILE) --extra slurm --extra dev --extra docs pyproject.toml -o requirements/dev.lock
	$(COMPILE) --extra slurm --constraint requirements/dev.lock pyproject.toml -o requirements/runtime.lock
	printf 'cyclonedx-bom\npip-audit\n' | $(COMPILE) - -o requirements/release.lock
	printf 'setuptools\nuv\n' | $(COMPILE) - -o requirements/bootstrap.lock

clean:
	rm -rf .venv .venv-3.* .venv-release demo build dist docs/reference/generated .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
