"""Tables to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pet_spect.study.decisions import read_decisions
from pet_spect.study.participants import read_participants
from pet_spect.study.scans import read_scans


def table(path: Path, *lines: str) -> Path:
    """Write lines whose columns are separated by single blanks."""
    path.write_text("".join(line.replace(" ", "\t") + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def scans(tmp_path):
    """Read scans.tsv of a study with two participants, two sessions and two tracers."""
    people, sessions, tracers = {"sub-01", "sub-02"}, ["baseline", "year1"], ["FDG", "IMZ"]
    return lambda *lines: read_scans(table(tmp_path / "scans.tsv", *lines), people, sessions, tracers)


@pytest.fixture
def participants(tmp_path):
    """Read participants.tsv."""
    return lambda *lines: read_participants(table(tmp_path / "participants.tsv", *lines))


@pytest.fixture
def decisions(tmp_path):
    """Read qc.tsv."""
    return lambda *lines: read_decisions(table(tmp_path / "qc.tsv", *lines))
