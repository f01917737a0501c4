import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pet_spect.dicom.index.tracer_guess import guess_tracer
from pet_spect.dicom.objects.header import Header


def code(value, scheme="SCT", meaning="something"):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


NUCLIDE = {
    "F18": ("C-111A1", "SRT", "^18^Fluorine"),
    "I123": ("C-114A4", "SRT", "^123^Iodine"),
    "C11": ("C-105A1", "SRT", "^11^Carbon"),
}


def guess(kind="PET", text=None, coded=None, nuclide=None, **header):
    drug, ds = Dataset(), Dataset()
    if text is not None:
        drug.Radiopharmaceutical = text
    if coded is not None:
        drug.RadiopharmaceuticalCodeSequence = coded
    if nuclide is not None:
        drug.RadionuclideCodeSequence = code(*NUCLIDE[nuclide])
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    for keyword, value in header.items():
        setattr(ds, keyword, value)
    found = guess_tracer(Header(ds, "x"), kind)
    return str(found), found.source


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"coded": code("35321007")}, ("FDG", "code")),
        ({"coded": code("C-B1031", "SRT")}, ("FDG", "code")),
        ({"coded": code("0", "99LOCAL", "Fluorodeoxyglucose F^18^")}, ("FDG", "text")),
        ({"text": "123I-Iomazenil"}, ("IMZ", "text")),
        ({"text": "FDG", "SeriesDescription": "PSMA"}, ("FDG", "text")),
        ({"SeriesDescription": "BRAIN FDG 3D"}, ("FDG?", "description")),
        ({"ProtocolName": "IMZ late"}, ("IMZ?", "description")),
        ({"nuclide": "F18"}, ("FDG?", "radionuclide")),
        ({"nuclide": "I123", "kind": "NM"}, ("IMZ?", "radionuclide")),
        ({"nuclide": "I123"}, ("n/a", "nothing")),
        ({"nuclide": "F18", "text": "18F new tracer"}, ("FDG?", "radionuclide")),
        ({"nuclide": "F18", "text": "Solution"}, ("n/a", "nothing")),
        ({"text": "given by Dr. Doe"}, ("n/a", "nothing")),
        ({"coded": code("35321007"), "text": "Iomazenil"}, ("n/a", "contradiction")),
        ({"text": "FDG", "nuclide": "C11"}, ("n/a", "contradiction")),
        ({"SeriesDescription": "FDG", "ProtocolName": "IMZ"}, ("n/a", "nothing")),
        ({}, ("n/a", "nothing")),
    ],
)
def test_a_tracer_is_told_with_where_it_is_named(told, expected):
    assert guess(**told) == expected


def test_only_what_the_radiopharmaceutical_says_is_certain():
    ds = Dataset()
    ds.SeriesDescription = "FDG"
    assert not guess_tracer(Header(ds, "x"), "PET").certain
