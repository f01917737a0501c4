import math

import pytest

from pet_spect.dicom.decay import decay_constant, mean_activity_time
from pet_spect.dicom.reference_time import FrameTiming, contradicting_frame, decay_reference_time
from pet_spect.errors import DicomError

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


@pytest.mark.parametrize("elapsed", [900 + MIDDLE, 300 + MIDDLE])
def test_decay_factor_agrees_with_either_meaning_of_the_frame_reference_time(elapsed):
    frame = bed(5, 900.0, factor=math.exp(LAMBDA * elapsed))
    assert contradicting_frame([frame], TEN, LAMBDA) is None


def test_decay_factor_that_tells_another_time_contradicts():
    frames = [bed(0, 0.0, factor=1.0), bed(5, 0.0, factor=math.exp(LAMBDA * 3600))]
    assert contradicting_frame(frames, TEN, LAMBDA) == 1
