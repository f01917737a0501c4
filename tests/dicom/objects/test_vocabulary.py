import pytest

from pet_spect.dicom.objects.vocabulary import UNLISTED, known_corrections, known_text


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
        ("method", "PSF+TOF 3i21s"),
        ("method", "VPFX-S"),
        ("method", "CTAC-SG"),
        ("method", "Gaussian 5.00 mm"),
        ("method", "XYZ Gauss2.00"),
        ("method", "XYZGAUSS5.00"),
        ("method", "3D-RAMLA"),
        ("method", "BLOB-OS-TF"),
        ("method", "TrueX + TOF (ultraHD-PET) 2i21s"),
        ("method", "Hann 0.5"),
        ("method", "Butterworth Cutoff=0.48, Order=10"),
        ("method", "Shepp Logan"),
        ("method", "Chang"),
        ("method", "Heavy"),
        ("model", "Discovery 670"),
        ("model", "Biograph 64 Vision 600"),
        ("model", "Bright View"),
        ("model", "Prism 2000"),
        ("model", "Xeleris 3.5.2"),
        ("maker", "SIEMENS"),
        ("maker", "Philips"),
        ("maker", "Picker"),
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


def test_only_defined_corrections_pass():
    assert known_corrections(("ATTN", "DOE^JANE", "DECY")) == ("ATTN", "DECY")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("method", "XYZ 1950-01-01"),
        ("method", "OSEM 1950-01-01"),
        ("method", "OSEM 01.02.50"),
        ("method", "OSEM 1 2 50"),
        ("method", "OSEM 3 12/3/50"),
        ("method", "OSEM 1 2 3 50"),
        ("method", "OSEM 1950"),
        ("method", "OSEM 1234 56"),
        ("model", "Discovery 1950 0101"),
        ("model", "Discovery 12-34-567"),
        ("model", "Discovery 195.001"),
    ],
)
def test_a_date_or_a_number_of_a_patient_among_known_words_is_withheld(kind, text):
    assert known_text(kind, text) == UNLISTED


@pytest.mark.parametrize(
    ("kind", "text"),
    [("model", "Max Bright"), ("method", "Logan Chang"), ("method", "Chang, M."), ("model", "Dr X"), ("method", "XYZ")],
)
def test_known_words_that_are_all_names_or_initials_of_people_are_withheld(kind, text):
    assert known_text(kind, text) == UNLISTED
