"""One participant of the simulated trial: anatomy, stroke, scans as DICOM, truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pet_spect.model import Side, Volume
from pet_spect.simulate.anatomical_image import scan_anat
from pet_spect.simulate.design import INFARCT_CORE, SESSIONS, Case, Trial
from pet_spect.simulate.heads.anatomy import Anatomy
from pet_spect.simulate.heads.standard_head import Head
from pet_spect.simulate.heads.stroke import infarct, remaining
from pet_spect.simulate.population import draw_person
from pet_spect.simulate.scanner import TARGET, Scanner, region_ratios, scan, seen_by
from pet_spect.simulate.writers.anatomical_series import AnatHeader, write_anat_series
from pet_spect.simulate.writers.common import F18, I123, Nuclide
from pet_spect.simulate.writers.nm_object import NmHeader, write_nm_recon
from pet_spect.simulate.writers.pet_series import PetHeader, write_pet_series

_HEAD_CENTRE_MM = np.array([0.0, -18.0, 6.0])
_ROTATION_DEGREES = 8.0
_SHIFT_MM = 15.0
_FIRST_TREATMENT = datetime(2001, 3, 5)
_ANAT_STREAM = 1
_BASELINE_DAY, _FOLLOW_UP_DAY, _DAYS_EARLY_OR_LATE = -20, 365, 14


@dataclass(frozen=True)
class Protocol:
    """Administration of a tracer.

    Attributes
    ----------
    nuclide : Nuclide
    dose_mbq : tuple of float
        Least and most.
    uptake_minutes : float
        From injection to scan.
    suv : float
        SUV of uptake 1.
    """

    nuclide: Nuclide
    dose_mbq: tuple[float, float]
    uptake_minutes: float
    suv: float


PROTOCOLS: Mapping[str, Protocol] = {
    "FDG": Protocol(F18, (200.0, 244.0), 60.0, 8.0),
    "IMZ": Protocol(I123, (151.0, 184.0), 180.0, 5.0),
}
"""Any two visits agree within the limits of `pet_spect.quantify.cohort.protocol`: 20 % of the dose, 10 min."""

MOST_LATE_MIN = 6


@dataclass(frozen=True)
class Written:
    """Table rows of one participant's scans.

    Attributes
    ----------
    scans : list of dict
        Rows of scans.tsv.
    truth : list of dict
        Rows of truth.tsv.
    """

    scans: list[dict[str, Any]]
    truth: list[dict[str, Any]]


def random_pose(rng: np.random.Generator, *, pitch_degrees: float = _ROTATION_DEGREES) -> NDArray[np.float64]:
    """Draw how a head lies in the scanner.

    Parameters
    ----------
    rng : numpy random generator
    pitch_degrees : float, default 8
        Largest nod; 20 for patients who cannot lie flat. Roll and yaw are within 8 degrees.

    Returns
    -------
    (4, 4) float64 array
        Participant points to scanner points, rigid.
    """
    most = np.array([pitch_degrees, _ROTATION_DEGREES, _ROTATION_DEGREES])
    rotation = Rotation.from_euler("xyz", rng.uniform(-most, most), degrees=True).as_matrix()
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = rng.uniform(-_SHIFT_MM, _SHIFT_MM, 3) - rotation @ _HEAD_CENTRE_MM
    return pose


def true_activity(
    anatomy: Anatomy, case: Case, lost: NDArray[np.float32], tracer: str, session: str
) -> NDArray[np.float32]:
    """Return a participant's tracer distribution, noise-free and infinitely sharp.

    Parameters
    ----------
    anatomy : Anatomy
    case : Case
    lost : (X, Y, Z) float32 array
        The infarct.
    tracer, session : str

    Returns
    -------
    (X, Y, Z) float32 array
        Relative uptake. Between sessions only the ipsilesional motor cortex differs,
        by the case's improvement throughout.
    """
    left = remaining(anatomy, case.stroke, lost, core=INFARCT_CORE[tracer], diaschisis=tracer == "FDG")
    activity = anatomy.head.uptake[tracer] * left
    factor = case.motor[tracer] * (1 if session == SESSIONS[0] else 1 + case.improvement[tracer])
    activity[np.isin(anatomy.head.labels, anatomy.head.labels_of([TARGET], case.stroke.side))] *= np.float32(factor)
    return np.asarray(activity, dtype=np.float32)


def simulate_participant(
    head: Head, trial: Trial, index: int, out: Path, standard_anat: NDArray[np.float32] | None = None
) -> Written:
    """Make one participant's scans.

    Parameters
    ----------
    head : Head
        The standard head, at ``trial.step``.
    trial : Trial
    index : int
        Which participant, counted from 0. What is drawn depends on it and on the seed alone.
    out : Path
        Folder of the trial; ``dicom/<participant>/ses-<session>/<tracer>`` is written in it.
    standard_anat : (X, Y, Z) float32 array, optional
        Needed where the trial has anatomical images (`pet_spect.simulate.anatomical_image.standard_anat`,
        on the grid of `head`); ``dicom/<participant>/anat`` is written as well.

    Returns
    -------
    Written
    """
    rng = np.random.default_rng([trial.seed, index])
    case, name = trial.case(index), trial.participant_id(index)
    anatomy, _ = draw_person(head, rng)
    lost = infarct(anatomy, case.stroke, rng)
    treatment = _FIRST_TREATMENT + timedelta(days=int(rng.integers(0, 300)))
    scans, truth = [], []
    for session, tracer in trial.scans(index):
        activity = true_activity(anatomy, case, lost, tracer, session)
        scanner = trial.scanner(index, tracer)
        noise_free = seen_by(scanner, activity, head.affine)
        days = _BASELINE_DAY if session == SESSIONS[0] else _FOLLOW_UP_DAY
        days += int(rng.integers(-_DAYS_EARLY_OR_LATE, _DAYS_EARLY_OR_LATE + 1))
        folder = f"dicom/{name}/ses-{session}/{tracer}"
        start = treatment + timedelta(days=days, hours=11, minutes=int(rng.integers(0, 240)))
        person = name.replace("sub", "SIM")
        _write_scan(out / folder, Volume(noise_free, head.affine), case, person, scanner, tracer, start, rng)
        scans.append(
            {
                "participant_id": name,
                "session": session,
                "tracer": tracer,
                "path": folder,
                "weight_kg": None if tracer == "FDG" or case.weight_in_spect_header else case.weight_kg,
                "days_since_treatment": days,
                "glucose_mg_dl": int(rng.integers(84, 116)) if tracer == "FDG" else None,
                "benzodiazepine": "no" if tracer == "IMZ" else None,
            }
        )
        of_scan = {"participant_id": name, "session": session, "tracer": tracer}
        truth += _truth_rows(of_scan, case.stroke.side, anatomy.head, activity, noise_free)
    if trial.anat is not None and standard_anat is not None:
        own = np.random.default_rng([trial.seed, index, _ANAT_STREAM])  # the scans are the same with and without
        image = scan_anat(trial.anat, standard_anat, anatomy, lost, random_pose(own), own, thin=min(trial.thin, 2))
        start = treatment + timedelta(days=_BASELINE_DAY, hours=9)
        anat_header = AnatHeader(
            start, case.weight_kg, case.height_m, case.sex, name.replace("sub", "SIM"), case.manufacturer
        )
        write_anat_series(out / f"dicom/{name}/anat", image, trial.anat, anat_header, own)
    return Written(scans, truth)


def _truth_rows(
    of_scan: Mapping[str, str],
    lesion_side: Side,
    head: Head,
    activity: NDArray[np.float32],
    noise_free: NDArray[np.float32],
) -> list[dict[str, Any]]:
    ideal, at_scanner = (region_ratios(values, head, lesion_side) for values in (activity, noise_free))
    return [
        {
            **of_scan,
            "lesion_side": lesion_side,
            "region": TARGET,
            "reference": reference,
            "ratio_scanner": at_scanner[reference],
            "ratio_ideal": ideal[reference],
        }
        for reference in ideal
    ]


def _write_scan(
    folder: Path,
    noise_free: Volume,
    case: Case,
    person: str,
    scanner: Scanner,
    tracer: str,
    start: datetime,
    rng: np.random.Generator,
) -> None:
    protocol = PROTOCOLS[tracer]
    dose_mbq = round(rng.uniform(*protocol.dose_mbq), 1)
    late = min(int(rng.integers(-4, 9)), MOST_LATE_MIN)
    minutes = protocol.uptake_minutes + late
    left = 2 ** (-minutes * 60 / protocol.nuclide.half_life_s)
    scale = protocol.suv * dose_mbq * 1e6 * left / (case.weight_kg * 1000)
    table_mm = float(rng.integers(-9000, -4000)) / 10
    volume = scan(noise_free.data, noise_free.affine, scanner, random_pose(rng), rng, scale=scale, table_mm=table_mm)
    injection = start - timedelta(minutes=minutes)
    if tracer == "FDG":
        pet = PetHeader(
            injection,
            start,
            dose_bq=dose_mbq * 1e6,
            weight_kg=case.weight_kg,
            height_m=case.height_m,
            sex=case.sex,
            patient_id=person,
            manufacturer=case.manufacturer,
        )
        write_pet_series(folder, volume, pet, rng)
        return
    spect = NmHeader(
        injection,
        start,
        dose_bq=dose_mbq * 1e6,
        weight_kg=case.weight_kg if case.weight_in_spect_header else 0.0,
        height_m=case.height_m if case.weight_in_spect_header else 0.0,
        sex=case.sex,
        patient_id=person,
        manufacturer=case.manufacturer,
        scaling=case.spect_scaling,
    )
    write_nm_recon(folder / f"{int(rng.integers(2**20)):05x}", volume, spect, spacing_sign=case.spacing_sign)
