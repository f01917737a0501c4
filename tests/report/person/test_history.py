from __future__ import annotations

import pytest

from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.report.person.history import Decisions, scan_facts
from pet_spect.results import layout
from pet_spect.results.uptake.uptake_record import write_uptake
from pet_spect.results.uptake.uptake_scan import CommonResolution, UptakeScan
from pet_spect.tsv import MISSING

ROW = {
    "participant_id": "sub-01",
    "session": "baseline",
    "tracer": "FDG",
    "status": "measured",
    "days_since_treatment": "-23",
    "uptake_minutes": "63",
    "not_compared": MISSING,
}
MADE = ScanProtocol(
    maker="SIEMENS",
    model="Biograph",
    reconstruction="OSEM",
    iterations=4,
    subsets=21,
    filter_type="Gaussian",
    filter_size_mm=5.0,
    attenuation="measured",
    scatter="applied",
    voxel_mm=(2.0, 2.0, 3.27),
    dose_mbq=215.4,
    duration_s=900.0,
)


def write(folder, atlas: str = "CerebrA", **changes) -> None:
    scan = UptakeScan(session="baseline", tracer="FDG", status="measured", sensitivities={}, **changes)
    write_uptake(folder / layout.uptake_table("sub-01", atlas), [], [scan], 0.7)


def shown(folder, row=ROW) -> dict[str, str]:
    table = scan_facts(folder, "sub-01", [row])
    return dict(zip((column.name for column in table.columns), (cell.text for cell in table.rows[0]), strict=True))


def test_how_a_scan_was_made_is_said_with_units(tmp_path):
    write(tmp_path, protocol=MADE)
    assert shown(tmp_path) == {
        "visit": "baseline FDG",
        "scanner": "SIEMENS Biograph",
        "day": "−23",
        "uptake time": "63 min",
        "duration": "15 min",
        "activity": "215.4 MBq",
        "reconstruction": "OSEM, 4 iterations, 21 subsets, Gaussian, 5 mm",
        "corrections": "attenuation measured, scatter applied",
        "voxel": "2 × 2 × 3.27 mm",
        "resolution": MISSING,
        "not compared": MISSING,
    }


@pytest.mark.parametrize(("blur", "words"), [(0.0, "6.3 mm"), (4.25, "6.3 mm, blurred by 4.2 mm")])
def test_the_resolution_is_said_with_the_blur(tmp_path, blur, words):
    write(tmp_path, resolution=CommonResolution(estimated_mm=6.3, estimated_sd_mm=0.4, blur_mm=blur))
    assert shown(tmp_path)["resolution"] == words


def test_what_is_not_known_is_missing(tmp_path):
    row = ROW | dict.fromkeys(("days_since_treatment", "uptake_minutes"), MISSING)
    assert set(shown(tmp_path, row).values()) == {"baseline FDG", MISSING}


def test_of_two_atlases_neither_is_taken(tmp_path):
    write(tmp_path, protocol=MADE)
    write(tmp_path, "AAL", protocol=MADE)
    assert shown(tmp_path)["scanner"] == MISSING


def test_missing_scans_have_no_line(tmp_path):
    assert scan_facts(tmp_path, "sub-01", [ROW | {"status": "missing"}]).rows == []


def test_tables_that_are_not_there_say_nothing(tmp_path):
    assert Decisions(tmp_path).of("sub-01") == (None, None)
