# make dataset                              the letters of corpus/ into dataset/
# make dataset LETTERS=/my/letters OUT=/my/tables
# make test                                 all tests, ruff and mypy
# make benchmark                            speed and memory beside bare libraries (IMR_LETTERS likewise)
# make torture                              runs killed, hung, bombed and fuzzed
# make scans                                the public letters as scans of 200 and 150 dpi, read and scored (long)
# make evaluate                             scores on the public letters (IMR_LETTERS says where they are)
# make gains                                what a run gained and lost since the accepted figures; fails on a real loss
# make accept                               takes up what improved into corpus/accepted, never a loss
# make agreement                            two annotators, and the tool beside them: docs/agreement.md
# make train                                the learnt component anew, into extract/model/
# make notebooks                            the notebooks run anew on the letters of corpus/, kept with their outputs
# make calibrate                            how sure values are, learnt and measured anew: docs/confidence.md (long)
# make ablation                             what rules, vocabularies and the component give: docs/ablation.md
PYTHON  ?= python3.11
LETTERS ?= corpus/letters
OUT     ?= dataset
IMR_LETTERS ?= ../shared
VENV    := .venv
BIN     := $(VENV)/bin
# a dataset made by these commands is made anew; one at a place of your own is only replaced when you say so
REPLACE := $(if $(filter dataset,$(OUT)),--overwrite,$(if $(OVERWRITE),--overwrite,))

.PHONY: dataset test unit lint types evaluate gains accept agreement scans train calibrate ablation notebooks benchmark torture lock clean

dataset: $(VENV)/.main
	$(BIN)/imr extract "$(LETTERS)" --out "$(OUT)" $(REPLACE)

test: lint types unit

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

evaluate: $(VENV)/.main
	# by the rules alone: the model that ships has learnt from these letters
	$(BIN)/imr extract "$(IMR_LETTERS)/letters" --out scratch/public --overwrite --no-model
	$(BIN)/imr evaluate scratch/public --gold corpus/gold/public
	$(BIN)/imr extract corpus/letters --out scratch/written --overwrite
	@echo; echo "Letters kept aside while rules were written (corpus/kept_aside.txt):"
	$(BIN)/imr evaluate scratch/public --gold corpus/gold/public --only corpus/kept_aside.txt

# what letters are read by: a dataset is made anew only where one of these is newer
READ_BY := $(shell find extract patterns corpus/letters -type f ! -path '*/__pycache__/*')
GAINS   := $(BIN)/python -m extract.changes.gains
WRITTEN := dataset --gold corpus/gold/written --accepted corpus/accepted/written.csv
PUBLIC  := scratch/rules --gold corpus/gold/public --accepted corpus/accepted/public.csv

dataset/run.json: $(READ_BY) | $(VENV)/.main
	$(MAKE) dataset LETTERS=corpus/letters OUT=dataset

# by the rules alone: the model that ships has learnt from these letters
scratch/rules/run.json: $(READ_BY) | $(VENV)/.main
	$(BIN)/imr extract "$(IMR_LETTERS)/letters" --out scratch/rules --overwrite --no-model

gains: dataset/run.json $(if $(wildcard $(IMR_LETTERS)/letters),scratch/rules/run.json)
	@failed=0; $(GAINS) check $(WRITTEN) --values || failed=1; \
	if [ -d "$(IMR_LETTERS)/letters" ]; then $(GAINS) check $(PUBLIC) || failed=1; \
	else echo "public letters: skipped, they are not at $(IMR_LETTERS)/letters (IMR_LETTERS says where they are)"; fi; \
	exit $$failed

accept: dataset/run.json $(if $(wildcard $(IMR_LETTERS)/letters),scratch/rules/run.json)
	$(GAINS) accept $(WRITTEN)
	@if [ -d "$(IMR_LETTERS)/letters" ]; then $(GAINS) accept $(PUBLIC); \
	else echo "public letters: skipped, they are not at $(IMR_LETTERS)/letters (IMR_LETTERS says where they are)"; fi

agreement: scratch/rules/run.json
	$(BIN)/python docs/build_agreement.py scratch/rules

benchmark: $(VENV)/.dev
	IMR_LETTERS="$(IMR_LETTERS)" $(BIN)/python -m tests.benchmark

torture: $(VENV)/.dev
	$(BIN)/python -m tests.torture

scans: $(VENV)/.dev
	for dpi in 200 150; do \
	  $(BIN)/python corpus/scan.py "$(IMR_LETTERS)/letters" scratch/scans$$dpi --dpi $$dpi && \
	  $(BIN)/imr extract scratch/scans$$dpi --out scratch/scanned$$dpi --overwrite && \
	  $(BIN)/imr evaluate scratch/scanned$$dpi --gold corpus/gold/public --resamples 0 || exit 1; \
	done

train: $(VENV)/.main
	IMR_LETTERS="$(IMR_LETTERS)" $(BIN)/python -m extract.learn

calibrate: $(VENV)/.dev
	IMR_LETTERS="$(IMR_LETTERS)" $(BIN)/python -m extract.calibrate

ablation: $(VENV)/.main
	IMR_LETTERS="$(IMR_LETTERS)" $(BIN)/python -m extract.ablation

notebooks: $(VENV)/.dev
	# never on LETTERS: what the notebooks keep is published
	$(BIN)/imr extract corpus/letters --out dataset --overwrite
	$(BIN)/python notebooks/execute.py

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.main: requirements.lock pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.main
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.lock
	@touch $@

# resolve the dependencies of pyproject.toml anew
lock: | $(VENV)/bin/uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra corpus --extra ocr --extra cluster --extra notebooks --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) dataset scratch .mypy_cache .ruff_cache .pytest_cache
