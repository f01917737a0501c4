"""The lesion that somebody drew: read for the registration, which carries it to the standard space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pet_spect import images, layout
from pet_spect.errors import ImageError, without_place
from pet_spect.model import STANDARD_SPACE, Refusal, ScanKey, Volume

if TYPE_CHECKING:
    from pet_spect.registration.normalise import Lesion, Normalised

_MOST_OF_IT = 0.5


def read_lesion(participant: str, path: Path, scans: Mapping[ScanKey, Path], anat: ScanKey | None) -> Lesion:
    """Read a lesion mask and say what it was drawn on.

    Parameters
    ----------
    participant : str
        What errors call it, for a path may tell whose it is.
    path : Path
        Its name says the space, see `layout.mask_space`.
    scans : mapping of ScanKey to Path
    anat : ScanKey or None
        Under which the anatomical image is registered.

    Raises
    ------
    ImageError
        If the name says no space or that of an image that is not there, the mask cannot be read, or is empty.
        Every code starts with ``lesion_mask_``.
    """
    from pet_spect.api import read_lesion_mask
    from pet_spect.atlases import load_atlas
    from pet_spect.registration.normalise import Lesion

    name = f"the lesion mask of {participant}"
    space = layout.mask_space(path)
    if space == STANDARD_SPACE:
        return Lesion(read_lesion_mask(path, load_atlas("CerebrA"), name))
    drawn_on = anat
    if space != layout.ANAT_SPACE:
        labels = {(key.session, layout.scan_name(image).label): key for key, image in scans.items()}
        drawn_on = labels.get(space) if isinstance(space, tuple) else None
    if drawn_on is None:
        raise ImageError(
            f"{name}: its file name says {_spelled(space)}; needed is space-{STANDARD_SPACE}, space-anat with an"
            " anatomical image, or ses-SESSION_trc-LABEL of a scan of this person",
            code="lesion_mask_space",
        )
    try:
        mask = images.read_volume(path)
    except ImageError as error:
        fault = without_place(error, path)
        code = "lesion_mask_" + error.code.removeprefix("image_")
        raise ImageError(f"{name}: {fault}", code=code) from None
    if not (mask.data > 0.5).any():
        raise ImageError(f"{name}: holds no voxel above 0.5; an empty lesion mask is no mask", code="lesion_mask_empty")
    return Lesion(Volume(np.nan_to_num(mask.data), mask.affine), drawn_on)


def _spelled(space: str | tuple[str, str] | None) -> str:
    if space is None:
        return "no space"
    return f"space-{space}" if isinstance(space, str) else f"ses-{space[0]}_trc-{space[1]}"


def lost_on_the_way(lesion: Lesion, result: Normalised) -> Refusal | None:
    """Return why a lesion did not reach the standard space: its image was refused, or it lies outside the brain."""
    if lesion.drawn_on is not None and lesion.drawn_on not in result.scans:
        return Refusal("normalise", "lesion_mask_image_refused", "the image the lesion was drawn on was refused")
    found = 0.0 if result.lesion is None else float((result.lesion.data > 0.5).sum()) * _voxel_ml(result.lesion)
    drawn = float((lesion.mask.data > 0.5).sum()) * _voxel_ml(lesion.mask)
    if result.lesion is not None and found < _MOST_OF_IT * _MOST_OF_IT * drawn:
        return Refusal(
            "normalise",
            "lesion_mask_outside",
            f"{found:.1f} mL of the {drawn:.1f} mL of the lesion mask reach the standard space",
        )
    return None


def lesion_record(result: Normalised, fault: Refusal | None, *, given: bool) -> dict[str, Any] | None:
    """Return what the record says of the lesion: where it is from, how large it is on each side, what was wrong.

    ``SeenMl`` is what the leading image itself shows, also where a mask was given.
    """
    from pet_spect.registration.lesion import volume_by_side

    if result.lesion is None or result.seen_ml is None:
        return None
    return {
        "Source": "given" if given and fault is None else "estimated",
        "VolumeMl": dict(zip(("left", "right"), volume_by_side(result.lesion), strict=True)),
        "SeenMl": dict(zip(("left", "right"), result.seen_ml, strict=True)),
        "Code": None if fault is None else fault.code,
        "Reason": None if fault is None else fault.reason,
    }


def _voxel_ml(volume: Volume) -> float:
    return float(abs(np.linalg.det(volume.affine[:3, :3])) / 1000)
