"""The tracer of a scan against the one it is listed as."""

import json

import nibabel as nib
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.facts.tracer import read_statement, settle_tracer
from pet_spect.dicom.objects.header import Header
from pet_spect.errors import DicomError, TracerError
from pet_spect.remarks import recall_warnings

FDG = {"radionuclide": "F18", "radiopharmaceuticals": ("fluorodeoxyglucose",)}
IMZ = {"radionuclide": "I123", "radiopharmaceuticals": ("iomazenil",)}
NUCLIDES = {
    "F18": ("77004003", "SCT", "^18^Fluorine"),
    "I123": ("C-114A4", "SRT", "^123^Iodine"),
    "Tc99m": ("C-163A8", "SNM3", "Technetium Tc^99m^"),
    "C11": ("40565003", "SCT", "^11^Carbon"),
}


def code(value, scheme, meaning=""):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def item(text=None, nuclide=None, coded=None, half_life=None):
    """Return an item of RadiopharmaceuticalInformationSequence."""
    drug = Dataset()
    if text is not None:
        drug.Radiopharmaceutical = text
    if coded is not None:
        drug.RadiopharmaceuticalCodeSequence = code(*coded)
    if nuclide is not None:
        drug.RadionuclideCodeSequence = code(*NUCLIDES[nuclide])
    if half_life is not None:
        drug.RadionuclideHalfLife = half_life
    return drug


def settle(needed, cautions=None, window=None, **told):
    statement = read_statement(Header(item(**told), "sub-01"))
    into = [] if cautions is None else cautions
    return settle_tracer(statement, Declared(**needed), "sub-01", into, window_nuclide=window)


def refused(needed, **told):
    with pytest.raises(TracerError) as caught:
        settle(needed, **told)
    assert str(caught.value).startswith("sub-01: the header ")
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize(
    ("needed", "told"),
    [
        (FDG, {"text": "FDG", "nuclide": "F18"}),
        (FDG, {"text": "18F-FDG"}),
        (FDG, {"text": "Solution", "coded": ("35321007", "SCT"), "half_life": "6586.2"}),
        (FDG, {"coded": ("C-B1031", "SRT", "Fluorodeoxyglucose F^18^"), "nuclide": "F18"}),
        (FDG, {"coded": ("1", "99LOCAL", "fluorodeoxyglucose")}),
        (IMZ, {"text": "Iomazenil", "nuclide": "I123"}),
        (IMZ, {"text": "I-123 IMZ", "half_life": "47604.6"}),
    ],
)
def test_the_needed_radiopharmaceutical_is_confirmed(needed, told):
    cautions = []
    found = settle(needed, cautions, **told)
    assert (found.nuclide, found.identity) == (needed["radionuclide"], "header")
    assert cautions == []


@pytest.mark.parametrize(
    "told",
    [
        {"nuclide": "I123"},
        {"half_life": "47604"},
        {"text": "I-123"},
        {"text": "^123^Iodine"},
        {"text": "Iodine 123"},
        {"text": "unknown", "nuclide": "I123"},
        {"window": "I123"},
    ],
)
def test_a_radionuclide_alone_confirms_only_the_radionuclide(told):
    cautions = []
    found = settle(IMZ, cautions, **told)
    assert (found.name, found.nuclide, found.identity) == (None, "I123", "nuclide")
    assert cautions == []


def test_a_silent_header_is_neither_refused_nor_flagged():
    cautions = []
    found = settle(IMZ, cautions)
    assert (found.name, found.nuclide, found.identity, cautions) == (None, None, "none", [])


@pytest.mark.parametrize(
    ("needed", "told", "says"),
    [
        (IMZ, {"nuclide": "F18"}, "says F-18, this tracer needs I-123"),
        (
            IMZ,
            {"nuclide": "F18", "text": "FDG"},
            "says F-18 and names FDG (fluorodeoxyglucose), this tracer needs I-123",
        ),
        (FDG, {"nuclide": "I123"}, "says I-123, this tracer needs F-18"),
        (FDG, {"half_life": "47604"}, "says I-123, this tracer needs F-18"),
        (FDG, {"text": "Iodine 123"}, "says I-123"),
        (IMZ, {"window": "Tc99m"}, "says Tc-99m"),
        (IMZ, {"text": "HMPAO", "nuclide": "Tc99m"}, "says Tc-99m and names HMPAO (exametazime)"),
        ({"radionuclide": "I123"}, {"text": "FDG"}, "names FDG (fluorodeoxyglucose), which carries F-18"),
    ],
)
def test_another_radionuclide_is_refused_with_both(needed, told, says):
    refusal, message = refused(needed, **told)
    assert refusal == "tracer_nuclide"
    assert says in message
    assert "Check tracer and path of this scan in scans.tsv" in message


