"""A study with inputs and results that pet-spect verify finds nothing wrong with; no scan in it is a scan."""

from __future__ import annotations

from pathlib import Path

from pet_spect.cli import main
from pet_spect.digests import file_sha256, json_sha256, source_sha256
from pet_spect.files import write_json
from pet_spect.imaging.atlases import find_atlas
from pet_spect.results.analysis_plan import plan_hash, plan_statement, record_plan, with_statement
from pet_spect.results.proof.manifest import write_manifest
from pet_spect.results.proof.manifest_part import read_part, write_part
from pet_spect.results.proof.run_record import RunRecord, write_run_record
from pet_spect.results.provenance_record import Provenance, with_provenance
from pet_spect.results.tables.columns import SCANS, SUMMARY
from pet_spect.results.tables.decision_columns import DECISIONS
from pet_spect.study.study_files import study_files
from pet_spect.tsv import write_table

WHO = "sub-01"
STEM = "sub-01_ses-baseline_trc-18FFDG"
IMAGE = f"sub-01/ses-baseline/pet/{STEM}_pet.nii.gz"
RECORD = "sub-01/xfm/sub-01_registration.json"
DICOM = "dicom/first"

FILES = {
    "config/config.yaml": "participants: config/participants.tsv\nscans: config/scans.tsv\n",
    "config/participants.tsv": "participant_id\tlesion_side\tlesion_mask\nsub-01\tleft\tmasks/mask.nii.gz\n",
    "config/scans.tsv": f"participant_id\tsession\ttracer\tpath\nsub-01\tbaseline\tFDG\t{DICOM}\n",
    "config/qc.tsv": "participant_id\tsession\ttracer\tdecision\n",
    f"{DICOM}/one": "first slice",
    f"{DICOM}/two": "second slice",
    "masks/mask.nii.gz": "mask",
    "results/dataset_description.json": "{}\n",
    "results/.bidsignore": "/tables\n",
    f"results/{IMAGE}": "image of the scan",
    f"results/sub-01/xfm/{STEM}_from-scan_to-participant_mode-image_xfm.mat": "turn and shift",
    "results/sub-01/sub-01_seg-CerebrA_uptake.tsv": "mean\n1.0\n",
    f"results/figures/sub-01/{STEM}_registration.png": "picture",
    "results/report/index.html": "<p>page</p>",
    "results/report/people/sub-01.html": "<p>person</p>",
}


def write_proven_study(folder: Path) -> Path:
    """Write a study and return its results."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    results = folder / "results"
    _write_participant(folder, results)
    labels, table = find_atlas("CerebrA")
    plan = {
        "atlas": {"name": "CerebrA", "labels_sha256": file_sha256(labels), "table_sha256": file_sha256(table)},
        "tracers": {},
    }
    plans = record_plan(results, plan)
    files = study_files(["config/config.yaml"], {**_tables(), "qc": "config/qc.tsv"}, folder)
    hashes = {role: file_sha256(folder / path) for role, path in files.items()}
    inputs = {WHO: json_sha256(dict(read_part(results, WHO).inputs))}
    record = RunRecord.of(plan_hash(plan), "0" * 64, hashes, inputs)
    write_run_record(results, record)
    statement = plan_statement(plans, plan_hash(plan))
    statement = type(statement)(**{**vars(statement), "run_id": record.run_id})
    scan = dict.fromkeys(SCANS) | {"participant_id": WHO, "session": "baseline", "tracer": "FDG", "simulated": False}
    write_table(results / "tables/scans.tsv", with_statement(SCANS, statement), [scan | {"status": "measured"}])
    write_table(results / "tables/decisions.tsv", with_statement(DECISIONS, statement), [])
    write_table(results / "tables/summary.tsv", with_statement(SUMMARY, statement), [])
    write_manifest(results, with_outcomes=False)
    assert main(["accounted", str(results), "--out", str(results / "tables/accounted.tsv")]) == 0
    return results


def _tables() -> dict[str, str]:
    return {"participants": "config/participants.tsv", "scans": "config/scans.tsv"}


def _write_participant(folder: Path, results: Path) -> None:
    source, mask = source_sha256(folder / DICOM), file_sha256(folder / "masks/mask.nii.gz")
    image_sidecar = results / IMAGE.replace(".nii.gz", ".json")
    write_json(image_sidecar, with_provenance({}, _made("convert", {"source": source})))
    used = {
        "baseline FDG image": file_sha256(results / IMAGE),
        "baseline FDG sidecar": file_sha256(image_sidecar),
        "lesion_mask": mask,
    }
    write_json(results / RECORD, with_provenance({}, _made("normalise", used)))
    measured = _made("measure", {"registration": file_sha256(results / RECORD)})
    write_json(results / "sub-01/sub-01_seg-CerebrA_uptake.json", with_provenance({}, measured))
    write_part(results, WHO, [STEM], {"baseline FDG": source, "lesion_mask": mask})


def _made(verb: str, inputs: dict[str, str]) -> Provenance:
    return Provenance(verb=verb, inputs=inputs, parameters={}, software={"pet_spect": "0"})
