# Every target makes its own environment in .venv from the pinned versions, once. `make help` lists the targets.

PYTHON ?= python3
JOBS ?= 2

BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install solve picture test figures tables atlas claims docs lint types bench clean distclean

help:  ## list the targets
	@echo "usage: make TARGET [PYTHON=python3.12] [ARGS='more options']"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

# The stamp is touched last, so an interrupted installation starts again and a finished one is never repeated.
$(INSTALLED): pyproject.toml requirements.txt
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "error: '$(PYTHON)' was not found; geomsup needs Python 3.11 or newer. Name it: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: geomsup needs Python 3.11 or newer, but '$(PYTHON)' is $$("$(PYTHON)" -V). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: '$(PYTHON)' cannot make virtual environments; install its venv module (on Debian and Ubuntu the package python3-venv)" >&2; exit 1; }
	@echo "making the environment in .venv from requirements.txt (once)"
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@echo "compiling the kernels (once)"
	@$(BIN)/python -c 'from geomsup.loss._kernels import warm_up; warm_up()'
	@touch $@

install: $(INSTALLED)  ## make .venv from the pinned versions

solve: $(INSTALLED)  ## the intro setting at ten densities; or one problem: make solve N=5 M=2 P=0.05
ifeq ($(strip $(N)$(M)$(P)),)
	$(BIN)/python -m geomsup intro $(ARGS)
else
solve: n := $(or $(N),5)
solve: m := $(or $(M),2)
solve: p := $(or $(P),0.05)
solve: result = out/n$(n)-m$(m)-p$(p)
solve:
	@mkdir -p out
	$(BIN)/python -m geomsup solve -n $(n) -m $(m) --feature-probability $(p) --save $(result).npz --plot $(result).png $(ARGS)
endif

picture: $(INSTALLED)  ## draw the picture in the README again
	$(BIN)/python -m geomsup intro --out out
	@mkdir -p docs/images
	cp out/intro.png docs/images/intro.png

test: $(INSTALLED)  ## the fast tests, with every example in the documentation
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --durations 25 $(ARGS)

figures: $(INSTALLED)  ## draw every figure into figures/out (QUICK=1: coarse, in a minute or two)
	$(BIN)/python figures/run.py --jobs $(JOBS) $(if $(QUICK),--quick) $(ARGS)

tables: figures  ## copy the tables of the figures into the documentation
	@mkdir -p docs/data
	cp figures/out/fig_crosscheck.csv docs/data/crosscheck.csv

atlas: $(INSTALLED)  ## search every entry of the atlas anew, in some ten minutes on two cores; goes on where it was stopped
	$(BIN)/python -m geomsup.atlas.build --workers $(JOBS) $(ARGS)

claims: $(INSTALLED)  ## measure every claim and write docs/claims.md, in some minutes
	$(BIN)/python -m geomsup claims --page docs/claims.md $(ARGS)

docs: $(INSTALLED)  ## build the documentation into docs/_build/html; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html $(ARGS)

lint: $(INSTALLED)  ## ruff
	$(BIN)/python -m ruff check . $(ARGS)

types: $(INSTALLED)  ## mypy, strict
	$(BIN)/python -m mypy $(ARGS)

bench: $(INSTALLED)  ## the benchmarks, one process, nothing else running
	$(BIN)/python -m pytest -o addopts="--import-mode=importlib" --benchmark-only tests/benchmarks $(ARGS)

clean:  ## remove everything made except the environment
	rm -rf out figures/out figures/cache docs/_build docs/_generated build dist .benchmarks
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find geomsup tests figures docs -type d -name __pycache__ -prune -exec rm -rf {} +

distclean: clean  ## remove the environment too
	rm -rf .venv geomsup.egg-info
