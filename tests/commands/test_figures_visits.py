from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pet_spect.cli import main
from pet_spect.imaging import images
from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Atlas, Refusal, RegionUptake, Volume, Warp
from pet_spect.quantify.measurement import ParticipantRegions
from pet_spect.results import layout
from pet_spect.results.provenance_record import Provenance
from pet_spect.results.registration.registration_record import write_registration_record
from pet_spect.results.uptake.uptake_record import write_uptake
from pet_spect.results.uptake.uptake_rows import uptake_rows
from pet_spect.results.uptake.uptake_scan import UptakeScan

from ..records import WARP, lesion, record_of, refused, registered

pytestmark = pytest.mark.slow

AFFINE = np.array([[4.0, 0, 0, -96], [0, 4.0, 0, -132], [0, 0, 4.0, -78], [0, 0, 0, 1]])
SHAPE = (49, 58, 49)
WHO, SESSIONS = "sub-01", ("baseline", "year1")
REFUSAL = Refusal("normalise", "gate_scale", "scale 1.9")
WHOLE = load_atlas("CerebrA")
MOTOR = Atlas(
    "motor", WHOLE.labels, WHOLE.affine, tuple(region for region in WHOLE.regions if region.name == "precentral")
)


def motor(x: float):
    """Return which voxels lie around the motor cortex at this x."""
    points = np.moveaxis(np.indices(SHAPE), 0, -1) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    return (np.abs(points - [x, -18, 52]) < 26).all(axis=-1)


def measured(session: str, **changes) -> UptakeScan:
    return UptakeScan(session=session, tracer="FDG", status="measured", unit="Bq/mL", sensitivities={}, **changes)


def write_table(results: Path, scans, right: float = 100.0, made: Provenance | None = None) -> None:
    uptake = [
        RegionUptake("precentral", side, mean, 1.0, 20.0, 1.0, math.nan)
        for side, mean in (("right", right), ("left", 80.0))
    ]
    rows = [
        row
        for scan in scans
        for row in uptake_rows(
            WHO, scan, uptake if scan.status == "measured" else None, ParticipantRegions(MOTOR), None
        )
    ]
    write_uptake(results / layout.uptake_table(WHO, "CerebrA"), rows, scans, 0.7, provenance=made)


@pytest.fixture
def results(tmp_path):
    """Return a results folder with two registered FDG scans; the second has 10 % more in the left motor cortex."""
    still = Warp(np.zeros((*SHAPE, 3), dtype=np.float32), AFFINE)
    images.write_warp(tmp_path / layout.standard_to_participant(WHO), still)
    images.write_warp(tmp_path / layout.participant_to_standard(WHO), still)
    images.write_volume(tmp_path / layout.lesion_mask(WHO), Volume(np.zeros(SHAPE, dtype=np.float32), AFFINE))
    for session in SESSIONS:
        values = np.full(SHAPE, 100.0, dtype=np.float32)
        values[motor(-40)] *= 1.1 if session == "year1" else 1.0
        name = WHO, session, "18FFDG", "pet"
        scan = Volume(values, AFFINE)
        images.write_scan(tmp_path / layout.scan_image(*name), scan, {"Simulated": False})
        images.write_scan(tmp_path / layout.standard_image(*name), scan, {})
        images.write_affine(tmp_path / layout.scan_to_participant(*name[:3]), np.eye(4))
    entries = [registered(session, "FDG", "18FFDG") for session in SESSIONS]
    record = record_of(WHO, *entries, lesion=lesion("given"), warp=WARP)
    write_registration_record(tmp_path / layout.registration_record(WHO), record)
    write_table(tmp_path, [measured(session) for session in SESSIONS])
    return tmp_path


def arguments(results: Path, *, side: str = "left", primary: str = "contralateral") -> list[str]:
    scans = [
        word
        for session in SESSIONS
        for word in ("--scan", session, "FDG", str(results / layout.scan_image(WHO, session, "18FFDG", "pet")))
    ]
    uptake = str(results / layout.uptake_table(WHO, "CerebrA"))
    return [
        *("figures", "--participant", WHO, "--results", str(results), *scans, "--uptake", uptake),
        *("--lesion-side", side, "--sessions", *SESSIONS, "--primary", f"FDG={primary}"),
    ]


def drawn(results: Path) -> dict[str, list[str]]:
    """Return for each kind of picture the sessions of which there is one."""
    names = sorted(path.stem for path in (results / "figures" / WHO).glob("*.png"))
    kinds: dict[str, list[str]] = {}
    for name in names:
        _, session, _, kind = name.split("_")
        kinds.setdefault(kind, []).append(session.removeprefix("ses-"))
    return kinds


