"""A canary wherever a DICOM file can hold a text: none is in a byte of what is written or printed."""

import subprocess
import sys

import numpy as np
import pydicom
import pytest
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from pet_spect.cli import main
from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.deidentify.elements import READ_BY_CONVERT
from pet_spect.dicom.facts.declared import Declared

CANARY = "CANARY1948X"
NAME = "Åström^Jürgen"
DAY = "19480213"
BYTES = ("OB", "OW", "OF", "OD", "OL", "OV", "UN", "OB or OW")
NUMBERS = ("DS", "IS")
CAUGHT_BY_CONVERT = ("Units", "SeriesType", "DecayCorrection", "SUVType", "CorrectedImage", "ImageType")
NEEDED = (
    *READ_BY_CONVERT,
    *CAUGHT_BY_CONVERT,
    "SpecificCharacterSet",
    "RealWorldValueMappingSequence",
)  # tested one by one
TWO = np.arange(60).reshape(2, 6, 5)
NESTED_IN = "ReferencedImageSequence"


def text_for(vr):
    """Return a canary that a reader takes for a value of its kind where it can."""
    return {"DA": DAY, "DT": f"{DAY}101112", "TM": "CANARY", "AS": "CANA", "PN": NAME}.get(vr, CANARY)


def plant(ds, depth=3):
    """Put a canary into every attribute of the dictionary that `ds` does not have, and into private ones."""
    for tag, (vr, *_, keyword) in DicomDictionary.items():
        if tag >> 16 in (0x0000, 0x0002, 0x7FE0) or not keyword or keyword in ds or keyword in NEEDED:
            continue
        if vr in BYTES:
            ds.add(DataElement(tag, "OB", CANARY.encode()))
        elif vr in NUMBERS:
            ds.add(DataElement(tag, "LO", CANARY))
        elif vr == "SQ":
            item = Dataset()
            item.PatientName, item.CodeValue, item.CodeMeaning, item.TextValue = NAME, CANARY, CANARY, CANARY
            ds.add(
                DataElement(tag, "SQ", Sequence([plant(item, depth - 1) if depth and keyword == NESTED_IN else item]))
            )
        elif len(vr) == 2 and vr not in ("AT", "FL", "FD", "SL", "SS", "SV", "UL", "US", "UV"):
            ds.add(DataElement(tag, vr, text_for(vr)))
    for group, creator in ((0x0009, "GEMS_PETD_01"), (0x7053, "Philips PET Private Group"), (0x0099, CANARY)):
        block = ds.private_block(group, creator, create=True)
        for number, vr in ((0x01, "LO"), (0x02, "PN"), (0x03, "UN"), (0x0E, "DT"), (0x77, "OB")):
            block.add_new(number, vr, CANARY.encode() if vr in ("UN", "OB") else text_for(vr))
        block.add_new(0x88, "SQ", Sequence([item_of(CANARY)]))
    return ds


def item_of(text):
    item = Dataset()
    item.PatientName = text
    return item


def plant_elsewhere(ds):
    """Put canaries into overlays, curves, the end of the pixels, the preamble and the file meta information."""
    ds.add_new((0x6000, 0x0022), "LO", CANARY)
    ds.add_new((0x6000, 0x3000), "OW", CANARY.encode())
    ds.add_new((0x5000, 0x0022), "LO", CANARY)
    ds.add_new((0x5000, 0x3000), "OW", CANARY.encode())
    ds.PixelData += CANARY.encode() * 2
    ds.preamble = (CANARY * 13).encode()[:128]
    ds.file_meta.SourceApplicationEntityTitle = CANARY
    ds.file_meta.ImplementationVersionName = CANARY
    ds.file_meta.PrivateInformationCreatorUID, ds.file_meta.PrivateInformation = "1.9.4.8.1948", CANARY.encode()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = NAME, f"{CANARY} 7", DAY
    ds.Manufacturer, ds.ManufacturerModelName, ds.SeriesDescription = CANARY, NAME, CANARY
    ds.CorrectedImage = [*ds.CorrectedImage, CANARY]
    ds.ImageType = [*ds.get("ImageType", ["ORIGINAL", "PRIMARY"]), CANARY]
    for drug in ds.get("RadiopharmaceuticalInformationSequence", ()):
        drug.Radiopharmaceutical = f"FDG {NAME}"
        for code in drug.get("RadionuclideCodeSequence", ()):
            code.CodeMeaning, code.CodeValue = f"18F {CANARY}", CANARY


