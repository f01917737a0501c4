from dataclasses import replace
from itertools import groupby

import numpy as np
import pydicom
import pytest

from pet_spect.simulate.design import PET_SCANNERS, SESSIONS, SPECT_SCANNERS, TRACERS, Trial
from pet_spect.simulate.heads.stroke import infarct
from pet_spect.simulate.participant import random_pose, simulate_participant, true_activity
from pet_spect.simulate.population import draw_person
from pet_spect.simulate.scanner import blurred, scan

pytestmark = pytest.mark.slow

QUICK = Trial(participants=2, seed=3, step=2, thin=2)


@pytest.fixture(scope="module")
def written(head, tmp_path_factory):
    out = tmp_path_factory.mktemp("trial")
    return out, simulate_participant(head, QUICK, 0, out)


def fourier_blurred(activity, fwhm_mm, voxel_mm):
    padded = np.zeros(np.array(activity.shape) + 40)
    padded[20:-20, 20:-20, 20:-20] = activity
    spectrum = np.fft.fftn(padded)
    sigma = fwhm_mm / 2.354820045
    for axis, extent in enumerate(padded.shape):
        frequency = np.fft.fftfreq(extent, voxel_mm)
        transfer = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
        spectrum *= transfer.reshape([-1 if a == axis else 1 for a in range(3)])
    return np.fft.ifftn(spectrum).real[20:-20, 20:-20, 20:-20]


def test_truth_agrees_with_an_independent_computation(head, written):
    rng = np.random.default_rng([3, 0])
    anatomy, _ = draw_person(head, rng)
    case = QUICK.case(0)
    lost = infarct(anatomy, case.stroke, rng)
    labels = anatomy.head.labels
    # participant 1 has a stroke on the left; the numbers are those of the atlas table
    left, right = labels == 86, labels == 35
    references = {
        "contralateral": right,
        "cerebellum_ipsilesional": labels == 97,
        "cerebellum_contralesional": labels == 46,
        "cerebellum": (labels == 46) | (labels == 97),
        "pons": labels == 103,
    }
    for tracer in TRACERS:
        scanner = QUICK.scanner(0, tracer)
        for session in SESSIONS:
            activity = true_activity(anatomy, case, lost, tracer, session).astype(float)
            scattered = fourier_blurred(activity, 60.0, 2.0)
            seen = fourier_blurred(activity, scanner.fwhm_mm, 2.0)
            seen += scanner.scatter * (scattered - seen)
            for reference, mask in references.items():
                (row,) = (
                    row
                    for row in written[1].truth
                    if (row["tracer"], row["session"], row["reference"]) == (tracer, session, reference)
                )
                assert row["ratio_ideal"] == pytest.approx(activity[left].mean() / activity[mask].mean(), rel=1e-4)
                assert row["ratio_scanner"] == pytest.approx(seen[left].mean() / seen[mask].mean(), rel=5e-3)


def test_true_change_is_the_designed_improvement(written):
    ideal = {
        (row["tracer"], row["reference"], row["session"]): row["ratio_ideal"]
        for row in written[1].truth
        if row["reference"] in ("contralateral", "pons")
    }
    for tracer, reference in {key[:2] for key in ideal}:
        change = ideal[tracer, reference, "year1"] / ideal[tracer, reference, "baseline"] - 1
        assert change == pytest.approx(QUICK.case(0).improvement[tracer], abs=1e-5)


def test_truth_has_a_row_per_scan_and_reference(written):
    _, result = written
    scans = [key for key, _ in groupby(result.truth, key=lambda row: (row["session"], row["tracer"]))]
    assert scans == [(row["session"], row["tracer"]) for row in result.scans]
    assert len(result.truth) == 6 * 4