@pytest.mark.parametrize(
    "text",
    ["IMP", "123I-IMP", "Iofetamine", "ioflupane", "DaTSCAN", "I-123 FP-CIT", "MIBG", "Iobenguane", "HMPAO", "ECD"],
)
def test_another_known_radiopharmaceutical_listed_as_imz_is_refused(text):
    refusal, message = refused(IMZ, text=text)
    assert refusal == "tracer_radiopharmaceutical"
    assert "this tracer needs iomazenil" in message


@pytest.mark.parametrize(
    "text",
    [
        *("florbetapir", "Amyvid", "florbetaben", "flutemetamol", "flortaucipir", "FDOPA", "18F-DOPA", "FET", "FLT"),
        *("NaF", "sodium fluoride", "PSMA-1007", "FES", "flumazenil"),
    ],
)
def test_another_known_radiopharmaceutical_listed_as_fdg_is_refused(text):
    assert refused(FDG, text=text, nuclide="F18")[0] == "tracer_radiopharmaceutical"


@pytest.mark.parametrize("coded", [("429296007", "SCT"), ("C-B07EC", "SRT"), ("78481003", "SCT"), ("395787009", "SCT")])
def test_another_radiopharmaceutical_is_known_by_its_code_alone(coded):
    assert refused(IMZ, coded=coded, nuclide="I123")[0] == "tracer_radiopharmaceutical"


@pytest.mark.parametrize(
    ("told", "both"),
    [
        ({"nuclide": "F18", "half_life": "47604"}, "F-18, but its half-life of 47604 s is that of I-123"),
        (
            {"nuclide": "I123", "text": "FDG"},
            "names FDG (fluorodeoxyglucose), which carries F-18, but its radionuclide",
        ),
        ({"nuclide": "F18", "text": "I-123 X"}, "its radionuclide is F-18, but the name of its radiopharmaceutical"),
        ({"text": "FDG", "half_life": "1221"}, "which carries F-18, but its half-life of 1221 s is that of C-11"),
        ({"text": "FDG", "coded": ("456995000", "SCT")}, "it names FDG (fluorodeoxyglucose) and florbetapir"),
    ],
)
@pytest.mark.parametrize("needed", [{}, FDG, IMZ])
def test_a_header_that_contradicts_itself_is_refused_whatever_is_needed(needed, told, both):
    refusal, message = refused(needed, **told)
    assert refusal == "tracer_conflict"
    assert both in message


def test_a_code_whose_meaning_is_another_radionuclide_is_a_contradiction():
    drug = item()
    drug.RadionuclideCodeSequence = code("77004003", "SCT", "^123^Iodine")
    with pytest.raises(TracerError, match="its radionuclide is F-18 and I-123"):
        settle_tracer(read_statement(Header(drug, "sub-01")), Declared(), "sub-01", [])


@pytest.mark.parametrize("half_life", ["109.8", "6588", "6600", "7000", "0"])
def test_a_half_life_that_is_no_other_radionuclides_is_no_contradiction(half_life):
    assert settle(FDG, text="FDG", nuclide="F18", half_life=half_life).identity == "header"


@pytest.mark.parametrize(
    "told",
    [
        {"text": "FDG", "nuclide": "F18", "half_life": "47604"},
        {"coded": ("35321007", "SCT"), "nuclide": "F18", "half_life": "1221"},
        {"text": "18F-X", "nuclide": "F18", "half_life": "4057.7"},
    ],
)
def test_a_half_life_against_code_and_name_is_overruled(told):
    assert settle({"radionuclide": "F18"}, **told).nuclide == "F18"


def test_a_name_that_allows_the_radionuclide_of_the_half_life_does_not_overrule_it():
    refusal, message = refused({}, text="PSMA", nuclide="F18", half_life="4057.7")
    assert refusal == "tracer_conflict"
    assert "its half-life of 4057.7 s is that of Ga-68" in message


@pytest.mark.parametrize("text", ["Kit C 11", "lot 18 F"])
def test_a_letter_and_a_number_that_only_stand_beside_each_other_contradict_nothing(text):
    assert settle(IMZ, text=text, nuclide="I123").nuclide == "I123"


@pytest.mark.parametrize(("told", "identity"), [({"nuclide": "F18"}, "nuclide"), ({}, "none")])
@pytest.mark.parametrize("name", [{"text": "Tracer X"}, {"coded": ("4711", "99LOCAL")}, {"text": "unlisted"}])
def test_an_unknown_name_is_flagged_and_not_repeated(name, told, identity):
    cautions = []
    found = settle(FDG, cautions, **name, **told)
    assert (found.name, found.identity) == ("unlisted", identity)
    assert [caution.code for caution in cautions] == ["tracer_name_unknown"]
    assert "Tracer X" not in repr((found, cautions))


