"""Decisions beyond one registration: with or without anatomy, and whose lesion counts."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from pet_spect.model import Refusal, ScanKey, Volume
from pet_spect.registration.normalise import Lesion, Normalised, normalise
from pet_spect.remarks import Remark

if TYPE_CHECKING:
    from pet_spect.registration.gates.plausibility import Gates
    from pet_spect.registration.templates.template import Template
    from pet_spect.registration.warp import Deformation

_MOST_OF_IT = 0.5


def normalise_participant(
    scans: Mapping[ScanKey, Volume],
    templates: Mapping[str, Template],
    anat: ScanKey | None,
    *,
    gates: Gates,
    deformation: Deformation,
    lesion: Lesion | None = None,
    accepted: Mapping[ScanKey, Set[str]] | None = None,
) -> Normalised:
    """Register a participant; if with an anatomical image nothing fits, again without it.

    Parameters
    ----------
    scans, templates, gates, deformation, lesion, accepted
        As in `normalise`.
    anat : ScanKey or None
        Which of the scans is the anatomical image.

    Returns
    -------
    Normalised
        The refusal of the anatomical image is among the others, also where the scans were registered without it.
    """
    result = normalise(scans, templates, gates=gates, deformation=deformation, lesion=lesion, accepted=accepted)
    if anat is None or anat not in scans or result.scans:
        return result
    # the anatomy may be at fault: with all others refused it must not cost the scans
    alone = {key: scan for key, scan in scans.items() if key != anat}
    error = result.refused[anat]
    result = normalise(alone, templates, gates=gates, deformation=deformation, lesion=lesion, accepted=accepted)
    return replace(result, refused={**result.refused, anat: error})


def lost_on_the_way(lesion: Lesion, result: Normalised) -> Refusal | None:
    """Return why a lesion did not reach the standard space: its image was refused, or it lies outside the brain."""
    if lesion.drawn_on is not None and lesion.drawn_on not in result.scans:
        return Refusal.of("normalise", Remark.of("lesion_mask_image_refused"))
    carried = 0.0 if result.lesion is None else float((result.lesion.data > 0.5).sum()) * result.lesion.voxel_ml
    drawn = float((lesion.mask.data > 0.5).sum()) * lesion.mask.voxel_ml
    if result.lesion is not None and carried < _MOST_OF_IT * _MOST_OF_IT * drawn:
        return Refusal.of("normalise", Remark.of("lesion_mask_outside", found=carried, drawn=drawn))
    return None
