import pytest

from pet_spect.dicom.vocabulary import UNLISTED, known_corrections, known_text, known_tracer


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("maker", "GE MEDICAL SYSTEMS"),
        ("maker", "Philips Medical Systems"),
        ("model", "Discovery ST"),
        ("model", "Biograph128_mCT"),
        ("model", "Tandem_Discovery_670"),
        ("model", "pet_spect simulate"),
        ("method", "OSEM3D 4i21s"),
        ("method", "PSF+TOF 4i5s"),
    ],
)
def test_names_of_equipment_pass(kind, text):
    assert known_text(kind, text) == text


@pytest.mark.parametrize(
    "text", ["St. Elsewhere Discovery", "Doe^Jane", "Müller", "Discovery 19480212", "Discovery\n1"]
)
def test_text_with_anything_else_is_withheld(text):
    assert known_text("model", text) == UNLISTED


def test_absent_text_stays_absent():
    assert known_text("model", "") is None
    assert known_tracer(()) is None


@pytest.mark.parametrize(
    ("text", "tracer"),
    [("Fluorodeoxyglucose F^18^", "FDG"), ("123I-IMZ", "IMZ"), ("Iomazenil", "IMZ"), ("given by Dr. Doe", UNLISTED)],
)
def test_tracer_is_named_or_withheld(text, tracer):
    assert known_tracer((text,)) == tracer


def test_only_defined_corrections_pass():
    assert known_corrections(("ATTN", "DOE^JANE", "DECY")) == ("ATTN", "DECY")