def test_without_a_needed_name_nothing_is_flagged():
    cautions = []
    found = settle({}, cautions, text="Tracer X", nuclide="F18")
    assert (found.name, found.nuclide, found.identity, cautions) == ("unlisted", "F18", "nuclide", [])


def test_without_a_needed_name_a_known_one_counts_as_confirmed():
    assert settle({}, text="PSMA", nuclide="F18").identity == "header"


def test_any_of_several_accepted_names_will_do():
    both = FDG | {"radiopharmaceuticals": ("fluorodeoxyglucose", "florbetapir")}
    assert settle(both, text="Amyvid", nuclide="F18").name == "florbetapir"
    assert refused(both, text="FLT")[0] == "tracer_radiopharmaceutical"


def test_a_name_of_the_configuration_that_no_table_lists_is_confirmed_by_its_words():
    mine = {"radionuclide": "F18", "radiopharmaceuticals": ("XY-12",)}
    cautions = []
    found = settle(mine, cautions, text="[18F]xy12 for Mr Doe")
    assert (found.name, found.nuclide, found.identity, cautions) == ("XY-12", "F18", "header", [])
    settle(mine, cautions, text="[18F]xy13")
    assert [caution.code for caution in cautions] == ["tracer_name_unknown"]


def test_a_half_life_that_two_radionuclides_share_confirms_the_needed_one():
    assert settle({"radionuclide": "Zr89"}, half_life="282000").nuclide == "Zr89"
    assert settle({}, half_life="282000").nuclide is None
    assert settle({}, half_life="282000", text="PSMA").nuclide == "Zr89"
    assert refused(FDG, half_life="282000")[1].startswith("sub-01: the header says Ga-67 or Zr-89, this tracer needs")


def test_a_pet_series_of_another_tracer_is_refused_by_name(pet_slices, save):
    folder = save(*pet_slices())
    assert convert_scan(folder, Declared(**FDG), "sub-01")[1]["TracerIdentity"] == "header"
    with pytest.raises(DicomError, match="sub-01: file 1 of 4: the header says F-18") as caught:
        convert_scan(folder, Declared(**IMZ), "sub-01")
    assert caught.value.code == "tracer_nuclide"


def test_slices_that_name_different_radiopharmaceuticals_are_refused(pet_slices, save, drug):
    slices = pet_slices()
    slices[2].RadiopharmaceuticalInformationSequence = drug(Radiopharmaceutical="FLT")
    with pytest.raises(DicomError, match="slices differ in Radiopharmaceutical"):
        convert_scan(save(*slices), Declared(), "sub-01")


IODINE_FIELDS = {"stated": 47604, "source": "header", "nuclide": "F18", "known": 6586.2}
IODINE_DEFAULT = "half-life 47604 s in the header is not that of F18 (6586.2 s)"


@pytest.mark.parametrize(
    "changes",
    [{}, {"DecayCorrection": "ADMIN"}, {"Units": "GML"}, {"DecayCorrection": "NONE", "CorrectedImage": ["ATTN"]}],
)
def test_fdg_with_the_half_life_of_iodine_is_read_without_suv(pet_slices, save, drug, changes):
    item = drug(RadionuclideHalfLife="47604")
    folder = save(*pet_slices(RadiopharmaceuticalInformationSequence=item, **changes))
    volume, facts = convert_scan(folder, Declared(**FDG), "sub-01")
    assert volume.data.max() == 119
    assert (facts["TracerRadionuclide"], facts["TracerIdentity"]) == ("F18", "header")
    assert (facts["SUVbwFactor"], facts["SUVReason"]) == (None, IODINE_DEFAULT)
    assert facts["Warnings"] == [
        {"Code": "half_life_conflict", "Fields": IODINE_FIELDS, "Reason": facts["SUVReason"]},
    ]


@pytest.mark.parametrize(
    "later", [{"AcquisitionTime": "110500"}, {"FrameReferenceTime": "449605"}, {"DecayFactor": "1.05"}]
)
def test_beds_with_the_half_life_of_another_radionuclide_are_refused(pet_slices, save, drug, later):
    slices = pet_slices(RadiopharmaceuticalInformationSequence=drug(RadionuclideHalfLife="47604"))
    for keyword, value in later.items():
        setattr(slices[0], keyword, value)
    with pytest.raises(TracerError, match=r"half-life 47604 s in the header .* measured at different times") as caught:
        convert_scan(save(*slices), Declared(**FDG), "sub-01")
    assert caught.value.code == "tracer_conflict"


