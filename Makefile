# make verify     run every claim, draw the papers' figures, the table      TIER=quick|standard|full
# make test       ruff, pyright and the test-suite                         TIER=quick|standard|full
#                                            TORCH=1 with torch, no CUDA; MERGE=1 all that CI runs
# make check    what takes less than a minute: lint, types, floors, recursions, statistics
# make bench      seed-steps per second against plain NumPy and hand-written JAX
# make audit    released optimizers of a dozen packages against laws; an environment of its own
# make reliability  campaigns of kills, corruption and bad input; fills docs/reliability.md
# make figures    draw the figures of papers and of stored reports
# make report     turn results/report.json into results/report/index.html
# make browser    install Debian's chromium, for the tests of that page; needs root
# make docs       build the site in results/site; after make verify with its verdicts and figures
# make matrix     a few claims with the oldest and the newest dependencies, for PYTHONS at hand
# make notebooks  start Jupyter in notebooks/
# make clean      remove the environment, caches and results
#
# Needs Python 3.11 or later with pip and venv; PYTHON=python3.12 chooses another one.

PYTHON ?= python3
TIER ?= quick
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
CHECKED := tests/test_floors.py tests/test_catalog.py tests/test_claims.py \
	tests/test_recursions.py tests/statistics/test_judges.py tests/statistics/test_judges_of_laws.py
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: verify audit test check bench figures report docs matrix browser notebooks clean reliability
.DEFAULT_GOAL := verify

verify: $(VENV)/installed
	$(BIN)/convergence verify --tier $(TIER) --figures --json results/report.json

test: $(VENV)/ready-to-test $(if $(TORCH),$(VENV)/torch)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	CONVERGENCE_TEST_TIER=$(TIER) CONVERGENCE_TEST_MERGE=$(MERGE) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python & types=$$!; \
	$(BIN)/python -m pytest -q -n 0 $(CHECKED); tests=$$?; \
	wait $$types && exit $$tests

# An environment of its own, since the packages pull in much; builds without CUDA come first.
AUDITED := "torch==2.13.0+cpu" pytorch-optimizer torch-optimizer timm heavyball schedulefree \
	prodigyopt dadaptation dog-optimizer dowg lion-pytorch torch-optimi galore-torch transformers \
	einops keras optax scikit-learn
MODULES := torch.optim pytorch_optimizer torch_optimizer timm.optim heavyball schedulefree \
	prodigyopt dadaptation dog dowg lion_pytorch optimi galore_torch keras.optimizers optax \
	optax.contrib sklearn

audit: $(VENV)-audit/installed
	$(VENV)-audit/bin/convergence audit $(MODULES) --json results/audit.json \
	--page results/audit.html || test $$? = 1

$(VENV)-audit/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-audit
	$(VENV)-audit/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(VENV)-audit/bin/python -m pip install --quiet --editable . $(AUDITED) \
	--extra-index-url https://download.pytorch.org/whl/cpu
	touch $@

bench: $(VENV)/installed
	$(BIN)/python -m tests.benchmarks

reliability: $(VENV)/ready-to-test
	$(BIN)/python -W ignore -m tests.reliability --large --write

figures: $(VENV)/installed
	$(BIN)/convergence figures

report: $(VENV)/installed
	$(BIN)/convergence report

docs: $(VENV)/ready-for-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m docs.make.site --build

# Every pair of an interpreter and lowest or highest dependencies, a claim of many kinds; needs uv.
PYTHONS ?= 3.11 3.12 3.13 3.14
SOME := gd-huber-tight golore-sgd galore-stalls random-coordinate-descent \
	stochastic-polyak-law galore-lemma-3-3-as-printed adawac-last-iterate-comes
matrix:
	@command -v uv >/dev/null || { echo "make matrix needs uv: pip install uv"; exit 2; }
	@some=; for python in $(PYTHONS); do \
	  uv python find $$python >/dev/null 2>&1 || { echo "no Python $$python here"; continue; }; \
	  some=$$python; \
	  for resolution in lowest-direct highest; do \
	    echo "== Python $$python, $$resolution dependencies"; \
	    place=$(VENV)-matrix/$$python-$$resolution; \
	    uv venv --quiet --clear --python $$python $$place && \
	    uv pip compile --quiet --python $$place/bin/python --only-binary :all: --resolution $$resolution \
	      pyproject.toml -o $$place/requirements.txt && \
	    uv pip install --quiet --python $$place/bin/python -r $$place/requirements.txt && \
	    uv pip install --quiet --python $$place/bin/python --no-deps . && \
	    JAX_PLATFORMS=cpu $$place/bin/convergence verify $(SOME) --quiet \
	      --out $$place/results || exit 1; \
	    echo "   $(SOME): as expected"; \
	  done; \
	done; \
	[ -n "$$some" ] || { echo "none of Python $(PYTHONS) is here"; exit 2; }

browser:
	command -v chromium || command -v google-chrome || { apt-get update -q && \
	apt-get install -q -y --no-install-recommends chromium fonts-dejavu-core; }

notebooks: $(VENV)/ready-for-notebooks
	$(BIN)/jupyter lab notebooks

clean:
	rm -rf $(VENV) $(VENV)-audit $(VENV)-matrix results dist build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made anew only when the dependencies change.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade "pip>=25.1"
	$(PIP) install --editable .
	touch $@

$(VENV)/ready-to-test: $(VENV)/installed pyproject.toml
	$(PIP) install --group test
	touch $@

# A local version is on no index but that of builds without CUDA, and none is ever fetched instead.
$(VENV)/torch: $(VENV)/installed
	$(PIP) install --extra-index-url https://download.pytorch.org/whl/cpu "torch==2.13.0+cpu"
	touch $@

$(VENV)/ready-for-docs: $(VENV)/installed pyproject.toml
	$(PIP) install --editable ".[docs]"
	touch $@

$(VENV)/ready-for-notebooks: $(VENV)/installed pyproject.toml
	$(PIP) install --group notebooks
	touch $@