def pixels(results: Path, figure: str):
    with Image.open(results / figure) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def blue_halves(results: Path) -> tuple[int, int]:
    """Return how many blue pixels the left and the right half of the axial cut of the difference have."""
    cut = pixels(results, layout.difference_figure(WHO, "year1", "18FFDG"))[66 : 66 + 244, :250]
    blue = cut[..., 2] - cut[..., 0] > 60
    return int(blue[:, :125].sum()), int(blue[:, 125:].sum())


def test_every_visit_gets_its_uptake_and_every_follow_up_its_difference(results):
    assert main(arguments(results)) == 0
    assert drawn(results) == {"registration": [*SESSIONS], "uptake": [*SESSIONS], "difference": ["year1"]}


def test_ten_percent_more_on_the_left_is_blue_on_the_left(results):
    assert main(arguments(results)) == 0
    left, right = blue_halves(results)
    assert left > 500
    assert right == 0


def test_the_side_of_the_lesion_does_not_move_the_change(results):
    assert main(arguments(results, side="right")) == 0
    left, right = blue_halves(results)
    assert left > 500
    assert right == 0


def test_uptake_of_another_registration_is_not_drawn(results, capsys):
    made = Provenance(verb="measure", inputs={"registration": "0" * 64}, parameters={}, software={})
    write_table(results, [measured(session) for session in SESSIONS], made=made)
    assert main(arguments(results)) == 1
    assert "was not measured with the registration that is in" in capsys.readouterr().err
    assert not (results / "figures").exists()


def test_a_refused_visit_says_so_and_no_difference_of_an_earlier_run_stays(results):
    assert main(arguments(results)) == 0
    before = pixels(results, layout.uptake_figure(WHO, "year1", "18FFDG"))
    entries = registered("baseline", "FDG", "18FFDG"), refused("year1", "FDG", "18FFDG", REFUSAL)
    record = record_of(WHO, *entries, lesion=lesion("given"), warp=WARP)
    write_registration_record(results / layout.registration_record(WHO), record)
    told = {"stage": "normalise", "code": "gate_scale", "reason": "scale 1.9"}
    write_table(results, [measured("baseline"), UptakeScan(session="year1", tracer="FDG", status="refused", **told)])
    assert main(arguments(results)) == 0
    after = pixels(results, layout.uptake_figure(WHO, "year1", "18FFDG"))
    assert after.shape == before.shape
    assert (after != before).any()
    assert "difference" not in drawn(results)


def test_where_every_scan_was_refused_there_need_be_no_lesion(results):
    (results / layout.lesion_mask(WHO)).unlink()
    entries = [refused(session, "FDG", "18FFDG", REFUSAL) for session in SESSIONS]
    write_registration_record(results / layout.registration_record(WHO), record_of(WHO, *entries))
    told = {"stage": "normalise", "code": "gate_scale", "reason": "scale 1.9"}
    write_table(results, [UptakeScan(session=session, tracer="FDG", status="refused", **told) for session in SESSIONS])
    assert main(arguments(results)) == 0
    assert drawn(results)["uptake"] == [*SESSIONS]


@pytest.mark.parametrize("right", [math.nan, 0.0])
def test_without_uptake_of_the_reference_nothing_is_divided_by_anything_else(results, right):
    write_table(results, [measured(session) for session in SESSIONS], right)
    assert main(arguments(results)) == 0
    assert "difference" not in drawn(results)
    first, second = (pixels(results, layout.uptake_figure(WHO, session, "18FFDG")) for session in SESSIONS)
    assert (first[66:310] == second[66:310]).all()  # the same words, whatever the scans hold


def test_a_primary_analysis_without_a_reference_makes_no_difference(results):
    assert main(arguments(results, primary="none")) == 0
    assert "difference" not in drawn(results)


def test_without_the_uptake_only_the_registration_is_drawn(results):
    given = arguments(results)
    assert main(given[: given.index("--uptake")]) == 0
    assert drawn(results) == {"registration": [*SESSIONS]}


@pytest.mark.parametrize("flag", ["--lesion-side", "--sessions", "--primary"])
def test_what_the_uptake_needs_is_one_line(results, capsys, flag):
    given = arguments(results)
    place = given.index(flag)
    width = 3 if flag == "--sessions" else 2
    assert main(given[:place] + given[place + width :]) == 1
    assert capsys.readouterr().err.strip().endswith(f"--uptake needs {flag} too")


def test_an_unknown_reference_is_one_line(results, capsys):
    assert main(arguments(results, primary="moon")) == 1
    assert "--primary FDG=moon: TRACER=REFERENCE is needed" in capsys.readouterr().err


def test_an_uptake_of_another_participant_is_one_line(results, capsys):
    table = results / layout.uptake_table(WHO, "CerebrA")
    table.write_text(table.read_text(encoding="utf-8").replace(WHO, "sub-02"), encoding="utf-8")
    assert main(arguments(results)) == 1
    assert "run measure again" in capsys.readouterr().err
