"""A study to plan on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ..faults import replaying
from ..studies import Study, fill_without_scans


@pytest.fixture
def study(tmp_path: Path, study_in: Callable[[Path], Study]) -> Study:
    """Return a study whose DICOM files hold nothing: good for planning."""
    return fill_without_scans(study_in(tmp_path))


@pytest.fixture
def replayed(finished: Study, signed: tuple[Study, object, object]) -> Study:
    """Return a copy of the finished study, whose slow steps give again what they gave for the same inputs."""
    return replaying(finished.folder, signed[0].results)