def test_an_unknown_name_is_flagged_in_the_sidecar_and_stays_flagged(pet_slices, save, drug):
    slices = pet_slices(RadiopharmaceuticalInformationSequence=drug(Radiopharmaceutical="CANARY X"))
    _, facts = convert_scan(save(*slices), Declared(**FDG), "sub-01")
    assert (facts["TracerName"], facts["TracerIdentity"]) == ("unlisted", "nuclide")
    assert [warning["Code"] for warning in facts["Warnings"]] == ["tracer_name_unknown"]
    assert "CANARY" not in json.dumps(facts)
    assert [caution.code for caution in recall_warnings(facts["Warnings"])] == ["tracer_name_unknown"]


def test_a_spect_that_says_nothing_is_converted_and_says_so(nm_object, save):
    _, facts = convert_scan(save(nm_object()), Declared(**IMZ), "sub-01")
    assert facts["TracerIdentity"] == "none"
    assert facts["Warnings"] == []
    assert not {"TracerName", "TracerRadionuclide"} & set(facts)


def test_a_spect_of_another_tracer_of_the_same_radionuclide_is_refused(nm_object, save):
    spect = nm_object(RadiopharmaceuticalInformationSequence=Sequence([item(text="DaTSCAN", nuclide="I123")]))
    with pytest.raises(TracerError, match=r"the header names FPCIT \(ioflupane\), this tracer needs iomazenil"):
        convert_scan(save(spect), Declared(**IMZ), "sub-01")


@pytest.fixture
def pair(tmp_path):
    """Return a writer of an image and its JSON."""

    def write(**told):
        nib.save(nib.Nifti1Image(np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.eye(4)), tmp_path / "scan.nii")
        facts = {"Modality": "PT", "Units": "Bq/mL", "AttenuationCorrection": "measured", "ImageDecayCorrected": True}
        (tmp_path / "scan.json").write_text(json.dumps(facts | told))
        return tmp_path / "scan.nii"

    return write


@pytest.mark.parametrize(
    ("told", "identity"),
    [
        ({"TracerName": "FDG", "TracerRadionuclide": "F18"}, "header"),
        ({"TracerName": "[18F]fluorodeoxyglucose"}, "header"),
        ({"TracerRadionuclide": "18F"}, "nuclide"),
        ({"RadionuclideHalfLife": 6588}, "nuclide"),
        ({"RadionuclideHalfLife": "", "TracerName": ["FDG"]}, "none"),
        ({}, "none"),
    ],
)
def test_a_json_confirms_the_tracer_as_a_header_does(pair, told, identity):
    _, facts = convert_scan(pair(**told), Declared(**FDG), "sub-01")
    assert facts["TracerIdentity"] == identity
    assert facts["Warnings"] == []


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"TracerRadionuclide": "I123"}, "tracer_nuclide"),
        ({"TracerName": "Amyvid", "TracerRadionuclide": "F18"}, "tracer_radiopharmaceutical"),
        ({"TracerRadionuclide": "F18", "RadionuclideHalfLife": 47604}, "tracer_conflict"),
        ({"TracerName": "FDG", "TracerRadionuclide": "I123"}, "tracer_conflict"),
    ],
)
def test_a_json_of_another_tracer_is_refused(pair, told, refusal):
    with pytest.raises(TracerError, match=r"^sub-01: the JSON ") as caught:
        convert_scan(pair(**told), Declared(**FDG), "sub-01")
    assert caught.value.code == refusal


SUV_KNOWN = {"Units": "Bq/mL", "InjectedRadioactivity": 350, "InjectedRadioactivityUnits": "MBq", "InjectionStart": 0}
SUV_KNOWN |= {"ScanStart": 3600, "ImageDecayCorrectionTime": 3600}


def test_a_json_with_the_half_life_of_iodine_is_read_without_suv(pair):
    told = {"TracerName": "FDG", "TracerRadionuclide": "F18", "RadionuclideHalfLife": 47604}
    body = Declared(**FDG, weight_kg=70)
    assert convert_scan(pair(**SUV_KNOWN, **told | {"RadionuclideHalfLife": 6588}), body, "s")[1]["SUVbwFactor"] > 0
    _, facts = convert_scan(pair(**SUV_KNOWN, **told), body, "sub-01")
    assert facts["SUVbwFactor"] is None
    assert facts["SUVReason"] == IODINE_DEFAULT.replace("header", "JSON")
    assert [warning["Code"] for warning in facts["Warnings"]] == ["half_life_conflict"]
    assert convert_scan(pair(**facts), body, "sub-01")[1] == facts  # the warning still takes the SUV away


def test_a_sidecar_read_again_confirms_the_same(pair):
    first = convert_scan(pair(TracerName="something of ours", TracerRadionuclide="F18"), Declared(**FDG), "sub-01")[1]
    assert [warning["Code"] for warning in first["Warnings"]] == ["tracer_name_unknown"]
    assert convert_scan(pair(**first), Declared(**FDG), "sub-01")[1] == first
