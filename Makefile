PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCRIPT := PYTHONPATH=. $(BIN)/python
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test test-slow fuzz kill faults soak lint types audit licences benchmarks clean

run: $(VENV)/.run                ## set up, then the main job once on the embedded figures
	$(BIN)/cumulus run

test: $(VENV)/.dev               ## set up, then the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=2 --dist=loadfile

test-slow: $(VENV)/.dev          ## the long checks
	$(BIN)/python -m pytest -m slow

fuzz: $(VENV)/.dev               ## the readers against mutated payloads, the engine against any mixture, ten minutes each
	$(BIN)/python -m tests.sources.fuzz 600
	$(BIN)/python -m tests.decumulation.fuzz 600

kill: $(VENV)/.dev               ## nights killed at random moments: 200 on SQLite, 100 on PostgreSQL
	$(SCRIPT) benchmarks/kill_nights.py 200
	$(SCRIPT) benchmarks/kill_nights.py --postgresql 100

faults: $(VENV)/.dev             ## nights with full disks, servers that go away, killed workers and the like
	$(SCRIPT) benchmarks/fault_nights.py

soak: $(VENV)/.dev               ## 300 nights one after the other, with revisions and kills
	$(SCRIPT) benchmarks/soak.py 300

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

audit: $(VENV)/.audit            ## known vulnerabilities of what is pinned; exit 4 where the database cannot be asked
	$(BIN)/python deploy/audit.py

licences: $(VENV)/.audit         ## licences of what an installation needs; fails where one forbids passing it on
	$(BIN)/python deploy/licences.py > docs/licences.csv

benchmarks: $(VENV)/.dev         ## print the README's figures, but for those of kill, faults, soak and night_at_size
	for script in help_time national_value_added contribution_identity bad_input headline_no_change headline_m3 \
	  months_of_m3 family_weights sparse_months sparse_ahead baotou_family decumulation_speed set_bounds \
	  base_revisions restated_levels misprints bulletin_reader ahead_by_figures m1_monthly m3_monthly m3_others \
	  tourism_monthly short_series panel_speed \
	  mlflow_review review_pictures large_files report_page projection_golden hindcasts reference_hindcast \
	  projection_speed dask_cluster release_files main_job pictures; do \
	  $(SCRIPT) benchmarks/$$script.py || exit 1; \
	done

clean:
	rm -rf $(VENV) var mlruns/mlflow.db* mlruns/artifacts

$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable '.[postgresql,test,dev]'
	touch $@ $(VENV)/.run

$(VENV)/.audit: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable '.[postgresql,audit]'
	touch $@
