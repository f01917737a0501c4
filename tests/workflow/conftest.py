"""A study to plan on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ..studies import Study, fill_without_scans


@pytest.fixture
def study(tmp_path: Path, study_in: Callable[[Path], Study]) -> Study:
    """Return a study whose DICOM files hold nothing: good for planning."""
    return fill_without_scans(study_in(tmp_path))
