"""What verify says of a real run, and how a run makes again what was removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pet_spect.cli import main
from pet_spect.files import sidecar
from pet_spect.results import layout
from pet_spect.results.proof.manifest import read_manifest
from pet_spect.results.proof.run_record import run_id

pytestmark = pytest.mark.workflow

IMAGE = layout.scan_image("sub-01", "baseline", "18FFDG", "pet")


def verify(study, capsys, *flags):
    status = main(["verify", str(study.results), *flags])
    return status, capsys.readouterr().out.splitlines()


def test_a_run_passes_and_its_terminal_says_the_hash_of_the_manifest(signed, finished, capsys):
    said = next(line for line in signed[2].stderr.splitlines() if line.startswith("Manifest:"))
    assert verify(finished, capsys, "--manifest-sha256", said.rpartition(" ")[2])[0] == 0


def test_every_table_and_the_manifest_carry_one_run_id(finished):
    ids = {read_manifest(finished.results).run_id, run_id(finished.results)}
    for path in (finished.results / "tables").glob("*.json"):
        first = next(iter(json.loads(path.read_text(encoding="utf-8")).values()))
        if path.stem not in ("decisions_log", "analysis_plan", "run") and not path.stem.endswith("_manifest"):
            ids.add(first["AnalysisPlan"]["RunId"])
    assert len(ids) == 1


def test_sidecars_say_what_they_were_made_from(finished):
    image = finished.results / layout.standard_image("sub-01", "baseline", "18FFDG", "pet")
    made = json.loads(Path(sidecar(str(image))).read_text(encoding="utf-8"))["Provenance"]
    assert made["Verb"] == "normalise"
    assert set(made["Software"]) == {"pet_spect", "python", "antspyx", "nibabel", "numpy", "scipy"}
    assert "baseline FDG image" in made["InputSha256"]


def test_a_changed_outcome_is_another_run(finished, capsys):
    before = run_id(finished.results)
    path = finished.folder / "config/outcomes.tsv"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert verify(finished, capsys)[0] == 1
    assert finished.snakemake().returncode == 0
    assert run_id(finished.results) != before
    assert verify(finished, capsys)[0] == 0


@pytest.mark.parametrize(
    "name", [pytest.param(IMAGE, marks=pytest.mark.hand), "report/index.html", "tables/change.tsv", "manifest.json"]
)
def test_what_was_removed_is_made_again(finished, capsys, name):
    (finished.results / name).unlink()
    _, lines = verify(finished, capsys)
    again = lines[-1].partition("--forcerun ")[2].split()
    assert finished.snakemake("--forcerun", *again).returncode == 0
    assert verify(finished, capsys)[0] == 0