def forbidden(uids):
    """Return every spelling of a secret."""
    names = ["Åström", "Jürgen", "ström"]
    encoded = [name.encode(code) for name in names for code in ("latin-1", "utf-8", "utf-16-le", "utf-16-be")]
    return [
        b"CANARY",
        b"canary",
        b"CANA",
        DAY.encode(),
        b"1948X",
        b"1.9.4.8.1948",
        b"20250101",
        *encoded,
        *(uid.encode() for uid in uids),
    ]


def every_byte(folder):
    return b"".join(
        str(path.relative_to(folder)).encode() + path.read_bytes() for path in folder.rglob("*") if path.is_file()
    )


@pytest.fixture
def deidentified(tmp_path):
    """Return a function that de-identifies a folder."""

    def run(folder, *flags):
        out = tmp_path / f"{folder.name}-shared"
        assert main(["deidentify", str(folder), str(out), *flags]) == 0
        return out

    return run


@pytest.fixture
def lenient(monkeypatch):
    """Let pydicom write values that are none."""
    for mode in ("_writing_validation_mode", "_reading_validation_mode"):
        monkeypatch.setattr(pydicom.config.settings, mode, pydicom.config.IGNORE)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "implicit"), [("PT", True), ("NM", False)])
@pytest.mark.usefixtures("lenient")
def test_no_canary_comes_out(pet_slices, nm_object, save, tmp_path, kind, implicit):
    plain = save(*(pet_slices(TWO) if kind == "PT" else [nm_object()]), folder="plain")
    objects = pet_slices(TWO) if kind == "PT" else [nm_object()]
    for ds in objects:
        plant(ds)
        plant_elsewhere(ds)
        if implicit:
            ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    folder = save(*objects, folder=f"{CANARY}^Jane")
    (folder / f"{CANARY}.txt").write_text(CANARY)
    (folder / "003.dcm").rename(folder / f"{CANARY}.dcm")
    key = tmp_path / "key"
    key.write_bytes(bytes(range(32)))
    out = tmp_path / "shared"
    command = [sys.executable, "-m", "pet_spect.cli", "deidentify", folder, out, "--key", key]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    uids = {str(ds[tag].value) for ds in objects for tag in ("SOPInstanceUID", "SeriesInstanceUID")}
    written = every_byte(out)
    for secret in forbidden({uid for uid in uids if len(uid) > 12}):
        assert secret not in written, (secret, written[max(0, written.find(secret) - 60) :][:120])
        assert secret not in done.stdout + done.stderr, secret
    before, after = (convert_scan(path, Declared(), "scan")[0] for path in (plain, out))
    np.testing.assert_array_equal(after.data, before.data)
    np.testing.assert_array_equal(after.affine, before.affine)


@pytest.mark.slow
@pytest.mark.usefixtures("lenient")
def test_no_canary_comes_out_of_functional_groups(enhanced, save, deidentified):
    ds = enhanced()
    unassigned = ds.SharedFunctionalGroupsSequence[0]
    unassigned.UnassignedSharedConvertedAttributesSequence = Sequence([plant(Dataset(), 0)])
    for frame in ds.PerFrameFunctionalGroupsSequence:
        frame.FrameContentSequence[0].FrameComments = frame.FrameContentSequence[0].StackID = CANARY
        frame.RealWorldValueMappingSequence[0].LUTExplanation = frame.RealWorldValueMappingSequence[0].LUTLabel = CANARY
        frame.RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence[0].CodeMeaning = CANARY
    written = every_byte(deidentified(save(ds)))
    for secret in forbidden(set()):
        assert secret not in written, secret


@pytest.mark.parametrize("keyword", CAUGHT_BY_CONVERT)
@pytest.mark.usefixtures("lenient")
def test_a_term_that_is_none_does_not_come_out(pet_slices, save, tmp_path, deidentified, keyword):
    out = deidentified(save(*pet_slices(**{keyword: [CANARY, "ORIGINAL"]})))
    assert b"CANARY" not in every_byte(out)


@pytest.mark.usefixtures("lenient")
def test_canary_in_a_number_that_an_image_needs_is_refused_and_not_quoted(pet_slices, save, tmp_path, capfd):
    objects = pet_slices()
    objects[1].add(DataElement(0x00281052, "LO", CANARY))  # RescaleIntercept
    folder = save(*objects)
    assert main(["deidentify", str(folder), str(tmp_path / "shared")]) == 1
    told = capfd.readouterr().err
    assert "RescaleIntercept" in told
    assert "CANARY" not in told
    assert not (tmp_path / "shared").exists()
