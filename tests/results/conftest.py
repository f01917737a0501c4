"""A results folder that holds every table that a verb can write."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pet_spect.cli import main
from pet_spect.results import layout

CVS = {"FDG": {"value": 5, "kind": "total", "source": "made up"}}
FACTS = {"id": "MC-1", "title": "Cells after stroke", "registration": "R-1"}
OPTIONAL = ("--lesion-rings", "left", "--treatment", "--treatment-sites", "mni:20,0,0", "--pvc", "gtm")
OUTCOMES = """\
participant_id session mRS NIHSS adverse_events serious_adverse_events
sub-01 baseline 4 12 n/a n/a
sub-01 year1 3 9 1 0
sub-02 baseline 3 n/a n/a n/a
sub-03 year1 2 7 2 1
"""
VISITS = ("--sessions", "baseline", "year1", "--tracers", "FDG")


@pytest.fixture(scope="session")
def every_table(small_results: Path, made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """Return results with every table, and in them all that may be asked for; no test may change them."""

    def fill(study: Path) -> None:
        results, tables = study / "results", study / "results/tables"
        shutil.copytree(small_results, results)
        for who in ("sub-01", "sub-02", "sub-03"):
            _measure(results, who)
        config = small_results.parent / "config"
        files = ["--participants", str(config / "participants.tsv"), "--scans", str(config / "scans.tsv")]
        asked = ["--pvc", "gtm", "--within-subject-cv", json.dumps(CVS), "--study", json.dumps(FACTS)]
        readers = [str(study / name) for name in ("first.tsv", "second.tsv")]
        for reader, rating in zip(readers, ("good", "bad"), strict=True):
            scan = ["--participant", "sub-01", "--session", "baseline", "--tracer", "FDG"]
            said = ["--decision", "rating", "--code", rating, "--reason", "looked at", "--initials", "AB"]
            assert main(["sign", str(results), "--qc", reader, *scan, *said, "--time", "2026-01-02"]) == 0
        assert main(["cohort", "--results", str(results), *files, *VISITS, *asked, "--qc", *readers]) == 0
        clinical = study / "outcomes.tsv"
        clinical.write_text(OUTCOMES.replace(" ", "\t"), encoding="utf-8")
        about = ["--outcomes", str(clinical), "--imaging", "FDG", "precentral", "uptake_ratio", "contralateral"]
        assert main(["outcomes", "--results", str(results), *files[:2], *VISITS[:3], *about]) == 0
        assert main(["plan", str(study), "--out", str(tables / "plan.tsv")]) == 0
        assert main(["accounted", str(results), "--out", str(tables / "accounted.tsv")]) == 0

    return made_once("every-table", fill) / "results"


def _measure(results: Path, who: str) -> None:
    scans = []
    for session in ("baseline", "year1"):
        image = results / layout.scan_image(who, session, "18FFDG", "pet")
        scans += ["--scan", session, "FDG", str(image)] if image.is_file() else []
    table = str(results / layout.uptake_table(who, "CerebrA"))
    command = ["measure", "--participant", who, "--results", str(results), *scans, *VISITS, *OPTIONAL]
    assert main([*command, "--min-coverage", "0.8", "--out", table, "--record-refusal"]) == 0
