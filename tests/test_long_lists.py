"""Two hundred of anything are told of in one short line: five of them, and how many more there are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pet_spect.api import change_table
from pet_spect.cli import main
from pet_spect.dicom.convert import check_one_series
from pet_spect.dicom.deidentify.folder import told
from pet_spect.errors import PetSpectError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Decision, Refusal
from pet_spect.quantify.cohort.qc_decisions import _signed
from pet_spect.results.tables.columns import SCANS
from pet_spect.study.participants import read_participants
from pet_spect.study.paths import check_there
from pet_spect.study.rows import open_table
from pet_spect.study.scans import SCAN_COLUMNS, read_scans
from pet_spect.tsv import read_table, write_table

MANY = [f"x{n}" for n in range(200)]
HEADER = "participant_id\tsession\ttracer\tpath\n"


def table(folder: Path, text: str) -> Path:
    path = folder / "t.tsv"
    path.write_text(text)
    return path


def many_columns(folder: Path) -> None:
    read_table(table(folder, "\t".join(MANY)), allowed=("a",))


def many_known_columns(folder: Path) -> None:
    read_table(table(folder, "other\n"), allowed=MANY)


def many_columns_but_one(folder: Path) -> None:
    read_table(table(folder, "\t".join(MANY)), required=("a",))


def many_people(folder: Path) -> None:
    rows = "".join(f"{one}\tbaseline\tFDG\tdicom/{one}\n" for one in MANY)
    read_scans(table(folder, HEADER + rows), {"sub-01"}, ["baseline", "year1"], ["FDG"])


def many_sessions(folder: Path) -> None:
    read_scans(table(folder, f"{HEADER}sub-01\tother\tFDG\tdicom\n"), {"sub-01"}, MANY, ["FDG"])


def many_sides(folder: Path) -> None:
    rows = "".join(f"sub-{one}\tboth\n" for one in MANY)
    read_participants(table(folder, f"participant_id\tlesion_side\n{rows}"))


def many_missing_files(folder: Path) -> None:
    rows = "".join(f"sub-01\tbaseline\tFDG\t{folder / one}\n" for one in MANY)
    scans = open_table(table(folder, HEADER + rows), SCAN_COLUMNS, required=4)
    for line in scans.rows:
        check_there(line, "path")
    scans.check()


def many_regions(folder: Path) -> None:
    rows = "".join(f"{one}\t{one}\tleft\n" for one in MANY)
    load_atlas(folder / "labels.nii", table(folder, f"index\tregion\tside\n{rows}"))


def many_series(folder: Path) -> None:
    headers: list[Any] = [
        SimpleNamespace(text=lambda tag, one=one: {"SOPClassUID": "1.2.3"}.get(tag, f"1.2.{one}")) for one in range(200)
    ]
    check_one_series(headers, "place")


def many_other_columns(folder: Path) -> None:
    change_table(pd.DataFrame({one: np.zeros(1) for one in MANY}))


@pytest.mark.parametrize(
    ("fails", "expected"),
    [
        (many_columns, "column 'x0' is not known; known are a (199 more are not known)"),
        (many_known_columns, "known are x0, x1, x2, x3, x4 and 195 more"),
        (many_columns_but_one, "no column 'a'; found 'x0', 'x1', 'x2', 'x3', 'x4' and 195 more"),
        (many_people, "line 2, participant_id: found 'x0', needed somebody participants.tsv lists"),
        (many_sessions, "needed x0, x1, x2, x3, x4 and 195 more"),
        (many_sides, "line 2, lesion_side: found 'both', needed left or right"),
        (many_missing_files, "line 2, path: /x0 does not exist; correct the path (199 more mistakes)"),
        (many_regions, "index 'x0' is not a whole number from 1 up"),
        (many_series, "(1 images) and 195 more"),
        (many_other_columns, "needed are participant_id, session, tracer, region, measure and 2 more"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_many_mistakes_are_one_short_line(tmp_path, fails, expected):
    with pytest.raises(PetSpectError) as caught:
        fails(tmp_path)
    message = str(caught.value).replace(str(tmp_path), "")
    assert expected in message
    assert message.isprintable()
    assert len(message) < 600


def test_many_kinds_of_objects_left_out_are_counted():
    assert told(Counter([*MANY, "x7"])) == "x7 (2), x0 (1), x1 (1), x10 (1), x100 (1) and 195 more"


def test_many_codes_of_sign_offs_are_counted():
    signed = [Decision("sub-01", "year1", "FDG", "accept", one, "seen", "AB", "2026-11-23", "0.2.0") for one in MANY]
    fault, decision = _signed(Refusal("measure", "a_code", "why"), signed)
    assert fault.reason == "why (qc.tsv accepts x0, x1, x2, x3, x4 and 195 more only)"
    assert decision is None


def test_many_scans_that_nobody_signed_off_are_counted(tmp_path, capsys):
    row = dict.fromkeys(SCANS) | {"participant_id": "sub-01", "tracer": "FDG", "status": "refused", "simulated": False}
    rows = [row | {"session": one, "code": "a_code", "reason": "told"} for one in MANY]
    write_table(tmp_path / "tables" / "scans.tsv", SCANS, rows)
    assert main(["accounted", str(tmp_path), "--out", str(tmp_path / "accounted.tsv")]) == 1
    *named, more, conclusion = capsys.readouterr().err.splitlines()
    assert named == [f"sub-01_ses-x{number} FDG (a_code: told)" for number in range(50)]
    assert more == "and 150 more; tables/scans.tsv lists all"
    assert conclusion.startswith("pet-spect accounted: 200 scans are not usable; correct the scan")
