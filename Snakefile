"""From DICOM to a change table: one job per scan to convert, one per participant for each step after it."""

import json
import os
import sys
from pathlib import Path

# `.venv/bin/snakemake` finds `.venv/bin/pet-spect` without the environment being activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


include: "workflow/rules/live_run.smk"
include: "workflow/rules/config.smk"


rule all:
    """The report, the manifest, and a last rule that fails on every refusal nobody signed off."""
    input:
        "results/report/index.html",
        "results/manifest.json",
        "results/tables/accounted.tsv",


include: "workflow/rules/common.smk"
include: "workflow/rules/analysis_plan.smk"
include: "workflow/rules/unfinished.smk"
include: "workflow/rules/convert.smk"
include: "workflow/rules/normalise.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/outcomes.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/outputs.smk"
include: "workflow/rules/allocation.smk"
include: "workflow/rules/terminal.smk"
