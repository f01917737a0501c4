"""Anatomical images: MR and CT, DICOM and NIfTI."""

import json

import nibabel as nib
import numpy as np
import pytest

from pet_spect.dicom.anatomy.convert import convert_anat
from pet_spect.errors import DicomError, ImageError, PetSpectError, RefusedError
from pet_spect.imaging.images import write_refusal
from pet_spect.model import Refusal
from tests.dicom.conftest import change, convert, item, macro, new_object, refused
from tests.dicom.convert.scanner import Grid, places_of_values

MR, CT, ENHANCED_MR, ENHANCED_CT = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("4", "2", "4.1", "2.1"))
AXIAL = Grid((1, 0, 0), (0, 1, 0), (-10.0, -20.0, 30.0), 1.5, 1.0, 2.0)
SAGITTAL = Grid((0, 1, 0), (0, 0, -1), (12.0, -90.0, 80.0), 1.0, 1.0, -1.2)
OBLIQUE = Grid((np.cos(0.3), 0, np.sin(0.3)), (0, 1, 0), (1.0, 2.0, 3.0), 1.0, 1.0, 1.5)


def stored(shape=(4, 5, 6)):
    """Return values that all differ, (slices, rows, columns)."""
    return np.arange(np.prod(shape)).reshape(shape)


def slices(sop_class=MR, counts=None, grid=AXIAL, **changes):
    """Return one object per slice; a CT's values are HU + 1024."""
    counts = stored() if counts is None else counts
    objects = []
    for plane, place in zip(counts, grid.points(counts.shape)[:, 0, 0], strict=True):
        ds = new_object(sop_class, "MR" if sop_class == MR else "CT")
        ds.ImageType = ["ORIGINAL", "PRIMARY", "M" if sop_class == MR else "AXIAL"]
        ds.FrameOfReferenceUID = "1.2.3"
        ds.ImageOrientationPatient, ds.PixelSpacing = grid.orientation, grid.pixel_spacing
        ds.ImagePositionPatient = [f"{value:.9g}" for value in place]
        ds.Rows, ds.Columns = plane.shape
        if sop_class == CT:
            ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -1024, "HU"
        else:
            ds.EchoTime = "2.9"
        ds.PixelData = plane.astype("<i2").tobytes()
        objects.append(change(ds, **changes))
    return objects


def frames(sop_class=ENHANCED_MR, counts=None, grid=AXIAL, intercept=0, **changes):
    """Return one object whose frames lie in the order of the array, each with a slope of its own, 1, 2, 3, ..."""
    counts = stored() if counts is None else counts
    ds = new_object(sop_class, "MR" if sop_class == ENHANCED_MR else "CT")
    ds.ImageType, ds.FrameOfReferenceUID = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "1.2.3"
    ds.NumberOfFrames, ds.Rows, ds.Columns = counts.shape
    ds.SharedFunctionalGroupsSequence = macro(
        PixelMeasuresSequence=macro(PixelSpacing=grid.pixel_spacing, SliceThickness=1),
        PlaneOrientationSequence=macro(ImageOrientationPatient=grid.orientation),
    )
    ds.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=macro(ImagePositionPatient=[f"{value:.9g}" for value in place]),
            PixelValueTransformationSequence=macro(RescaleSlope=k + 1, RescaleIntercept=intercept, RescaleType="US"),
            MREchoSequence=macro(EffectiveEchoTime=3.0),
        )
        for k, place in enumerate(grid.points(counts.shape)[:, 0, 0])
    ]
    ds.PixelData = counts.astype("<i2").tobytes()
    return change(ds, **changes)


def anat(path, series=None):
    return convert_anat(path, "sub-01_anat", series)


def refusal(path, code, message="sub-01_anat"):
    """Check that an image is refused, in one line that names the label and nothing else."""
    with pytest.raises(PetSpectError, match=message) as caught:
        anat(path)
    assert str(caught.value).startswith("sub-01_anat")
    assert caught.value.code == code
    assert str(path) not in str(caught.value)


@pytest.mark.parametrize("grid", [AXIAL, SAGITTAL, OBLIQUE])
@pytest.mark.parametrize("form", ["classic", "enhanced"])
def test_every_voxel_lies_where_the_scanner_put_it(save, grid, form):
    if form == "classic":
        volume, facts = anat(save(*slices(grid=grid)))
        values = stored().ravel()
    else:
        volume, facts = anat(save(frames(grid=grid)))
        values = (stored() * np.arange(1, 5)[:, None, None]).ravel()
        keep = np.unique(values, return_counts=True)
        values = np.where(np.isin(values, keep[0][keep[1] == 1]), values, -1)
    found, places = places_of_values(nib.Nifti1Image(volume.data, volume.affine))
    by_value = dict(zip(found, places, strict=True))
    truth = grid.points(stored().shape).reshape(-1, 3)
    for value, place in zip(values, truth, strict=True):
        if value >= 0:
            np.testing.assert_allclose(by_value[value], place, atol=1e-3)
    assert (facts["Modality"], facts["Units"]) == ("MR", "arbitrary")


