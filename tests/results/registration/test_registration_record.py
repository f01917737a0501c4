import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.errors import ImageError, PetSpectError
from pet_spect.model import Refusal, ScanKey
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import CATALOGUE
from pet_spect.results.record_values import VolumesMl, matrix_of
from pet_spect.results.registration.registration_entries import Measured, RefusedAnat, RegisteredAnat, Tried, ViewBox
from pet_spect.results.registration.registration_record import read_registration_record, write_registration_record

from ...records import MEASURED, WARP, lesion, record_of, refused, registered

KEY = ScanKey("sub-01", "year1", "FDG")
WHY = Refusal("normalise", "gate_scale", "scale 1.92")
POSE = matrix_of(np.arange(16.0).reshape(4, 4))
CUT = {"cut_at": ("top", "back"), "view": ViewBox(first=(0.0, 0.0, 0.0), last=(9.5, 9.0, 4.0)), "own_pose": POSE}
FULL = record_of(
    "sub-01",
    registered("baseline", "FDG", "18FFDG", warnings=(Remark.said("gate_overlap", "0.66"),), **CUT),
    refused("year1", "FDG", "18FFDG", WHY, Tried(head_box=((1, 2), (3, 4), (5, 6)), pose=POSE)),
    refused("year1", "IMZ", "123IIMZ", Refusal("convert", "frame_order", "no vector")),
    anat=RegisteredAnat(kind="T1w", measured=MEASURED),
    leading="anat:T1w",
    lesion=lesion("given", right=13.8),
    warp=WARP,
)


def same(first, second):
    """NaN is not equal to itself; the text of a record is."""
    return repr(first) == repr(second)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sub-01_registration.json"


@pytest.mark.parametrize(
    "record",
    [
        FULL,
        record_of("sub-01"),
        replace(FULL, anat=RefusedAnat(kind="unknown", refusal=WHY)),
        record_of("sub-01", refused("year1", "FDG", "18FFDG", WHY, Tried(head_box=None, pose=None))),
    ],
)
def test_a_record_is_read_as_it_was_written(path, record):
    write_registration_record(path, record)
    assert same(read_registration_record(path), record)


finite = st.floats(allow_nan=False, allow_infinity=False)
unknown = finite | st.just(math.nan)
flags = st.lists(st.builds(Remark.said, st.sampled_from(sorted(CATALOGUE)), st.text())).map(tuple)


@given(
    numbers=st.tuples(*[finite] * 7),
    unknowns=st.tuples(unknown, unknown),
    warnings=flags,
    deficit=st.builds(VolumesMl, left=finite, right=finite),
)
def test_numbers_and_texts_of_all_kinds_survive(tmp_path_factory, numbers, unknowns, warnings, deficit):
    names = [*Measured.__dataclass_fields__]
    measured = Measured(**dict(zip(names, numbers + unknowns, strict=True)))
    entry = registered("a", "FDG", "x", measured=measured, warnings=warnings, deficit_ml=deficit)
    path = tmp_path_factory.getbasetemp() / "record.json"
    write_registration_record(path, record_of("sub-01", entry))
    assert same(read_registration_record(path), record_of("sub-01", entry))


def test_what_is_not_known_is_null_and_what_was_not_looked_at_is_not_there(path):
    write_registration_record(path, FULL)
    first, second, third = json.loads(path.read_text())["Scans"]
    assert first["Agreement"] is None
    assert second["HeadBox"] == [[1, 2], [3, 4], [5, 6]]
    assert "HeadBox" not in third
    assert third["Code"] == "frame_order"


def test_a_number_that_must_be_known_is_never_written_as_nan(path):
    broken = registered("a", "FDG", "x", measured=replace(MEASURED, similarity=math.nan))
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_registration_record(path, record_of("sub-01", broken))
    assert not path.exists()


def test_a_scan_is_registered_refused_or_not_known():
    assert FULL.registered(ScanKey("sub-01", "baseline", "FDG")).label == "18FFDG"
    assert FULL.registered(KEY) is None
    assert FULL.refused(KEY).refusal == WHY
    assert FULL.registered(ScanKey("sub-01", "year2", "FDG")) is FULL.refused(ScanKey("sub-01", "year2", "FDG")) is None
    assert (FULL.tracer_of("year1", "123IIMZ"), FULL.tracer_of("year1", "11CPIB")) == ("IMZ", None)


def test_of_a_participant_without_a_registered_scan_nothing_is_known():
    nothing = record_of("sub-01")
    assert (nothing.misplacement_mm, nothing.lesion_seen_ml) == (0.0, VolumesMl(left=0.0, right=0.0))
    assert nothing.anat_fault is None


def damaged(change):
    def apply(content):
        change(content)
        return json.dumps(content)

    return apply


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (lambda _: "{", "is not JSON"),
        (lambda _: "[]", "is not a JSON object"),
        (lambda _: "{}", "Participant is missing"),
        (damaged(lambda record: record.pop("Warp")), "Warp is missing"),
        (damaged(lambda record: record.update(Participant=1)), "Participant: a text is needed"),
        (damaged(lambda record: record.update(Scans="none")), "Scans: a list of any values is needed"),
        (damaged(lambda record: record.update(Scans=[1])), "Scans: entry 1: a Status of registered or refused"),
        (damaged(lambda record: record["Scans"][0].update(Status=[])), "a Status of registered or refused is needed"),
        (damaged(lambda record: record["Scans"][0].update(Similarity="0.9")), "Similarity: a number is needed"),
        (damaged(lambda record: record["Scans"][0].update(Similarity=True)), "Similarity: a number is needed"),
        (damaged(lambda record: record["Scans"][0].update(Similarity=None)), "Similarity: a number is needed"),
        (damaged(lambda record: record["Scans"][0].update(Similarity=math.inf)), "Similarity: a number is needed"),
        (damaged(lambda record: record["Scans"][0].update(Similarity=10**400)), "Similarity: a number is needed"),
        (damaged(lambda record: record["Scans"][0]["View"].update(First=[1, 2])), "First: a list of 3 values"),
        (damaged(lambda record: record["Scans"][0].pop("DeficitMl")), "DeficitMl is missing"),
        (damaged(lambda record: record["Scans"][1].update(HeadBox=[[1, 2], [3, 4], [5, 0.5]])), "a whole number"),
        (damaged(lambda record: record["Scans"][1].update(Reason=None)), "Reason: a text is needed"),
        (damaged(lambda record: record["Lesion"].update(Source="guessed")), "one of given, estimated is needed"),
        (damaged(lambda record: record["Settings"].update(Gates=[])), "Gates: an object {...} is needed"),
    ],
)
def test_a_damaged_record_is_one_line_that_names_file_and_field(path, text, said):
    write_registration_record(path, FULL)
    path.write_text(text(json.loads(path.read_text())))
    with pytest.raises(ImageError) as caught:
        read_registration_record(path)
    assert caught.value.code == "record_unreadable"
    assert str(caught.value).startswith(f"{path}: is not ")
    assert said in str(caught.value)


def test_a_record_that_is_not_there_is_an_error(path):
    with pytest.raises(ImageError) as caught:
        read_registration_record(path)
    assert caught.value.code == "record_missing"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(name=st.sampled_from(["Anat", "Scans", "Leading", "Lesion", "Warp", "Settings"]), value=json_values)
def test_no_value_of_a_field_gives_a_traceback(tmp_path_factory, name, value):
    path = tmp_path_factory.getbasetemp() / "record.json"
    write_registration_record(path, FULL)
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    try:
        read_registration_record(path)
    except PetSpectError as error:
        assert error.code == "record_unreadable"  # noqa: PT017
