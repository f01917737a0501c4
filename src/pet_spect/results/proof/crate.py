"""A results folder as an RO-Crate: tables, report and manifest, with what made them (Process Run Crate 0.5).

Images stay where they are: the manifest in the crate has their hashes. Inputs are named by role and hash alone.
"""

from __future__ import annotations

import mimetypes
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.errors import TableError
from pet_spect.files import partial_beside
from pet_spect.results import layout
from pet_spect.results.dataset import described_study
from pet_spect.results.proof.manifest import DERIVED, MANIFEST, Manifest, read_manifest
from pet_spect.results.proof.manifest_entries import FileEntry
from pet_spect.results.proof.run_record import RunRecord, read_run_record
from pet_spect.results.provenance_record import read_provenance

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
"""The profile that the crate follows."""

_METADATA = "ro-crate-metadata.json"
_IN_CRATE = ("tables/", "report/", "dataset_description.json")
_NAME = "Uptake in PET and SPECT, measured by pet_spect"
_LICENCE = "not stated: the study decides who may use its results"
_TYPES = {".tsv": "text/tab-separated-values", ".json": "application/json", ".html": "text/html"}


def write_crate(results: Path, out: Path) -> None:
    """Write the crate into a folder.

    Parameters
    ----------
    results : Path
        Of a finished run.
    out : Path
        Made if need be.

    Raises
    ------
    TableError
        If the results have no manifest or no record of a run, or one of them cannot be read.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    manifest, record = read_manifest(results), read_run_record(results)
    if record is None:
        raise TableError(f"{results}: its tables have no run id; run the workflow", code="record_missing")
    study = described_study(results)
    crate = ROCrate(version="1.1")
    crate.name = study.title or study.id or _NAME
    crate.description = f"Tables, report and manifest of run {manifest.run_id} of pet_spect {manifest.version}."
    crate.license = _LICENCE
    profile = {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    crate.root_dataset["conformsTo"] = crate.add(ContextEntity(crate, PROFILE, properties=profile))
    files = [crate.add_file(results / path, path, properties=said) for path, said in _files(results, manifest)]
    crate.root_dataset["mentions"] = crate.add_action(
        _instrument(crate, results, manifest, record),
        identifier=f"#run-{manifest.run_id[:12]}",
        object=_inputs(crate, record),
        result=files,
        properties={"name": f"run {manifest.run_id[:12]}", "actionStatus": "http://schema.org/CompletedActionStatus"},
    )
    _write(crate, out)


def _write(crate: ROCrate, out: Path) -> None:
    """Write each file of the crate whole, and the one that lists them last."""
    partial = partial_beside(out)
    try:
        crate.write(partial)
        files = [path for path in partial.rglob("*") if path.is_file()]
        for path in sorted(files, key=lambda path: (path.name == _METADATA, path)):
            place = out / path.relative_to(partial)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _files(results: Path, manifest: Manifest) -> list[tuple[str, dict[str, str]]]:
    entries = [entry for entry in manifest.files if entry.path.startswith(_IN_CRATE)]
    entries += [FileEntry.of(results, path) for path in (MANIFEST, *DERIVED) if (results / path).is_file()]
    return [(entry.path, _said(entry)) for entry in entries]


def _said(entry: FileEntry) -> dict[str, str]:
    ending = Path(entry.path).suffix
    kind = _TYPES.get(ending) or mimetypes.guess_type(entry.path)[0] or "application/octet-stream"
    name = "manifest" if entry.path == MANIFEST else f"made by pet-spect {entry.verb}"
    return {"name": name, "sha256": entry.sha256, "contentSize": str(entry.size), "encodingFormat": kind}


def _instrument(crate: ROCrate, results: Path, manifest: Manifest, record: RunRecord) -> object:
    """Return the software; that of the registration is what the first participant's record says."""
    from rocrate.model.contextentity import ContextEntity

    known = {entry.path for entry in manifest.files}
    records = [layout.registration_record(who) for who in record.inputs]
    made = next((read_provenance(results / path) for path in records if path in known), None)
    versions = {} if made is None else {name: text for name, text in made.software.items() if name != "pet_spect"}
    needs = [
        crate.add(
            ContextEntity(
                crate, f"#{name}", properties={"@type": "SoftwareApplication", "name": name, "softwareVersion": text}
            )
        )
        for name, text in versions.items()
    ]
    said = {"@type": "SoftwareApplication", "name": "pet_spect", "softwareVersion": manifest.version}
    software = crate.add(ContextEntity(crate, "#pet_spect", properties=said))
    if needs:
        software["softwareRequirements"] = needs
    return software


def _inputs(crate: ROCrate, record: RunRecord) -> list[object]:
    from rocrate.model.contextentity import ContextEntity

    hashes = {f"{role} of the study": digest for role, digest in record.study.items()}
    hashes |= {f"scans and masks of {who}": digest for who, digest in record.inputs.items()}
    return [
        crate.add(
            ContextEntity(
                crate,
                f"#input-{number}",
                properties={"@type": "PropertyValue", "name": name, "propertyID": "SHA-256", "value": digest},
            )
        )
        for number, (name, digest) in enumerate(hashes.items(), start=1)
    ]