def test_slopes_and_intercepts_of_a_ct_give_hounsfield_units(save):
    objects = slices(CT)
    objects[2].RescaleSlope, objects[2].RescaleIntercept = 2, -1000
    volume, facts = anat(save(*objects))
    np.testing.assert_array_equal(volume.data[:, :, 0], stored()[0].T - 1024)
    np.testing.assert_array_equal(volume.data[:, :, 2], 2 * stored()[2].T - 1000)
    assert (facts["Modality"], facts["Units"]) == ("CT", "HU")


def test_an_mr_may_lack_a_slope_or_have_any(save):
    objects = slices()
    objects[1].RescaleSlope, objects[1].RescaleIntercept = "1e-8", 3
    volume, _ = anat(save(*objects))
    np.testing.assert_array_equal(volume.data[:, :, 0], stored()[0].T)
    np.testing.assert_allclose(volume.data[:, :, 1], 3 + 1e-8 * stored()[1].T, rtol=1e-6)


def test_padding_is_no_measurement(save):
    objects = slices(CT, PixelPaddingValue=-1, PixelRepresentation=1)
    for ds in objects:
        plane = np.frombuffer(ds.PixelData, "<i2").copy()
        plane[0] = -1
        ds.PixelData = plane.tobytes()
    volume, _ = anat(save(*objects))
    assert np.isnan(volume.data[0, 0]).all()
    assert np.isnan(volume.data).sum() == 4


def test_nothing_personal_is_told(save):
    _, facts = anat(save(*slices(StudyDescription="SOMEONE", PatientName="Doe^Jane", StationName="STATION7")))
    assert facts == {
        "Modality": "MR",
        "Manufacturer": "Synthetic",
        "ManufacturersModelName": "Biograph",
        "Units": "arbitrary",
        "SkullStripped": False,
        "Simulated": False,
        "Warnings": [],
    }


def test_a_scan_of_a_tracer_is_no_anatomy(save, pet_slices, nm_object, enhanced):
    message = "is neither an MR nor a CT image"
    refusal(save(*pet_slices(), folder="pet"), "anat_kind", message)
    refusal(save(nm_object(), folder="nm"), "anat_kind", message)
    refusal(save(enhanced(), folder="enhanced"), "anat_kind", message)


@pytest.mark.parametrize("objects", [slices(MR), slices(CT), [frames()], [frames(ENHANCED_CT)]])
def test_an_anatomy_is_no_scan_of_a_tracer(save, objects):
    assert refused(save(*objects)).code == "sop_class"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Modality": "PT"}, "anat_kind"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "anat_image"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, "anat_image"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, "anat_image"),
        ({"ImageType": ["DERIVED", "SECONDARY"]}, "anat_image"),
        ({"EchoTime": "96"}, "anat_weighting"),
        ({"RescaleSlope": "0", "RescaleIntercept": "0"}, "rescale_slope"),
        ({"PixelSpacing": [6, 6]}, "anat_thick"),
        ({"PixelSpacing": None}, "geometry_missing"),
        ({"ImagePositionPatient": None}, "geometry_missing"),
        ({"ImagePositionPatient": [0, 0, 0]}, "anat_several"),
        ({"SamplesPerPixel": 3}, "pixels"),
        ({"PixelData": None}, "file_damaged"),
    ],
)
def test_an_mr_that_cannot_lead_is_refused(save, changes, code):
    refusal(save(*slices(**changes)), code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"RescaleIntercept": None}, "rescale_slope"),
        ({"RescaleType": "US"}, "units"),
        ({"RescaleIntercept": 0}, "rescale_intercept"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "anat_image"),
    ],
)
def test_a_ct_that_is_not_in_hounsfield_units_is_refused(save, changes, code):
    refusal(save(*slices(CT, **changes)), code)


def test_thick_slices_are_refused(save):
    thick = Grid((1, 0, 0), (0, 1, 0), step=6.0)
    refusal(save(*slices(grid=thick)), "anat_thick", "6 mm apart; at most 5 mm")


