"""Series that hold more than one volume: time frames, beds that overlap, copies."""

import copy

import numpy as np
import pytest

from pet_spect.remarks import recall_warnings
from tests.dicom.conftest import convert, refused

LAMBDA = np.log(2) / 6586.2
# Four frames that begin 60, 70, 75 and 85 min after the injection at 10:00: start, length in minutes, counts.
FRAMES = ((60, 10, 8.0), (70, 5, 2.0), (75, 10, 4.0), (85, 5, 16.0))


BUT_ONE = np.ones((6, 5))
BUT_ONE[0, 0] = 0
"""An image of one value is refused; all tests look at the other columns."""


def mean_time(seconds):
    return np.log(LAMBDA * seconds / -np.expm1(-LAMBDA * seconds)) / LAMBDA


def clock(minutes):
    return f"{10 + int(minutes) // 60:02d}{int(minutes) % 60:02d}00"


@pytest.fixture
def dynamic(pet_slices):
    """Return a maker of a START-corrected dynamic series whose reference is 11:00, the start of its first frame."""

    def make(frames=FRAMES, **changes):
        made = []
        for start, length, counts in frames:
            middle = 60 * (start - 60) + mean_time(60 * length)
            made += pet_slices(
                np.full((4, 6, 5), counts) * BUT_ONE,
                SeriesType=["DYNAMIC", "IMAGE"],
                NumberOfTimeSlices=len(frames),
                NumberOfSlices=4,
                AcquisitionTime=clock(start),
                ActualFrameDuration=str(60_000 * length),
                FrameReferenceTime=f"{1000 * middle:.6f}",
                DecayFactor=f"{np.exp(LAMBDA * middle):.9f}",
                **changes,
            )
        for number, ds in enumerate(made):
            ds.SOPInstanceUID = f"1.2.{number + 1}"
        return made

    return make


def test_dynamic_series_is_refused_unless_a_window_is_named(dynamic, save):
    error = refused(save(*dynamic()))
    assert error.code == "not_static"
    assert "4 time frames; name the window to average (frame_window)" in str(error)


def test_frames_in_the_window_are_averaged_by_duration(dynamic, save):
    volume, facts = convert(save(*dynamic()), frame_window=(70.0, 90.0))
    assert volume.data.shape == (5, 6, 4)
    np.testing.assert_allclose(volume.data[1:], (5 * 2 + 10 * 4 + 5 * 16) / 20, rtol=1e-6)
    assert (facts["FramesAveraged"], facts["FrameDuration"], facts["ScanStart"]) == (3, [1200.0], 4200.0)
    assert facts["SUVbwFactor"] == pytest.approx(70_000 / (350e6 * np.exp(-LAMBDA * 3600)))


def test_one_frame_in_the_window_is_taken_as_it_is(dynamic, save):
    volume, facts = convert(save(*dynamic()), frame_window=(60.0, 70.0))
    assert (volume.data[1:] == 8).all()
    assert "FramesAveraged" not in facts


def test_frames_keep_their_own_slopes(dynamic, save):
    slices = dynamic()
    for ds in slices[4:8]:
        ds.RescaleSlope = "3"
    volume, _ = convert(save(*slices), frame_window=(60.0, 75.0))
    np.testing.assert_allclose(volume.data[1:], (10 * 8 + 5 * 2 * 3) / 15, rtol=1e-6)


def test_a_window_that_frames_do_not_fill_is_refused(dynamic, save):
    error = refused(save(*dynamic()), frame_window=(65.0, 90.0))  # the first frame begins at 60
    assert error.code == "frame_window"
    assert "between 65 and 90 min after injection cover 20.0 min of it, 90% are needed" in str(error)
    assert "frames run from 60.0 to 90.0 min" in str(error)


def test_a_window_needs_the_injection_time(dynamic, save):
    folder = save(*dynamic(RadiopharmaceuticalInformationSequence=None))
    assert refused(folder, frame_window=(70.0, 90.0)).code == "frame_window"


