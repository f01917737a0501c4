import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.errors import PetSpectError, TableError
from pet_spect.model import Atlas, Refusal, Region, RegionUptake, ScanKey
from pet_spect.quantify.measurement import ParticipantRegions
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.remarks import Remark
from pet_spect.results.record_values import VolumesMl
from pet_spect.results.uptake.uptake_record import read_uptake, read_uptake_scans, write_uptake
from pet_spect.results.uptake.uptake_rows import uptake_rows
from pet_spect.results.uptake.uptake_scan import CommonResolution, UptakeScan, missing_scan

WHO, VISIT = "sub-01", ("baseline", "FDG")
LABELS = np.array([[[1]], [[2]]], dtype=np.uint8)
ATLAS = Atlas("toy", LABELS, np.eye(4), (Region(1, "motor", "left"), Region(2, "motor", "right")))
REGIONS = ParticipantRegions(ATLAS, lesionfree=("motor",))
UPTAKE = tuple(
    RegionUptake("motor", side, mean, 1.0, 20.0, 1.0, math.nan) for side, mean in (("left", 6), ("right", 9))
)
SENSITIVITY = Sensitivity(math.nan, (0.1, -0.2, 0.3), (1e-9, 0.0, 123456789.0), 0.5)
MEASURED = UptakeScan(
    session=VISIT[0],
    tracer=VISIT[1],
    status="measured",
    warnings=(
        Remark.said("weight_conflict", "70 and 71"),
        Remark.said("orientation_declared", "LPS; as the table says"),
    ),
    resolution=CommonResolution(estimated_mm=None, estimated_sd_mm=None, blur_mm=0.0),
    cut_at=("top",),
    unit="Bq/mL",
    suv_factor=0.5,
    attenuation_corrected=True,
    accepted=(Remark.said("gate_overlap", "overlap is 0.66"),),
    lesion_seen_ml=VolumesMl(left=1.5, right=0.0),
    lesion_seen_in="FDG",
    deficit_ml=VolumesMl(left=0.0, right=2.5),
    sensitivities={("motor", "left"): SENSITIVITY},
)
REFUSED = UptakeScan(session="year1", tracer="FDG", status="refused", stage="convert", code="frames", reason="none")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sub-01_seg-toy_uptake.tsv"


def write(path, *scans):
    rows = [
        row
        for scan in scans
        for row in uptake_rows(WHO, scan, UPTAKE if scan.status == "measured" else None, REGIONS, None)
    ]
    write_uptake(path, rows, scans, 0.7)


def test_a_measured_scan_is_read_as_it_was_written(path):
    write(path, MEASURED)
    (scan,) = read_uptake(path, WHO, [VISIT]).scans
    assert (scan.status, scan.refusal, scan.simulated) == ("measured", None, False)
    uptake = scan.uptake
    assert (uptake.key, uptake.absence) == (ScanKey(WHO, *VISIT), None)
    assert uptake.notes == MEASURED.warnings
    assert (uptake.suv_factor, uptake.suv_reason, uptake.attenuation_corrected) == (0.5, "", True)
    assert (uptake.deficit_ml, uptake.lesion_seen_ml, uptake.lesion_seen_in) == ((0.0, 2.5), (1.5, 0.0), "FDG")
    assert uptake.accepted == (Refusal("normalise", "gate_overlap", "overlap is 0.66"),)
    left, right = uptake.values["motor", "left"], uptake.values["motor", "right"]
    assert (left.mean, right.mean, right.sensitivity) == (6.0, 9.0, None)
    assert repr(left.sensitivity) == repr(SENSITIVITY)


def test_what_became_of_each_visit_is_read_as_it_was_written(path):
    write(path, MEASURED, REFUSED)
    measured, refused = read_uptake_scans(path)
    assert (measured.unit, measured.cut_at, measured.resolution) == ("Bq/mL", ("top",), MEASURED.resolution)
    assert refused == REFUSED


def test_visits_of_another_version_are_an_error(path):
    path.with_suffix(".json").write_text("{}", encoding="utf-8")
    with pytest.raises(TableError, match="run measure again"):
        read_uptake_scans(path)


def test_the_scans_come_in_the_order_asked_for_and_the_rows_as_they_stand(path):
    write(path, MEASURED, REFUSED, missing_scan("year1", "IMZ"))
    found = read_uptake(path, WHO, [("year1", "IMZ"), VISIT, ("year1", "FDG")])
    assert [scan.status for scan in found.scans] == ["missing", "measured", "refused"]
    assert [scan.uptake.absence for scan in found.scans] == [Remark.of("no_scan"), None, REFUSED.refusal.remark]
    assert found.scans[2].refusal == Refusal("convert", "frames", "none")
    assert list(found.lines) == path.read_text().splitlines()[1:]


