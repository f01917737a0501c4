"""The drawn lesion of a participant, read for the registration, which carries it to the standard space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pet_spect.errors import ImageError
from pet_spect.imaging.lesion_mask import read_lesion_mask, read_mask
from pet_spect.model import STANDARD_SPACE, ScanKey, Volume
from pet_spect.results import layout

if TYPE_CHECKING:
    from pet_spect.registration.normalise import Lesion


def read_lesion(participant: str, path: Path, scans: Mapping[ScanKey, Path], anat: ScanKey | None) -> Lesion:
    """Read a lesion mask and say what it was drawn on.

    Parameters
    ----------
    participant : str
        Its name in error messages, because a path may identify the person.
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
    from pet_spect.imaging.atlases import load_atlas
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
    mask = read_mask(path, name)
    return Lesion(Volume(np.nan_to_num(mask.data), mask.affine), drawn_on)


def _spelled(space: str | tuple[str, str] | None) -> str:
    if space is None:
        return "no space"
    return f"space-{space}" if isinstance(space, str) else f"ses-{space[0]}_trc-{space[1]}"
