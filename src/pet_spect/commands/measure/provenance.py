"""How a participant's uptake was measured, and the participant's part of the manifest."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from pet_spect.commands.arguments import atlas_files
from pet_spect.commands.measure.scans import Visit
from pet_spect.digests import file_sha256
from pet_spect.files import sidecar
from pet_spect.results import layout
from pet_spect.results.proof.manifest_part import write_part
from pet_spect.results.provenance_record import AtlasDigest, Provenance, read_provenance, software
from pet_spect.results.registration.registration_record import RegistrationRecord

_PARAMETERS = (
    "target",
    "lesionfree",
    "min_coverage",
    "misplacement_mm",
    "common_fwhm",
    "pvc",
    "lesion_rings",
    "treatment",
    "treatment_radius",
)


def uptake_provenance(options: argparse.Namespace, listed: Mapping[Visit, Path], atlas_name: str) -> Provenance:
    """Return how an uptake table was made.

    Parameters
    ----------
    options : argparse.Namespace
        Of ``pet-spect measure``.
    listed : mapping of (session, tracer) to Path
        Every scan that was listed.
    atlas_name : str
    """
    who, results = options.participant, options.results
    inputs: dict[str, Path] = {}
    for (session, tracer), image in listed.items():
        name = layout.scan_name(image)
        inputs[f"{session} {tracer} image"] = image
        inputs[f"{session} {tracer} sidecar"] = Path(sidecar(str(image)))
        inputs[f"{session} {tracer} transform"] = results / layout.scan_to_participant(*name[:3])
    inputs["registration"] = results / layout.registration_record(who)
    inputs["to_standard"] = results / layout.participant_to_standard(who)
    inputs["from_standard"] = results / layout.standard_to_participant(who)
    inputs["lesion"] = results / layout.lesion_mask(who)
    if options.lesion_mask is not None:
        inputs["lesion_mask"] = options.lesion_mask
    if options.treatment_mask is not None:
        inputs["treatment_mask"] = options.treatment_mask
    return Provenance(
        verb="measure",
        inputs={role: file_sha256(path) for role, path in inputs.items() if path.is_file()},
        parameters={name: _plain(getattr(options, name)) for name in _PARAMETERS},
        software=software("nibabel", "numpy", "scipy"),
        atlas=AtlasDigest.of(atlas_name, atlas_files(options)),
    )


def _plain(value: object) -> object:
    """Return a value that JSON holds."""
    return value if value is None or isinstance(value, bool | int | float | str | list) else str(value)


def write_manifest_part(
    options: argparse.Namespace, listed: Mapping[Visit, Path], record: RegistrationRecord, made: Provenance
) -> None:
    """Write the participant's part of the manifest, with the hashes of what was given of him."""
    who, results = options.participant, options.results
    given: dict[str, str] = {}
    for (session, tracer), image in listed.items():
        given |= _given(image, f"{session} {tracer}")
    if record.anat is not None:
        given |= _given(results / layout.anat_image(who), "anat")
    if record.provenance is not None and "lesion_mask" in record.provenance.inputs:
        given["lesion_mask"] = record.provenance.inputs["lesion_mask"]
    if "treatment_mask" in made.inputs:
        given["treatment_mask"] = made.inputs["treatment_mask"]
    stems = {layout.scan_stem(*layout.scan_name(image)[:3]) for image in listed.values()}
    write_part(results, who, stems, given)


def _given(image: Path, role: str) -> dict[str, str]:
    """Return the hash of what an image was converted from, as its sidecar says."""
    made = read_provenance(Path(sidecar(str(image))))
    return {} if made is None or "source" not in made.inputs else {role: made.inputs["source"]}
