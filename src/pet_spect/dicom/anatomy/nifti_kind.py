"""The kind of an anatomical NIfTI image, MR or CT, from its name or its JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pet_spect.dicom.anatomy.rules import anat_sidecar, check_air, check_thickness
from pet_spect.dicom.bids.nifti_image import read_image
from pet_spect.dicom.objects.blank import check_is_image
from pet_spect.dicom.objects.vocabulary import known_text
from pet_spect.errors import ImageError, RefusedError
from pet_spect.files import sidecar
from pet_spect.imaging.images import read_sidecar
from pet_spect.model import Volume

_NAMED = re.compile(r"(?:^|_)(T1w|CT|ct)\.nii(\.gz)?\Z")
_USED = ("Modality", "Manufacturer", "ManufacturersModelName", "SkullStripped", "Refusal")
_KINDS = {"T1w": "MR", "CT": "CT", "ct": "CT"}


def read_anat_nifti(path: Path, called: str) -> tuple[Volume, dict[str, Any]]:
    """Return an anatomical NIfTI image and its sidecar.

    Parameters
    ----------
    path : Path
        Named ``*_T1w.nii.gz`` or ``*_CT.nii.gz``, or with a JSON beside it whose ``Modality`` is
        ``MR`` or ``CT``.
    called : str
        Name of the image in messages.

    Raises
    ------
    ImageError
        If its kind is missing or stated twice and differently, or it cannot be used.
    RefusedError
        If it is the placeholder of an image that was refused.
    """
    metadata = _metadata(path, called)
    kind = kind_of(path.name, metadata, called)
    volume = read_image(path, called)
    check_is_image(volume, called)
    check_thickness(volume.affine, called)
    check_air(volume, kind, called)
    maker, model = (metadata.get(key) for key in ("Manufacturer", "ManufacturersModelName"))
    return volume, anat_sidecar(
        kind,
        known_text("maker", maker if isinstance(maker, str) else None),
        known_text("model", model if isinstance(model, str) else None),
        skull_stripped=metadata.get("SkullStripped") is True,
        simulated=metadata.get("Simulated") is True,
    )


def _metadata(path: Path, called: str) -> Mapping[str, Any]:
    if not Path(sidecar(str(path))).is_file():
        return {}
    metadata = read_sidecar(path, called, _USED)
    if metadata.get("Refusal") is not None:
        raise RefusedError(f"{called}: is only the placeholder of an image that was refused")
    return metadata


def kind_of(name: str, metadata: Mapping[str, Any], called: str) -> str:
    """Return ``MR`` or ``CT``.

    Examples
    --------
    >>> kind_of("sub-01_T1w.nii.gz", {}, "anat"), kind_of("head.nii", {"Modality": "CT"}, "anat")
    ('MR', 'CT')
    """
    named = _NAMED.search(name)
    by_name, by_json = _KINDS[named.group(1)] if named else None, metadata.get("Modality")
    if by_json is not None and by_json not in ("MR", "CT"):
        raise ImageError(f"{called}: Modality in its JSON is not MR or CT", code="image_modality")
    if by_name is None and by_json is None:
        raise ImageError(
            f"{called}: its kind is unknown; name it *_T1w.nii.gz or *_CT.nii.gz, or say Modality MR or CT in a JSON"
            " beside it",
            code="anat_kind",
        )
    if None not in (by_name, by_json) and by_name != by_json:
        raise ImageError(f"{called}: is {by_name} by its name and {by_json} by its JSON", code="anat_kind")
    return str(by_name or by_json)
