"""Objects built to the published descriptions of the IBSI family: voxels of SUV 0.20, 1.00 and 4.00 must read so.

70 kg, 1.75 m, 368.08 MBq at 10:00, measured from 11:00 for 300 s unless a case says otherwise. The stored
value of each case is worked out here from its own definition, not with the code under test.
"""

import numpy as np
import pytest

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared

SUVS = np.array([0.2, 1.0, 1.0, 4.0])
DOSE, WEIGHT_G, HEIGHT_CM = 368.08e6, 70_000.0, 175.0
LAMBDA = np.log(2) / 6586.2


def mean_activity(duration):
    """Return mean over initial activity of a frame."""
    return -np.expm1(-LAMBDA * duration) / (LAMBDA * duration)


def activity(hours=1.0):
    """Return Bq/mL that are SUV 1 so long after the injection."""
    return DOSE * np.exp(-LAMBDA * 3600 * hours) / WEIGHT_G


def lean_james(sex):
    return {"M": 1.10 * 70 - 128 * 0.16, "F": 1.07 * 70 - 148 * 0.16}[sex]


def lean_janma(sex):
    index = 70 / 1.75**2
    return 9270 * 70 / {"M": 6680 + 216 * index, "F": 8780 + 244 * index}[sex]


def ideal(sex):
    return {"M": 48.0 + 1.06 * 23, "F": 45.5 + 0.91 * 23}[sex]


def of_sex(mass, sex):
    return (mass("M") + mass("F")) / 2 if sex == "O" else mass(sex)


SURFACE = 0.007184 * 70**0.425 * 175**0.725 * 1e4


@pytest.fixture
def suv_of(pet_slices, save, drug):
    """Return a function that gives the SUV of an object whose slices are `unit` times 0.2, 1, 1 and 4."""

    def read(unit, drug_changes=None, each=None, **changes):
        item = drug(RadionuclideTotalDose=f"{DOSE:.0f}", **(drug_changes or {}))
        slices = pet_slices(np.ones((4, 6, 5)), RadiopharmaceuticalInformationSequence=item, **changes)
        units = np.broadcast_to(unit, 4)
        for ds, value, scale in zip(slices, SUVS, units, strict=True):
            ds.RescaleSlope = f"{value * scale / 1000:.12g}"[:16]
            ds.PixelData = np.full((6, 5), 1000, "<i2").tobytes()
        for number, ds in enumerate(slices):
            if each is not None:
                each(number, ds)
        volume, facts = convert_scan(save(*slices), Declared(), "sub-01")
        return volume.data[0, 0] * facts["SUVbwFactor"], facts

    return read


def check(found):
    suv, _ = found
    np.testing.assert_allclose(suv, SUVS, rtol=1e-6)


def test_several_slopes(suv_of):
    check(suv_of(activity()))


@pytest.mark.parametrize("sex", ["M", "F", "O"])
@pytest.mark.parametrize(
    ("kind", "mass"), [("LBMJAMES128", lean_james), ("LBMJANMA", lean_janma), ("IBW", ideal)], ids=lambda k: str(k)[:12]
)
def test_gml_of_every_variant_and_sex(suv_of, kind, mass, sex):
    suv, facts = suv_of(of_sex(mass, sex) / 70, Units="GML", SUVType=kind, PatientSex=sex)
    np.testing.assert_allclose(suv, SUVS, rtol=1e-6)
    assert (facts["SUVVariant"], facts["SUVMethod"]) == (kind, "SUV of another variant")


def test_cm2ml(suv_of):
    check(suv_of(SURFACE / WEIGHT_G, Units="CM2ML"))


def philips(element, value):
    def add(number, ds):
        ds.private_block(0x7053, "Philips PET Private Group", create=True).add_new(element, "DS", str(value))

    return add


def test_counts_with_the_philips_activity_factor(suv_of):
    suv, facts = suv_of(activity() / 1.25, Units="CNTS", each=philips(0x09, 1.25))
    np.testing.assert_allclose(suv, SUVS, rtol=1e-6)
    assert facts["SUVMethod"] == "Philips activity factor"


def test_counts_with_the_philips_suv_factor(suv_of):
    check(suv_of(1 / 0.0005, Units="CNTS", each=philips(0x00, 0.0005)))


def test_corrected_to_administration(suv_of):
    check(suv_of(activity(0.0), DecayCorrection="ADMIN"))


@pytest.mark.parametrize(
    ("group", "creator", "element"), [(0x0009, "GEMS_PETD_01", 0x0D), (0x0071, "SIEMENS MED PT", 0x22)]
)
def test_private_decay_time_where_the_series_time_is_later(suv_of, group, creator, element):
    def add(number, ds):
        ds.private_block(group, creator, create=True).add_new(element, "DT", "20250101105000.00")

    suv, facts = suv_of(activity(50 / 60), SeriesTime="113000", each=add)
    np.testing.assert_allclose(suv, SUVS, rtol=1e-6)
    assert facts["SUVTimeSource"] == "explicit"


def test_not_corrected_with_beds_at_different_times(suv_of):
    def later(number, ds):
        ds.AcquisitionTime = f"11{5 * (number // 2):02d}00"

    hours = 1 + np.array([0, 0, 5, 5]) / 60
    unit = activity(hours) * mean_activity(300.0)
    check(suv_of(unit, DecayCorrection="NONE", CorrectedImage=["ATTN", "SCAT"], each=later))


