"""Conversion of an anatomical image (MR or CT; DICOM or NIfTI) to a volume and a sidecar.

Scans of a tracer are refused here; anatomical images are refused as scans.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.anatomy.nifti_kind import read_anat_nifti
from pet_spect.dicom.anatomy.rules import anat_sidecar, check_air, check_frame, check_thickness
from pet_spect.dicom.convert import check_one_series
from pet_spect.dicom.facts.pictures import picture_remarks
from pet_spect.dicom.files.read import read_images
from pet_spect.dicom.geometry import affine_of_stack, check_affine, coincident, normal_of, plane_axes
from pet_spect.dicom.objects.blank import check_is_image
from pet_spect.dicom.objects.header import ANATOMICAL_SOP_CLASSES, Header
from pet_spect.dicom.objects.quiet import quiet
from pet_spect.dicom.objects.vocabulary import known_modality, known_text
from pet_spect.dicom.pet.classic import check_alike, needed_spacing, needed_vector
from pet_spect.dicom.pet.enhanced import flat_frames
from pet_spect.dicom.pet.series import mixed
from pet_spect.errors import DicomError
from pet_spect.files import is_nifti
from pet_spect.imaging.nifti import check_no_pair
from pet_spect.model import MOST_VOXELS, Volume

_COLUMN = "anat_series of participants.tsv"
_SAME_TEXT = ("PatientID", "FrameOfReferenceUID")
_SAME_NUMBER = ("Rows", "Columns")


def convert_anat(path: Path, label: str | None = None, series: str | None = None) -> tuple[Volume, dict[str, Any]]:
    """Return an anatomical image as a volume, and its sidecar.

    Parameters
    ----------
    path : Path
        A folder (searched recursively), a zip or tar archive, one file, or a NIfTI image whose
        kind its name or its JSON tells.
    label : str, optional
        If given, messages name the image by it and never by its path.
    series : str, optional
        Code of the one series that is meant (`pet_spect.dicom.files.read.series_code`).

    Returns
    -------
    volume : Volume
        float32, arbitrary units of MR or Hounsfield units of CT; NaN where there is padding.
    sidecar : dict
        ``Modality`` is ``MR`` or ``CT``.

    Raises
    ------
    DicomError, ImageError
        If it is no MR or CT, or anything about it is not understood.
    """
    called = label or str(path)
    if is_nifti(path):
        return read_anat_nifti(path, called)
    check_no_pair(path, called)
    with quiet():
        headers = read_images(path, label, series, ANATOMICAL_SOP_CLASSES)
        kind = _kind(headers, called)
        for header in headers:
            header.check_pixels()
            header.check_surplus()
        slices, planes = _slices(headers, called)
        volume = _volume(slices, planes, kind, called)
    check_is_image(volume, called)
    check_air(volume, kind, called)
    texts = (known_text("maker", headers[0].text("Manufacturer")), headers[0].text("ManufacturerModelName"))
    return volume, anat_sidecar(kind, texts[0], known_text("model", texts[1]), remarks=picture_remarks(headers))


def _kind(headers: Sequence[Header], called: str) -> str:
    """Return ``MR`` or ``CT``."""
    sop_class, first = check_one_series(headers, called, _COLUMN), headers[0]
    modality = first.text("Modality")
    name = ANATOMICAL_SOP_CLASSES.get(sop_class)
    if name is None:
        raise first.error(f"is neither an MR nor a CT image (Modality {known_modality(modality)})", "anat_kind")
    kind = name[-2:]
    if modality not in (None, kind):
        raise first.error(f"is a {name} object of Modality {known_modality(modality)}; the two must agree", "anat_kind")
    return kind


def _slices(headers: Sequence[Header], called: str) -> tuple[list[Header], Callable[[int], NDArray[Any]]]:
    """Return the header of each slice and what reads its stored values, of classic slices or of one object's frames."""
    first = headers[0]
    if len(headers) > 1:
        objects = [header.integer("NumberOfFrames") or 1 for header in headers]
        if max(objects) > 1:
            error = mixed(called, "several volumes", f"{len(headers)} objects")
            raise DicomError(f"{error}; name one of its files instead of the folder", code=error.code)
        return list(headers), lambda index: headers[index].frames()(0)
    if not first.items("PerFrameFunctionalGroupsSequence"):
        raise first.error("is one slice; a volume needs at least two (name the folder of its series)", "slice_single")
    stored = cache(first.frames)
    return flat_frames(first), lambda index: stored()(index)


def _volume(slices: Sequence[Header], planes: Callable[[int], NDArray[Any]], kind: str, called: str) -> Volume:
    for tag in (*_SAME_TEXT, *_SAME_NUMBER):
        values = {header.texts(tag) for header in slices}
        if len(values) > 1:
            raise mixed(called, f"slices differ in {tag}", f"{len(values)} values")
    scales = [check_frame(header, kind) for header in slices]
    echoes = {header.number("EffectiveEchoTime") or header.number("EchoTime") for header in slices}
    if len(echoes) > 1:
        raise DicomError(f"{called}: holds {len(echoes)} echo times, one is needed", code="anat_several")
    orientations = [needed_vector(header, "ImageOrientationPatient", 6) for header in slices]
    spacings = [needed_spacing(header) for header in slices]
    check_alike(slices, orientations, "ImageOrientationPatient", 1e-4, "mixed_orientation")
    check_alike(slices, spacings, "PixelSpacing", 1e-3, "mixed_spacing")
    positions = np.array([needed_vector(header, "ImagePositionPatient", 3) for header in slices])
    order = _order(positions, orientations[0], called)
    names = [slices[index].name for index in order]
    affine = affine_of_stack(positions[order], orientations[0], spacings[0], names, called)
    check_affine(affine, called)
    check_thickness(affine, called)
    rows, columns = (slices[0].integer(tag) or 0 for tag in _SAME_NUMBER)
    if rows * columns * len(order) > MOST_VOXELS:
        raise DicomError(
            f"{called}: {len(order)} slices of {rows} x {columns} are more than this program reads", code="pixels"
        )
    volume = np.empty((columns, rows, len(order)), dtype=np.float32, order="F")
    for slice_index, index in enumerate(order):
        slope, intercept = scales[index]
        with np.errstate(over="ignore"):
            plane = (planes(index) * np.float64(slope) + intercept).astype(np.float32)
        if np.isinf(plane).any():
            raise slices[index].error("has values beyond 32-bit floats; finite ones are needed", "rescale_slope")
        volume[:, :, slice_index] = plane.T
    return Volume(volume, affine)


def _order(positions: NDArray[np.float64], orientation: Sequence[float], called: str) -> list[int]:
    """Return the slices by their position along the normal; refuse two at the same position."""
    groups = coincident(positions @ normal_of(*plane_axes(orientation, called)))
    most = max(map(len, groups))
    if most > 1:
        raise DicomError(
            f"{called}: {most} slices have one position (several volumes, echoes or phases?); one volume is needed",
            code="anat_several",
        )
    if len(groups) == 1:
        raise DicomError(f"{called}: is one slice; a volume needs at least two", code="slice_single")
    return [group[0] for group in groups]
