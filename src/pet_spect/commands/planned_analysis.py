"""The contents of the analysis plan: everything that is decided before the data are seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pet_spect import __version__
from pet_spect.imaging.normal_uptake import PATTERNS
from pet_spect.quantify.cohort.analysis.sets import PROTOCOL_FLAGS
from pet_spect.quantify.references import Reference
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.remarks.catalogue import CATALOGUE
from pet_spect.study.check import Study

_COPIED = ("targets", "measure", "pvc", "protocol", "sessions", "within_subject_cv", "outcome_analysis")


def planned_analysis(study: Study) -> dict[str, Any]:
    """Return the contents of the analysis plan of a study.

    A file (a template, an own atlas) stands there with the SHA-256 of what it holds, not with its path, which may name
    a person. The table of participants, the scans and the decisions are data, not plan.

    Parameters
    ----------
    study : Study
        Checked.
    """
    config = study.config
    return {
        "version": __version__,
        "analysis": {**config["analysis"], "order": list(config["analysis"]["primary"])},
        **{key: config[key] for key in _COPIED},
        "tracers": {name: _tracer(entry) for name, entry in config["tracers"].items()},
        "references": {name: planned_reference(reference) for name, reference in study.references.items()},
        "atlas": {
            "name": study.atlas.name,
            "labels_sha256": _of_file(study.atlas.labels),
            "table_sha256": _of_file(study.atlas.table),
        },
        "gates": asdict(Gates()),
        "exclusion_rules": {
            "accepted_by": {code: kind.sign_off for code, kind in sorted(CATALOGUE.items()) if kind.sign_off},
            "not_per_protocol": sorted(PROTOCOL_FLAGS),
            "min_coverage": config["measure"]["min_coverage"],
        },
    }


def _tracer(entry: Mapping[str, Any]) -> dict[str, Any]:
    if entry["template"] in PATTERNS:
        return dict(entry)
    return {**entry, "template": f"sha256:{_of_file(Path(entry['template']))}"}


def _of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def planned_reference(reference: Reference) -> dict[str, Any]:
    """Return a reference as the analysis plan holds it."""
    return {"regions": list(reference.regions), "side": reference.side, "exclude": list(reference.exclude)}