def test_not_corrected_counts_with_the_philips_activity_factor(suv_of):
    def later(number, ds):
        ds.AcquisitionTime = f"11{5 * (number // 2):02d}00"
        philips(0x09, 1.25)(number, ds)

    hours = 1 + np.array([0, 0, 5, 5]) / 60
    unit = activity(hours) * mean_activity(300.0) / 1.25
    check(suv_of(unit, DecayCorrection="NONE", CorrectedImage=["ATTN"], Units="CNTS", each=later))


def test_series_time_after_the_acquisition_of_all_beds(suv_of):
    def later(number, ds):
        minutes = 5 * (number // 2)
        ds.AcquisitionTime = f"11{minutes:02d}00"
        ds.FrameReferenceTime = str(1000 * (60 * minutes + 149.605))

    suv, facts = suv_of(activity(), SeriesTime="113000", each=later)
    np.testing.assert_allclose(suv, SUVS, rtol=1e-5)
    assert facts["SUVTimeSource"] == "frame reference time"


def test_only_a_full_date_and_time_of_injection(suv_of):
    check(
        suv_of(
            activity(),
            {"RadiopharmaceuticalStartTime": None, "RadiopharmaceuticalStartDateTime": "20250101100000.00"},
        )
    )


AFTER_MIDNIGHT = {
    "SeriesDate": "20250102",
    "AcquisitionDate": "20250102",
    "SeriesTime": "003000",
    "AcquisitionTime": "003000",
}


@pytest.mark.parametrize(
    "injection",
    [
        {"RadiopharmaceuticalStartTime": "233000"},
        {"RadiopharmaceuticalStartTime": "233000", "RadiopharmaceuticalStartDateTime": "20250101233000"},
        # one date shifted by de-identification and the other not
        {"RadiopharmaceuticalStartTime": "233000", "RadiopharmaceuticalStartDateTime": "19000101233000"},
    ],
    ids=["dateless", "dated", "anonymised"],
)
def test_across_midnight(suv_of, injection):
    check(suv_of(activity(), injection, **AFTER_MIDNIGHT))


def test_dated_injection_of_a_long_lived_radionuclide_may_be_days_ago(suv_of, pet_slices, save, drug):
    zirconium = drug(
        RadionuclideTotalDose=f"{DOSE:.0f}",
        RadionuclideHalfLife="282276",
        RadionuclideCodeSequence=None,
        Radiopharmaceutical="antibody",
        RadiopharmaceuticalStartDateTime="20241229110000",
        RadiopharmaceuticalStartTime="110000",
    )
    _, facts = convert_scan(save(*pet_slices(RadiopharmaceuticalInformationSequence=zirconium)), Declared(), "sub-01")
    assert facts["SUVbwFactor"] == pytest.approx(70_000 / (DOSE * 0.5 ** (3 * 86400 / 282276)))


def test_dateless_injection_of_a_long_lived_radionuclide_gives_no_suv(pet_slices, save, drug):
    zirconium = drug(RadionuclideHalfLife="282276", RadionuclideCodeSequence=None, Radiopharmaceutical="antibody")
    _, facts = convert_scan(save(*pet_slices(RadiopharmaceuticalInformationSequence=zirconium)), Declared(), "sub-01")
    assert facts["SUVbwFactor"] is None
    assert facts["SUVReason"] == "the injection has no date, and this radionuclide lives long enough for another day"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PatientWeight": None}, "patient weight is missing"),
        ({"PatientWeight": "0"}, "patient weight is missing"),
        ({"Units": "GML", "SUVType": "IBW", "PatientSex": None}, "voxels are SUVibw and the patient sex is missing"),
        ({"Units": "GML", "SUVType": "IBW", "PatientSex": "X"}, "voxels are SUVibw and the patient sex is missing"),
        (
            {"Units": "GML", "SUVType": "IBW", "PatientSize": None},
            "voxels are SUVibw and the patient height is missing",
        ),
        ({"Units": "GML", "SUVType": "IBW", "PatientSize": "0"}, "voxels are SUVibw and the patient height is missing"),
        ({"Units": "CNTS"}, "voxels are counts and the header has no factor for them"),
        ({"Units": "PROPCNTS"}, "voxels are proportional to counts, which have no absolute scale"),
        ({"SeriesTime": "113000", "ActualFrameDuration": None}, "the header does not tell to which time"),
    ],
)
def test_what_a_suv_lacks_is_said_and_the_scan_stands(pet_slices, save, changes, reason):
    volume, facts = convert_scan(save(*pet_slices(**changes)), Declared(), "sub-01")
    assert facts["SUVbwFactor"] is None
    assert facts["SUVReason"].startswith(reason)
    assert volume.data.max() == 119


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"RadionuclideTotalDose": None}, "injected dose is missing"),
        ({"RadionuclideTotalDose": "-368080000"}, "dose -3.6808e+08 in the header is neither Bq nor MBq"),
        ({"RadiopharmaceuticalStartTime": None}, "injection time is missing"),
        ({"RadionuclideHalfLife": None, "RadionuclideCodeSequence": None, "Radiopharmaceutical": "X"}, "half-life"),
    ],
)
def test_what_an_injection_lacks_is_said(pet_slices, save, drug, changes, reason):
    _, facts = convert_scan(
        save(*pet_slices(RadiopharmaceuticalInformationSequence=drug(**changes))), Declared(), "sub-01"
    )
    assert facts["SUVbwFactor"] is None
    assert facts["SUVReason"].startswith(reason)
