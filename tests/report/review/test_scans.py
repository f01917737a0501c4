from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pet_spect.errors import ImageError, TableError
from pet_spect.model import ScanKey
from pet_spect.report.review.scans import BlindScan, in_random_order, nameless_picture, scans_to_rate
from pet_spect.results import layout
from pet_spect.results.tables.columns import SCANS
from pet_spect.tsv import read_table, write_table

from ...blind_pictures import SHOWN, write_blind_picture

KEY = ScanKey("sub-01", "baseline", "FDG")


def test_every_measured_scan_is_rated_under_a_new_name_each_time(results):
    found, again = scans_to_rate(results), scans_to_rate(results)
    assert [scan.key for scan in found.scans] == [scan.key for scan in again.scans]
    assert len({scan.identifier for scan in (*found.scans, *again.scans)}) == 16
    assert (found.without_picture, found.simulated, found.all_simulated) == (0, True, True)


def test_a_refused_scan_has_nothing_to_rate_and_a_missing_one_is_not_counted(make_study, tmp_path):
    study = make_study(1)
    study.lose("sub-01", "year1", "FDG", "refused", "no head", stage="normalise", code="no_head")
    study.lose("sub-01", "year1", "IMZ", "missing", "no scan listed")
    results = study.write(tmp_path)
    for session, tracer, label, blind in (
        ("baseline", "FDG", "18FFDG", "40-60"),
        ("year1", "FDG", "18FFDG", "none"),
        ("baseline", "IMZ", "123IIMZ", "40-60"),
    ):
        path = results / layout.registration_figure("sub-01", session, label)
        write_blind_picture(path, ScanKey("sub-01", session, tracer), blind)
    found = scans_to_rate(results)
    assert [scan.key.session for scan in found.scans] == ["baseline", "baseline"]
    assert found.without_picture == 1


def test_a_measured_scan_without_a_picture_that_can_be_cut_is_counted_and_stops_nobody(results):
    write_blind_picture(results / layout.registration_figure("sub-02", "year1", "123IIMZ"), KEY, blind=None)
    write_blind_picture(results / layout.registration_figure("sub-01", "baseline", "18FFDG"), KEY, blind=None)
    (results / layout.registration_figure("sub-01", "year1", "18FFDG")).unlink()
    found = scans_to_rate(results)
    assert (len(found.scans), found.not_drawn, found.without_picture) == (5, 3, 0)


def test_pictures_of_an_earlier_run_are_not_rated_if_a_step_crashed(make_study, results):
    path = results / "tables" / "scans.tsv"
    rows = [
        row
        | ({"status": "refused", "stage": "normalise", "code": "crashed"} if row["participant_id"] == "sub-02" else {})
        for row in read_table(path)
    ]
    write_table(path, SCANS, rows)
    found = scans_to_rate(results)
    assert {scan.key.participant for scan in found.scans} == {"sub-01"}
    assert (found.without_picture, found.not_drawn) == (4, 0)


def test_a_folder_without_results_is_said(tmp_path):
    with pytest.raises(TableError, match=r"holds no tables/scans\.tsv"):
        scans_to_rate(tmp_path)


def scans(folder, number, drawn="picture"):
    """Return scans with a picture each, which holds nothing but its number."""
    found = []
    for place in range(number):
        path = folder / f"{place}.png"
        path.write_text(f"{drawn} {place}")
        found.append(BlindScan(str(place), ScanKey(f"sub-{place:02d}", "year1", "FDG"), path))
    return found


def test_the_order_is_the_readers_own_and_the_same_each_time(tmp_path):
    thirty = scans(tmp_path, 30)
    keys = [[scan.key for scan in in_random_order(thirty, reader)] for reader in ("a.tsv\tab", "b.tsv\tcd")]
    assert keys[0] == [scan.key for scan in in_random_order(reversed(thirty), "a.tsv\tab")]
    assert keys[0] != keys[1]
    assert sorted(map(str, keys[0])) == sorted(map(str, keys[1]))
    assert keys[0] != [scan.key for scan in thirty]


def test_names_alone_do_not_tell_the_order(tmp_path):
    orders = [
        [scan.key for scan in in_random_order(scans(tmp_path, 30, drawn), "a.tsv\tab")] for drawn in ("one", "other")
    ]
    assert orders[0] != orders[1]


def test_a_further_scan_leaves_the_order_of_the_others(tmp_path):
    before = [scan.key for scan in in_random_order(scans(tmp_path, 20), "a")]
    after = [scan.key for scan in in_random_order(scans(tmp_path, 21), "a")]
    assert [key for key in after if key in before] == before


def test_the_picture_holds_only_the_rows_that_name_nobody_and_no_metadata(tmp_path):
    write_blind_picture(tmp_path / "a.png", KEY)
    content = nameless_picture(tmp_path / "a.png")
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.info == {}
        levels = np.asarray(picture.convert("L"))
    assert levels.shape == (50, 80)
    assert set(levels.ravel().tolist()) == {SHOWN}
    assert not any(word in content for word in (b"sub-01", b"baseline", b"FDG", b"tEXt"))


@pytest.mark.parametrize("blind", [None, "none"])
def test_a_picture_without_such_rows_is_not_shown(tmp_path, blind):
    write_blind_picture(tmp_path / "a.png", KEY, blind)
    with pytest.raises(ImageError, match="does not say which of its rows name nobody"):
        nameless_picture(tmp_path / "a.png")
