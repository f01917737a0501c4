import math

import pytest

from pet_spect.dicom.pet.reference_time import FrameTiming, contradicting_frame, decay_reference_time
from pet_spect.errors import DicomError
from pet_spect.nuclides import decay_constant, mean_activity_time

LAMBDA = decay_constant(6586.2)
TEN = 36_000.0
MIDDLE = mean_activity_time(LAMBDA, 300.0)


def bed(minutes, reference=None, factor=None):
    return FrameTiming(TEN + 60 * minutes, 300.0, reference, factor)


def reference(frames, explicit=None, series=None, decay=LAMBDA):
    return decay_reference_time(frames, explicit=explicit, series=series, decay=decay, name="sub-01")


def test_explicit_time_goes_before_all_others():
    found = reference([bed(0, MIDDLE), bed(5, MIDDLE)], explicit=TEN - 600, series=TEN)
    assert (found.time, found.source) == (TEN - 600, "explicit")


def test_explicit_time_after_the_first_acquisition_is_refused():
    with pytest.raises(DicomError, match="120 s after the earliest acquisition") as caught:
        reference([bed(0), bed(5)], explicit=TEN + 120)
    assert caught.value.code == "decay_time"


def test_series_time_serves_every_bed():
    found = reference([bed(5, 300_000.0), bed(0, 0.0)], series=TEN)
    assert (found.time, found.source) == (TEN, "series time")


def test_series_time_may_be_rounded():
    assert reference([bed(0), bed(5)], series=TEN + 0.5).source == "series time"


def test_series_time_written_after_the_scan_is_ignored():
    # both beds refer to 9:50: t_acq + T_ave - FRT
    frames = [bed(0, 600 + MIDDLE), bed(5, 900 + MIDDLE)]
    found = reference(frames, series=TEN + 1800)
    assert found.source == "frame reference time"
    assert found.time == pytest.approx(TEN - 600)


def test_frame_reference_times_that_disagree_give_none():
    assert reference([bed(0, MIDDLE), bed(5, MIDDLE)], series=TEN + 1800) is None


@pytest.mark.parametrize("lacking", ["frame reference", "half-life", "acquisition time"])
def test_no_rule_without_its_facts(lacking):
    frames = [FrameTiming(None if lacking == "acquisition time" else TEN, 300.0, None, None)]
    if lacking == "half-life":
        frames = [bed(0, MIDDLE)]
    assert reference(frames, series=TEN + 1800, decay=None if lacking == "half-life" else LAMBDA) is None


def factor(elapsed):
    return math.exp(LAMBDA * elapsed)


def test_decay_factor_runs_from_the_reference_to_the_middle_of_the_bed():
    assert contradicting_frame([bed(5, 300.0, factor(300 + MIDDLE))], TEN, LAMBDA) is None


# On real GE scanners AcquisitionTime is the start of the whole scan, FrameReferenceTime that of the bed.
BEDS_OF_ONE_START = [bed(0, 0.0, factor(MIDDLE)), bed(0, 1215.0, factor(1215 + MIDDLE))]


def test_beds_may_share_the_acquisition_time_of_the_scan():
    assert contradicting_frame(BEDS_OF_ONE_START, TEN, LAMBDA) is None


@pytest.mark.parametrize("away", [-1800, 600])
def test_such_beds_do_contradict_another_reference(away):
    assert contradicting_frame(BEDS_OF_ONE_START, TEN + away, LAMBDA) == 0


def test_beds_that_were_corrected_each_to_its_own_start_contradict_one_reference():
    assert contradicting_frame([bed(0, 0.0, factor(MIDDLE)), bed(25, 0.0, factor(MIDDLE))], TEN, LAMBDA) == 1


@pytest.mark.parametrize("stated", [-1.0, 1e300, 1e-300])
def test_no_decay_factor_is_too_odd_to_be_compared(stated):
    assert contradicting_frame([bed(0, -1e300, stated)], TEN - 1e9, LAMBDA) == 0


@pytest.mark.parametrize(
    ("frames", "found"),
    [
        ([bed(0, 0.0)], None),  # would put the reference after the start
        ([bed(0, 0.0, factor(MIDDLE))], TEN),
        ([bed(0, 600 + MIDDLE, factor(600 + MIDDLE))], TEN - 600),  # as the standard has it
        ([bed(10, 600.0, factor(600 + MIDDLE)), bed(0, 0.0, factor(MIDDLE))], TEN),
        (BEDS_OF_ONE_START, TEN),
        (BEDS_OF_ONE_START[1:], None),  # either the scan or the bed began at its acquisition time
        ([bed(0, 0.0, factor(3600))], None),
    ],
)
def test_frame_reference_time_is_read_as_the_decay_factor_tells(frames, found):
    told = reference(frames, series=TEN + 1800)
    assert (told and told.time) == (found and pytest.approx(found))


def test_decay_factor_that_tells_another_time_contradicts():
    frames = [bed(0, 0.0, factor=1.0), bed(5, 0.0, factor=math.exp(LAMBDA * 3600))]
    assert contradicting_frame(frames, TEN, LAMBDA) == 1