def test_grey_matter_reads_its_suv_by_the_header(written):
    out, result = written
    objects = [pydicom.dcmread(path) for path in (out / result.scans[0]["path"]).iterdir()]
    values = np.concatenate([(ds.pixel_array * float(ds.RescaleSlope)).ravel() for ds in objects])
    ds = objects[0]
    dose = ds.RadiopharmaceuticalInformationSequence[0]
    waited = (int(ds.SeriesTime[:2]) - int(dose.RadiopharmaceuticalStartTime[:2])) * 60
    waited += int(ds.SeriesTime[2:4]) - int(dose.RadiopharmaceuticalStartTime[2:4])
    at_scan = float(dose.RadionuclideTotalDose) * 0.5 ** (waited / 109.77)
    suv = values * float(ds.PatientWeight) * 1000 / at_scan
    assert 5.5 < np.percentile(suv[suv > 2], 75) < 8.5  # grey matter 8, blurred with white matter


def test_headers_and_files_of_the_scans(written, dicom_errors):
    out, result = written
    paths = [sorted((out / row["path"]).iterdir()) for row in result.scans]
    assert [len(files) for files in paths] == [35, 1, 35, 1]
    assert dicom_errors([files[0] for files in paths]) == []
    assert {str(pydicom.dcmread(files[0]).PatientName) for files in paths} == {"SIMULATED^SIM-01"}


def test_weight_is_in_the_table_where_the_header_lacks_it(head, tmp_path):
    result = simulate_participant(head, QUICK, 1, tmp_path)
    for row in result.scans:
        (first, *_) = (tmp_path / row["path"]).iterdir()
        in_header = float(pydicom.dcmread(first, stop_before_pixels=True).PatientWeight)
        assert (in_header, row["weight_kg"]) == ((56, None) if row["tracer"] == "FDG" else (0, 56))


def test_brain_is_in_view_however_the_head_lies(head):
    labelled = np.argwhere(head.labels > 0)[::100]
    points = np.c_[labelled, np.ones(len(labelled))] @ head.affine.T
    rng = np.random.default_rng(0)
    for index in range(8):
        for tracer in TRACERS:
            scanner = Trial().scanner(index, tracer)
            half = np.array(scanner.shape) * scanner.voxel_mm / 2
            placed = points @ random_pose(rng).T
            assert (np.abs(placed[:, :3]) < half).all()


def test_cases_span_the_strokes_and_changes_of_the_design():
    cases = [Trial().case(index) for index in range(8)]
    volumes = [case.stroke.volume_ml for case in cases]
    changes = [case.improvement[tracer] for case in cases for tracer in TRACERS]
    assert (min(volumes), max(volumes)) == (3, 100)
    assert (min(changes), max(changes)) == (-0.02, 0.12)
    assert 0 in changes
    assert [case.stroke.side for case in cases].count("left") == 4
    assert {case.spacing_sign for case in cases} == {1, -1}


def test_after_eight_the_cases_recur_on_the_other_side():
    trial = Trial(participants=20)
    assert trial.case(8).stroke.side == "right" != trial.case(0).stroke.side == trial.case(16).stroke.side


def test_only_the_last_participant_lacks_the_one_year_spect():
    trial = Trial(participants=8)
    assert [len(trial.scans(index)) for index in range(8)] == [4] * 7 + [3]
    assert ("year1", "IMZ") not in trial.scans(7)


@pytest.mark.parametrize(
    ("tracer", "scanners", "least", "most"), [("FDG", PET_SCANNERS, 0.06, 0.08), ("IMZ", SPECT_SCANNERS, 0.10, 0.12)]
)
def test_cortex_is_as_noisy_as_the_design_says(head, tracer, scanners, least, most):
    scanner = scanners["SIEMENS"]
    seen = blurred(head.uptake[tracer], head.affine, scanner.fwhm_mm)
    quiet = replace(scanner, noise=0.0)
    noisy, clean = (
        scan(seen, head.affine, one, random_pose(np.random.default_rng(0)), np.random.default_rng(1)).data
        for one in (scanner, quiet)
    )
    cortex = seen[np.isin(head.labels, head.labels_of(head.cortex))].mean()
    like_cortex = np.abs(clean / cortex - 1) < 0.1
    assert least < ((noisy - clean) / cortex)[like_cortex].std() < most
