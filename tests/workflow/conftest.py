"""A study to plan on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ..studies import Study


@pytest.fixture
def study(tmp_path: Path, study_in: Callable[[Path], Study]) -> Study:
    """Return a study whose DICOM files hold nothing: good for planning."""
    found = study_in(tmp_path)
    found.write("config/config.yaml", "participants: config/participants.tsv\nscans: config/scans.tsv\n")
    found.write("config/participants.tsv", "participant_id lesion_side\nsub-01 left\nsub-02 right\n")
    rows = [
        f"sub-{number} {session} {tracer} dicom/{number}/{session}/{tracer}"
        for number in ("01", "02")
        for session in ("baseline", "year1")
        for tracer in ("FDG", "IMZ")
    ]
    for row in rows:
        found.write(f"{row.split()[-1]}/slice.dcm", "")
    found.write("config/scans.tsv", "\n".join(["participant_id session tracer path", *rows, ""]))
    return found
