"""SPECT objects that hold several volumes, and slices whose distance the header leaves out."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pet_spect.remarks import recall_warnings
from tests.dicom.conftest import convert, refused

SLICE, SLOT, INTERVAL, WINDOW, DETECTOR = (0x00540000 + end for end in (0x80, 0x70, 0x60, 0x10, 0x20))


def place(position=(-10, -20, 30), orientation=(1, 0, 0, 0, 1, 0)):
    item = Dataset()
    item.ImagePositionPatient, item.ImageOrientationPatient = list(position), list(orientation)
    return item


def counts(*values):
    """Return frames of one value each, (frames, 6, 5)."""
    return np.array(values)[:, None, None] * np.ones((1, 6, 5))


@pytest.fixture
def gated(nm_object):
    """Return a maker of three gates of two slices: 1, 2 / 10, 20 / 100, 200; slices vary fastest."""

    def make(**changes):
        elements = {
            "ImageType": ["DERIVED", "PRIMARY", "RECON GATED TOMO", "EMISSION"],
            "FrameIncrementPointer": [SLOT, SLICE],
            "TimeSlotVector": [1, 1, 2, 2, 3, 3],
            "SliceVector": [1, 2, 1, 2, 1, 2],
            "NumberOfTimeSlots": 3,
            "NumberOfSlices": 2,
        }
        return nm_object(counts(1, 2, 10, 20, 100, 200), 4.0, **(elements | changes))

    return make


@pytest.mark.parametrize(
    ("gate", "slices", "told"), [(1, [1, 2], "1 of 3"), (3, [100, 200], "3 of 3"), ("sum", [111, 222], "sum of 3")]
)
def test_a_gate_is_chosen_or_all_are_added(gated, save, gate, slices, told):
    volume, facts = convert(save(gated()), gate=gate)
    assert list(volume.data[0, 0]) == slices
    assert facts["Gate"] == told


def test_gates_are_told_apart_by_their_vectors_not_by_place(gated, save):
    mixed = gated(TimeSlotVector=[1, 2, 3, 1, 2, 3], SliceVector=[1, 1, 1, 2, 2, 2])
    assert list(convert(save(mixed), gate=2)[0].data[0, 0]) == [2, 100]


def test_gates_of_several_r_r_intervals_are_counted_on(gated, save):
    ds = gated(RRIntervalVector=[1, 1, 1, 1, 2, 2], TimeSlotVector=[1, 1, 2, 2, 1, 1])
    assert list(convert(save(ds), gate=3)[0].data[0, 0]) == [100, 200]


def test_gates_of_a_concentration_are_averaged(gated, save):
    unit, mapping = Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "Bq/ml", "UCUM", "unit"
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 3.0, 0.0
    mapping.MeasurementUnitsCodeSequence = Sequence([unit])
    volume, _ = convert(save(gated(RealWorldValueMappingSequence=Sequence([mapping]))), gate="sum")
    assert list(volume.data[0, 0]) == [111, 222]


@pytest.mark.parametrize(("gate", "told"), [(None, "3 gates and none is chosen"), (4, "3 gates and 4 is chosen")])
def test_gated_scan_without_a_gate_is_refused(gated, save, gate, told):
    error = refused(save(gated()), gate=gate)
    assert error.code == "gate"
    assert told in str(error)


def test_gate_with_a_slice_missing_is_refused(gated, save):
    assert refused(save(gated(TimeSlotVector=[1, 1, 2, 2, 2, 3])), gate=2).code == "frame_order"


@pytest.mark.parametrize(
    ("tag", "pointer", "key"),
    [("EnergyWindowVector", WINDOW, "energy_window"), ("DetectorVector", DETECTOR, "detector")],
)
def test_one_of_several_energy_windows_or_detectors_is_chosen(nm_object, save, tag, pointer, key):
    ds = nm_object(
        counts(1, 2, 10, 20),
        4.0,
        FrameIncrementPointer=[pointer, SLICE],
        SliceVector=[1, 2, 1, 2],
        **{tag: [1, 1, 2, 2]},
    )
    folder = save(ds)
    volume, facts = convert(folder, **{key: 2})
    assert list(volume.data[0, 0]) == [10, 20]
    assert facts[{"energy_window": "EnergyWindow", "detector": "Detector"}[key]] == "2"
    for choice, told in ((None, "none is chosen"), (3, "3 is chosen")):
        error = refused(folder, **{key: choice})
        assert error.code == key
        assert f"holds {key.replace('_', ' ')}s 1, 2 and {told}" in str(error)


def test_volume_of_one_window_needs_no_choice_though_the_acquisition_had_two(nm_object, save):
    windows = Sequence([Dataset(), Dataset()])  # photopeak and scatter
    ds = nm_object(NumberOfEnergyWindows=2, EnergyWindowInformationSequence=windows, NumberOfDetectors=2)
    assert convert(save(ds))[0].data.shape == (5, 6, 4)
    assert "EnergyWindow" not in convert(save(ds), energy_window=2)[1]


def test_detectors_that_share_one_place_need_no_choice(nm_object, save):
    ds = nm_object(NumberOfDetectors=2, DetectorInformationSequence=Sequence([place(), place()]))
    np.testing.assert_array_equal(convert(save(ds))[0].affine, convert(save(nm_object(), folder="one"))[0].affine)


def test_detectors_with_places_of_their_own_need_a_choice(nm_object, save):
    ds = nm_object(DetectorInformationSequence=Sequence([place(), place((-10, -20, 40))]))
    folder = save(ds)
    assert refused(folder).code == "detector"
    assert convert(folder, detector=2)[0].affine[2, 3] == 40
    assert refused(folder, detector=3).code == "detector"


@pytest.mark.parametrize("spacing", [None, 0])
def test_slice_thickness_stands_for_the_spacing_where_voxels_are_cubes_and_the_direction_is_declared(
    nm_object, save, spacing
):
    folder = save(nm_object(SpacingBetweenSlices=spacing, SliceThickness="2.01"))
    assert refused(folder).code == "geometry_missing"
    volume, facts = convert(folder, orientation="LPI")
    assert [w["Code"] for w in facts["Warnings"]] == ["spacing_from_thickness", "orientation_declared"]
    assert len(recall_warnings(facts["Warnings"])) == 2
    np.testing.assert_allclose(volume.voxel_size, [2, 2, 2.01])


@pytest.mark.parametrize("thickness", [None, 4])
def test_other_slice_thickness_is_no_spacing(nm_object, save, thickness):
    error = refused(save(nm_object(SpacingBetweenSlices=None, SliceThickness=thickness)), orientation="LPI")
    assert error.code == "geometry_missing"
    assert "only if voxels are cubes (PixelSpacing is 2 x 2 mm)" in str(error)


def test_radionuclide_may_be_told_by_the_name_of_the_energy_window_alone(nm_object, save):
    window = Dataset()
    window.EnergyWindowName = "I123_EM"
    _, facts = convert(save(nm_object(EnergyWindowInformationSequence=Sequence([window]))))
    assert (facts["TracerRadionuclide"], facts["RadionuclideHalfLife"]) == ("I123", 47604.3)


def test_injection_to_scan_time_is_told(nm_object, save, drug):
    nuclide = drug(RadionuclideHalfLife=None, RadiopharmaceuticalStartTime="223000")
    ds = nm_object(RadiopharmaceuticalInformationSequence=nuclide, AcquisitionDate="20250101", AcquisitionTime="003000")
    assert convert(save(ds))[1]["ScanStart"] == 7200.0


def test_transmission_is_no_emission(nm_object, save):
    error = refused(save(nm_object(ImageType=["DERIVED", "PRIMARY", "RECON TOMO", "TRANSMISSION"])))
    assert error.code == "not_emission"


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_kind_of_image_may_be_written_in_small_letters(nm_object, save):
    assert convert(save(nm_object(ImageType=["Derived", "Primary", "Recon Tomo", "Emission"])))[0].data.max() == 119


def test_gates_of_different_numbers_of_slices_are_refused(gated, save):
    ds = gated(TimeSlotVector=[1, 1, 1, 2, 2, 3], SliceVector=[1, 2, 3, 1, 2, 1])
    assert refused(save(ds), gate="sum").code == "frame_order"


def test_chosen_volume_whose_first_frame_is_not_slice_one_is_ambiguous(nm_object, save):
    ds = nm_object(
        counts(1, 2, 20, 10),
        4.0,
        FrameIncrementPointer=[DETECTOR, SLICE],
        SliceVector=[1, 2, 2, 1],
        DetectorVector=[1, 1, 2, 2],
    )
    folder = save(ds)
    assert list(convert(folder, detector=1)[0].data[0, 0]) == [1, 2]
    assert refused(folder, detector=2).code == "orientation_unknown"


def test_detector_items_that_say_nothing_do_not_count(nm_object, save):
    assert convert(save(nm_object(DetectorInformationSequence=Sequence([place(), Dataset()]))))[0].affine[2, 3] == 30


def test_orientation_outside_the_detector_item_must_not_contradict_it(nm_object, save):
    ds = nm_object()
    ds.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
    assert refused(save(ds)).code == "orientation_conflict"


@pytest.mark.parametrize(("letters", "agrees"), [("LPI", True), ("LPS", False), ("RPI", False)])
def test_declared_orientation_must_not_contradict_one_outside_the_detector_item(nm_object, save, letters, agrees):
    ds = nm_object(DetectorInformationSequence=Sequence([Dataset()]))  # spacing -4: slices run downwards
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    folder = save(ds)
    if agrees:
        assert convert(folder, orientation=letters)[0].data.max() == 119
    else:
        assert refused(folder, orientation=letters).code == "orientation_conflict"


def test_gates_in_a_unit_that_is_not_known_are_averaged(gated, save):
    unit, mapping = Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "g/ml{SUVbw}", "UCUM", "unit"
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 3.0, 0.0
    mapping.MeasurementUnitsCodeSequence = Sequence([unit])
    volume, _ = convert(save(gated(RealWorldValueMappingSequence=Sequence([mapping]))), gate="sum")
    assert list(volume.data[0, 0]) == [111, 222]
