"""How a participant's registration was made."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from pet_spect.digests import file_sha256
from pet_spect.files import is_nifti, sidecar
from pet_spect.imaging.atlases import find_atlas
from pet_spect.model import ScanKey
from pet_spect.results.proof.matching import image_role
from pet_spect.results.provenance_record import AtlasDigest, Provenance, software


def registration_provenance(
    options: argparse.Namespace, paths: Mapping[ScanKey, Path], templates: Mapping[str, str]
) -> Provenance:
    """Return how a registration was made.

    Parameters
    ----------
    options : argparse.Namespace
        Of ``pet-spect normalise``.
    paths : mapping of ScanKey to Path
        Every scan that was listed.
    templates : mapping of str to str
        Name or file of each tracer's template.
    """
    inputs: dict[str, str] = {}
    for key, image in paths.items():
        inputs[image_role(key)] = file_sha256(image)
        inputs[f"{key.session} {key.tracer} sidecar"] = file_sha256(Path(sidecar(str(image))))
    for role, path in (("anat", options.anat), ("lesion_mask", options.lesion_mask)):
        if path is not None and path.is_file():
            inputs[role] = file_sha256(path)
    files = {tracer: Path(name) for tracer, name in templates.items() if is_nifti(Path(name))}
    inputs |= {f"{tracer} template": file_sha256(path) for tracer, path in files.items()}
    return Provenance(
        verb="normalise",
        inputs=inputs,
        parameters={
            "templates": {tracer: "file" if tracer in files else name for tracer, name in templates.items()},
            "exclude": [f"{session} {tracer}" for session, tracer, _ in options.exclude],
            "accept": [" ".join(words) for words in options.accept],
            "threads": options.threads,
        },
        software=software("antspyx", "nibabel", "numpy", "scipy"),
        atlas=AtlasDigest.of("CerebrA", find_atlas("CerebrA")),
    )