def test_the_sidecar_has_a_key_only_where_there_is_something_to_say(path):
    write(path, MEASURED, REFUSED)
    measured, refused = json.loads(path.with_suffix(".json").read_text())["Scans"]
    assert (measured["EstimatedFWHMmm"], measured["AppliedBlurFWHMmm"]) == (None, 0.0)
    assert measured["Sensitivities"]["motor"]["left"] == [None, 0.1, -0.2, 0.3, 1e-9, 0.0, 123456789.0, 0.5]
    assert not refused.keys() & {"EstimatedFWHMmm", "AppliedBlurFWHMmm", "Sensitivities"}


@given(
    shift=st.tuples(*[st.floats()] * 3),
    reason=st.text(st.characters(exclude_categories=["C"])),
    factor=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_scans_of_all_kinds_survive(tmp_path_factory, shift, reason, factor):
    path = tmp_path_factory.getbasetemp() / "uptake.tsv"
    sensitivities = {("motor", "left"): Sensitivity(0.0, shift, (0.0, 0.0, 0.0))}
    warnings = (Remark.said("brain_cut", reason),)
    write(path, replace(MEASURED, suv_factor=factor, warnings=warnings, sensitivities=sensitivities))
    (scan,) = read_uptake(path, WHO, [VISIT]).scans
    assert (scan.uptake.suv_factor, scan.uptake.notes) == (factor, warnings)
    read = scan.uptake.values["motor", "left"].sensitivity.shift
    for one, other in zip(read, shift, strict=True):
        assert math.isnan(one) if not math.isfinite(other) else one == float(f"{other:.9g}")


@pytest.mark.parametrize(
    "change",
    [
        lambda sidecar: sidecar.pop("Scans"),
        lambda sidecar: sidecar.update(Scans={}),
        lambda sidecar: sidecar.pop("MinCoverage"),
        lambda sidecar: sidecar["Scans"][0].pop("Sensitivities"),
        lambda sidecar: sidecar["Scans"][0].update(Sensitivities=None),
        lambda sidecar: sidecar["Scans"][0].update(Status="lost"),
        lambda sidecar: sidecar["Scans"][0].update(Status="refused"),
        lambda sidecar: sidecar["Scans"][0].update(Status="missing"),
        lambda sidecar: sidecar["Scans"][0].update(SUVbwFactor="0.5"),
        lambda sidecar: sidecar["Scans"][0].update(Warnings=[{"Code": "x"}]),
        lambda sidecar: sidecar["Scans"][0].update(AttenuationCorrection="CT"),
        lambda sidecar: sidecar["Scans"][0].update(DeficitMl=None),
        lambda sidecar: sidecar["Scans"][0].update(Session="year1"),
        lambda sidecar: sidecar["Scans"][0].update(Sensitivities=[]),
        lambda sidecar: sidecar["Scans"][0].update(Sensitivities={"motor": {"left": [1.0]}}),
        lambda sidecar: sidecar["Scans"][0].update(Sensitivities={"motor": {"up": [None] * 8}}),
        lambda sidecar: sidecar["Scans"][0].update(Sensitivities={"motor": {"left": ["1"] * 8}}),
    ],
)
def test_a_sidecar_of_another_kind_is_an_error(path, change):
    write(path, MEASURED)
    sidecar = json.loads(path.with_suffix(".json").read_text())
    change(sidecar)
    path.with_suffix(".json").write_text(json.dumps(sidecar))
    with pytest.raises(TableError, match="is not one that measure of this version wrote for sub-01; run measure again"):
        read_uptake(path, WHO, [VISIT])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text.replace("sub-01", "sub-02"),
        lambda text: text.replace("\tmean\t", "\tmiddle\t"),
        lambda text: text.replace("\tleft\t", "\tup\t"),
        lambda text: text.replace("\t6\t", "\tsix\t"),
        lambda text: text.replace("\t6\t", "\t"),
        lambda text: text.replace("baseline", "year1"),
        lambda text: text.replace("sub-01", "\udce9"),
    ],
)
def test_a_table_of_another_kind_is_an_error(path, change):
    write(path, MEASURED)
    path.write_bytes(change(path.read_text()).encode("utf-8", "surrogateescape"))
    with pytest.raises(TableError, match="run measure again"):
        read_uptake(path, WHO, [VISIT])


@pytest.mark.parametrize("ending", [".tsv", ".json"])
def test_a_file_that_is_not_there_is_an_error(path, ending):
    write(path, MEASURED)
    path.with_suffix(ending).unlink()
    with pytest.raises(TableError, match="run measure again"):
        read_uptake(path, WHO, [VISIT])


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(name=st.sampled_from(["Status", "Warnings", "CutAt", "LesionSeenMl", "Sensitivities"]), value=json_values)
def test_no_value_in_the_sidecar_gives_a_traceback(tmp_path_factory, name, value):
    path = tmp_path_factory.getbasetemp() / "uptake.tsv"
    write(path, MEASURED)
    sidecar = json.loads(path.with_suffix(".json").read_text())
    sidecar["Scans"][0][name] = value
    path.with_suffix(".json").write_text(json.dumps(sidecar))
    try:
        read_uptake(path, WHO, [VISIT])
    except PetSpectError as error:
        assert "run measure again" in str(error)  # noqa: PT017
