import pytest

from pet_spect.errors import ImageError
from pet_spect.files import write_json
from pet_spect.model import Refusal, ScanKey
from pet_spect.results.registration_record import entry_of, read_record, refusal_in

KEY = ScanKey("sub-01", "year1", "FDG")


def record(**told):
    return {"Scans": [{"Session": "year1", "Tracer": "FDG", **told}]}


def test_a_registered_scan_is_not_refused():
    assert refusal_in(record(Status="registered"), KEY) is None


def test_a_refused_scan_says_by_what_and_why():
    refused = record(Status="refused", Stage="normalise", Code="scale", Reason=None)
    assert refusal_in(refused, KEY) == Refusal("normalise", "scale", "n/a")


def test_a_scan_the_record_does_not_know_has_no_entry():
    assert entry_of(record(), ScanKey("sub-01", "baseline", "FDG")) == {}


@pytest.mark.parametrize("content", [{}, {"Scans": "none"}, {"Scans": [1]}])
def test_json_that_is_no_record_is_an_error(tmp_path, content):
    write_json(tmp_path / "record.json", content)
    with pytest.raises(ImageError, match="is not a registration record") as caught:
        read_record(tmp_path / "record.json")
    assert caught.value.code == "record_unreadable"


@pytest.mark.parametrize(
    ("text", "code"), [(None, "record_missing"), ("{", "record_unreadable"), ("[]", "record_unreadable")]
)
def test_a_file_that_holds_no_object_is_an_error(tmp_path, text, code):
    path = tmp_path / "record.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ImageError) as caught:
        read_record(path)
    assert caught.value.code == code