def test_a_static_scan_is_taken_as_it_is_whatever_the_window(pet_slices, save):
    assert "FramesAveraged" not in convert(save(*pet_slices()), frame_window=(10.0, 20.0))[1]


def test_undecayed_frames_are_corrected_to_the_first_that_is_used(dynamic, save):
    activity = 1000.0
    frames = []
    for start, length, _ in FRAMES:
        seconds = 60 * length
        decayed = np.exp(-LAMBDA * 60 * (start - 70)) * -np.expm1(-LAMBDA * seconds) / (LAMBDA * seconds)
        frames.append((start, length, activity * decayed * 8))  # integers: finer by a slope of 1/8
    slices = dynamic(frames, DecayCorrection="NONE", CorrectedImage=["ATTN"], RescaleSlope="0.125")
    for ds in slices:
        del ds.DecayFactor
    volume, facts = convert(save(*slices), frame_window=(70.0, 90.0))
    np.testing.assert_allclose(volume.data[1:], activity, rtol=2e-4)
    assert facts["SUVbwFactor"] == pytest.approx(70_000 / (350e6 * np.exp(-LAMBDA * 4200)))


def each_to_its_own_start(slices):
    for ds in slices:
        ds.FrameReferenceTime = f"{1000 * mean_time(float(ds.ActualFrameDuration) / 1000):.3f}"
        ds.DecayFactor = f"{np.exp(LAMBDA * float(ds.FrameReferenceTime) / 1000):.9f}"


def without_factors(slices):
    each_to_its_own_start(slices)
    for ds in slices:
        del ds.DecayFactor


@pytest.mark.parametrize("spoil", [each_to_its_own_start, without_factors])
def test_frames_that_were_corrected_each_to_its_own_start_are_not_averaged(dynamic, save, spoil):
    slices = dynamic()
    spoil(slices)
    for window in (70.0, 90.0), (70.0, 75.0):
        assert refused(save(*slices), frame_window=window).code == "frame_decay"


def test_frames_whose_reference_time_counts_from_their_start_are_averaged(dynamic, save):
    slices = dynamic()
    for ds in slices:
        ds.FrameReferenceTime = str(60_000 * (int(ds.AcquisitionTime[:2]) * 60 + int(ds.AcquisitionTime[2:4]) - 660))
        del ds.DecayFactor
    np.testing.assert_allclose(convert(save(*slices), frame_window=(70.0, 90.0))[0].data[1:], 6.5, rtol=1e-6)


def without_any_evidence(slices):
    for ds in slices:
        del ds.DecayFactor, ds.FrameReferenceTime


def test_frames_of_which_nothing_tells_that_they_have_one_reference_are_not_averaged(dynamic, save):
    slices = dynamic()
    without_any_evidence(slices)
    assert refused(save(*slices), frame_window=(70.0, 90.0)).code == "frame_decay"


def test_an_explicit_decay_time_is_evidence_enough(dynamic, save):
    slices = dynamic()
    without_any_evidence(slices)
    for ds in slices:
        ds.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250101110000.00")
    np.testing.assert_allclose(convert(save(*slices), frame_window=(70.0, 90.0))[0].data[1:], 6.5, rtol=1e-6)


def test_counts_of_frames_are_not_averaged(dynamic, save):
    assert refused(save(*dynamic(Units="PROPCNTS")), frame_window=(70.0, 90.0)).code == "frame_window"


def test_scan_may_begin_shortly_before_the_injection(dynamic, save, drug):
    late = drug(RadiopharmaceuticalStartTime="110030")
    slices = dynamic(RadiopharmaceuticalInformationSequence=late)
    volume, facts = convert(save(*slices), frame_window=(9.5, 29.5))
    np.testing.assert_allclose(volume.data[1:], 6.5, rtol=1e-6)
    assert facts["ScanStart"] == 570.0
    assert facts["SUVReason"] == "the voxels are decay-corrected to a time before the injection"