def test_slices_that_are_not_one_stack_are_refused(save):
    refusal(save(*(slices()[k] for k in (0, 1, 3)), *slices(grid=AXIAL, counts=stored((6, 5, 6)))[4:]), "slice_spacing")
    two = [*slices(), *slices(SeriesInstanceUID="1.2.3.5")]
    refusal(
        save(*two, folder="two"),
        "mixed_series",
        r"anat_series of participants.tsv \(.*\): 6694f83c",
    )
    odd = slices()
    odd[1].ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    refusal(save(*odd, folder="odd"), "mixed_orientation")
    moved = slices()
    moved[1].FrameOfReferenceUID = "1.2.4"
    refusal(save(*moved, folder="moved"), "mixed_series", "FrameOfReferenceUID")
    echoes = slices()
    echoes[1].EchoTime = "5.4"
    refusal(save(*echoes, folder="echoes"), "anat_several", "2 echo times")
    refusal(save(slices()[0], folder="one"), "slice_single")
    refusal(save(frames(), frames(), folder="objects"), "mixed_series")


def test_one_series_of_several_is_named_by_its_code(save):
    other = slices(counts=stored() + 100, SeriesInstanceUID="1.2.3.5")
    volume, _ = convert_anat(save(*slices(), *other), "sub-01_anat", "6694f83c")
    assert volume.data.max() == stored().max()


def nifti(path, data=None, **told):
    volume = np.arange(60, dtype=np.float32).reshape(3, 4, 5) - 1000 if data is None else data
    image = nib.Nifti1Image(volume, np.diag([1.0, 1.2, 2.0, 1.0]))
    image.set_qform(image.affine, code=1)
    nib.save(image, path)
    if told:
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(told))
    return path


@pytest.mark.parametrize(
    ("name", "told", "kind"),
    [
        ("sub-01_T1w.nii.gz", {}, "MR"),
        ("sub-01_CT.nii.gz", {}, "CT"),
        ("sub-01_ct.nii.gz", {}, "CT"),
        ("head.nii.gz", {"Modality": "MR", "Manufacturer": "Doe Jane", "PatientName": "x"}, "MR"),
        ("sub-01_T1w.nii.gz", {"Modality": "MR"}, "MR"),
    ],
)
def test_name_or_json_tell_the_kind_of_a_nifti_image(tmp_path, name, told, kind):
    volume, facts = anat(nifti(tmp_path / name, **told))
    assert volume.data.shape == (3, 4, 5)
    assert facts["Modality"] == kind
    assert facts["Units"] == {"MR": "arbitrary", "CT": "HU"}[kind]
    assert facts.get("Manufacturer") in (None, "unlisted")
    assert "PatientName" not in facts


@pytest.mark.parametrize(
    ("name", "told", "code"),
    [
        ("head.nii.gz", {}, "anat_kind"),
        ("aT1w.nii.gz", {}, "anat_kind"),
        ("sub-01_CT.nii.gz", {"Modality": "MR"}, "anat_kind"),
        ("sub-01_T1w.nii.gz", {"Modality": "PT"}, "image_modality"),
        ("sub-01_T1w.nii.gz", {"Modality": ["MR"]}, "image_modality"),
    ],
)
def test_a_nifti_image_of_doubtful_kind_is_refused(tmp_path, name, told, code):
    refusal(nifti(tmp_path / name, **told), code)


def test_a_nifti_ct_without_air_is_refused(tmp_path):
    refusal(nifti(tmp_path / "a_CT.nii.gz", np.arange(60, dtype=np.float32).reshape(3, 4, 5)), "rescale_intercept")


def test_a_refused_image_is_not_read_as_one(tmp_path):
    write_refusal(tmp_path / "a_T1w.nii.gz", Refusal("convert", "anat_kind", "no"))
    with pytest.raises(RefusedError):
        anat(tmp_path / "a_T1w.nii.gz")


def test_an_anatomical_nifti_image_is_no_scan_of_a_tracer(tmp_path):
    told = {"Modality": "CT", "Units": "Bq/mL", "AttenuationCorrection": "CT", "ImageDecayCorrected": True}
    with pytest.raises(ImageError, match="is of Modality CT; PT or NM is needed") as caught:
        convert(nifti(tmp_path / "a.nii.gz", TracerRadionuclide="F18", **told))
    assert caught.value.code == "image_modality"


def test_messages_name_the_file_by_its_place(save):
    with pytest.raises(DicomError, match=r"sub-01_anat: file \d of 4: has an echo time of 96 ms"):
        anat(save(*slices(EchoTime="96")))