def test_a_slice_of_one_frame_that_is_missing_is_refused(dynamic, save):
    error = refused(save(*dynamic()[:-1]), frame_window=(70.0, 90.0))
    assert error.code == "frame_times"
    assert "positions hold 3 to 4 slices; time frames lack slices" in str(error)


def test_frames_of_more_than_one_bed_are_refused(dynamic, save):
    slices = dynamic()
    slices[5].AcquisitionTime = "111230"
    error = refused(save(*slices), frame_window=(70.0, 90.0))
    assert error.code == "frame_times"
    assert "slices of time frame 2 differ by 150 s in their start" in str(error)


def test_frames_that_overlap_in_time_are_refused(dynamic, save):
    slices = dynamic(((60, 10, 1.0), (65, 10, 2.0)))
    assert refused(save(*slices), frame_window=(60.0, 75.0)).code == "frame_times"


def test_one_frame_of_a_dynamic_series_is_refused(dynamic, save):
    error = refused(save(*dynamic()[:4]))
    assert error.code == "not_static"
    assert "holds one time frame of 4" in str(error)


def test_dynamic_series_of_one_frame_is_static(dynamic, save):
    assert (convert(save(*dynamic(FRAMES[:1])))[0].data[1:] == 8).all()


def test_beds_counted_as_time_slices_are_static(pet_slices, save):
    slices = pet_slices(SeriesType=["WHOLE BODY", "IMAGE"], NumberOfTimeSlices=2)
    slices[2].AcquisitionTime = slices[3].AcquisitionTime = "110500"
    assert convert(save(*slices))[1]["Warnings"] == []


def test_beds_that_overlap_are_not_merged(pet_slices, save):
    slices = pet_slices(SeriesType=["WHOLE BODY", "IMAGE"])
    again = copy.deepcopy(slices[2])
    again.AcquisitionTime = "110500"
    error = refused(save(*slices, again))
    assert error.code == "bed_overlap"
    assert "was measured at another time, while other positions were measured once" in str(error)


def test_a_slice_that_is_there_twice_is_used_once_and_told(pet_slices, save):
    slices = pet_slices()
    volume, facts = convert(save(*slices, copy.deepcopy(slices[1])))
    assert volume.data.shape == (5, 6, 4)
    (warning,) = facts["Warnings"]
    assert (warning["Code"], warning["Fields"]) == ("duplicate_slices", {"copies": 1})
    assert [caution.code for caution in recall_warnings(facts["Warnings"])] == ["duplicate_slices"]


@pytest.mark.parametrize("change", ["PixelData", "RescaleSlope"])
def test_two_slices_in_one_place_that_differ_are_refused(pet_slices, save, change):
    slices = pet_slices()
    again = copy.deepcopy(slices[1])
    if change == "PixelData":
        again.PixelData = again.PixelData[:-2] + b"\x01\x00"
    else:
        again.RescaleSlope = "1.5"
    error = refused(save(*slices, again))
    assert error.code == "slice_duplicate"
    assert "but other voxels; one volume is needed" in str(error)


def test_all_slices_in_one_place_are_no_volume(pet_slices, save):
    slices = pet_slices(ImagePositionPatient=[-10, -20, 3])
    for number, ds in enumerate(slices):
        ds.AcquisitionTime = f"11{number:02d}00"
    assert refused(save(*slices)).code == "slice_single"


@pytest.mark.parametrize(
    "times",
    [
        {"AcquisitionTime": "235800", "AcquisitionDate": None, "SeriesDate": None},  # midnight without dates
        {"AcquisitionDate": "20250102"},
    ],
)
def test_slices_of_more_than_six_hours_are_no_scan(pet_slices, save, times):
    slices = pet_slices(AcquisitionDate=times.get("AcquisitionDate", "20250101") and "20250101")
    for ds in slices:
        for keyword, value in times.items():
            if value is None and keyword in ds:
                del ds[keyword]
        ds.AcquisitionTime = "000200"
    for keyword, value in times.items():
        if value is not None:
            setattr(slices[0], keyword, value)
    assert refused(save(*slices)).code == "frame_times"
