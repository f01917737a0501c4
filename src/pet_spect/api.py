"""The library: uptake per region, ratios and changes of images already at hand.

Works without the workflow and without ANTs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import ImageError, RegionError, did_you_mean, shown
from pet_spect.imaging.atlases import AtlasSource, load_atlas
from pet_spect.imaging.brain_overlap import check_brain_overlap
from pet_spect.imaging.given_images import check_in_memory, check_not_refused
from pet_spect.imaging.images import check_rigid, read_rigid, read_volume, read_warp, volume_from_nifti
from pet_spect.imaging.lesion_mask import read_lesion_mask
from pet_spect.imaging.nifti_space import check_space as check_nifti_space
from pet_spect.model import Atlas, Side, Volume, Warp
from pet_spect.quantify.measurement import measure_scan, participant_regions
from pet_spect.quantify.membership import RESOLUTION_MM
from pet_spect.quantify.references import Reference
from pet_spect.results.library.measure_images import measure_images
from pet_spect.results.library.measure_study import measure_study
from pet_spect.results.library.uptake_tables import change_table, uptake_ratio
from pet_spect.results.registration.registered_scan import RegisteredScan, applied_blur_mm, read_registered

if TYPE_CHECKING:
    import nibabel as nib
    import pandas as pd

PathLike = str | os.PathLike[str]

__all__ = ["change_table", "extract_uptake", "measure", "uptake_ratio"]

DEFAULT_ATLAS = "CerebrA"
DEFAULT_TARGET = ("precentral",)


def measure(
    images: Any,
    atlas: AtlasSource | None = None,
    *,
    targets: str | Sequence[str] | None = None,
    references: str | Reference | Sequence[str | Reference] | Mapping[str, Any] | None = None,
    lesion_side: Side | Mapping[str, Side] | None = None,
    transforms: Mapping[str, Any] | None = None,
    tracer: str | Mapping[str, str] | None = None,
    lesion: PathLike | Mapping[str, PathLike] | None = None,
    measures: str | Sequence[str] | None = None,
    misplacement_mm: float = 0.0,
    resolution_mm: float = RESOLUTION_MM["pet"],
    blur_mm: float = 0.0,
    min_coverage: float = 0.9,
    check_space: bool = True,
) -> pd.DataFrame:
    """Measure targets against references in one or many scans, or in a finished study.

    Parameters
    ----------
    images : path, nibabel image, list or dict of them, or results folder
        A dict names its images, with a text such as ``sub-01_ses-year1_trc-FDG`` or a tuple (participant, session,
        tracer); a file is named by its name. Each volume of a four-dimensional image is a session: 1, 2, ... The
        ``results`` folder of the workflow brings its own ids, sides of the stroke, transforms, weights, lesions,
        targets and references; what the workflow measured has the rows and values of its ``ratios.tsv``. Rings round
        the lesion and treatment sites are among them where neither atlas nor targets are given.
    atlas : str, path, nibabel image, nilearn atlas object, pair or Atlas, optional
        As for `load_atlas`. Without it CerebrA, or that of the results folder.
    targets : str or sequence of str, optional
        Regions with a left and a right side, or several joined as one: ``"precentral+paracentral"``. Without it
        ``precentral``, or the target of the results folder.
    references : optional
        Names of built-in references or of those of the results folder, a `Reference`, a list of these, or a dict of
        your own: ``{"thalamus": pet_spect.Reference(("thalamus",), "contralesional")}``. Without it all that the atlas
        has the regions of.
    lesion_side : {'left', 'right'} or dict
        The side of the stroke, for all or by participant. A results folder knows it.
    transforms : dict, optional
        ``{"warp": ..., "rigid": ...}`` as for `extract_uptake`, for all images or in a dict by name. Without it an
        image lies in the space of the atlas. A results folder has its own.
    tracer : str or dict, optional
        For all images or by name. The scans of one participant and tracer tell each other's noise; without the tracer,
        and for a single scan, `value_sd` does not hold it and is NaN.
    lesion : path or dict, optional
        Lesion mask in the standard space, ``space-MNI152NLin2009cSym`` in its name, for all or by participant: the
        target is then also measured without it, as ``<region>_lesionfree``. A results folder has those that were drawn.
    measures : str or sequence of str, optional
        Of those of ``ratios.tsv``; ``all`` takes every one. Without it ``uptake_ratio``, of a results folder all.
    misplacement_mm, resolution_mm, blur_mm, min_coverage
        As for `extract_uptake`. A results folder has its own.
    check_space : bool, default True
        Refuse an image whose brain does not lie on the standard brain. False insists.

    Returns
    -------
    pandas.DataFrame
        One row per scan, target, measure and reference: participant_id, session, tracer, region, measure, reference,
        value, value_sd, repeat_ci95_low and repeat_ci95_high (the 95 % interval of repeated scans), ci95_low and
        ci95_high (that of the truth, of a results folder), numerator, denominator, coverage (the smallest of
        the regions), qc and reason. See the data dictionary of ``ratios.tsv``.

    Raises
    ------
    AtlasError, ImageError, TableError
        If a file cannot be used, an image lies elsewhere than the atlas, or the folder holds no finished run.
    RefusedError
        If an image is the placeholder of a scan that the workflow refused.
    RegionError
        If a target or reference is not one of the atlas, or the side of the stroke is not known.
    TypeError
        If a results folder is given with what it has itself.

    Examples
    --------
    >>> import nibabel as nib
    >>> atlas = load_atlas("CerebrA")
    >>> index = {(region.name, region.side): region.index for region in atlas.regions}
    >>> uptake = np.where(atlas.labels > 0, 1.0, 0.0)
    >>> uptake[atlas.labels == index["precentral", "left"]] = 0.8
    >>> image = nib.Nifti1Image(uptake.astype(np.float32), atlas.affine)
    >>> table = measure({"sub-01_ses-year1": image}, lesion_side="left", references=["contralateral", "pons"])
    >>> table[["participant_id", "session", "region", "reference", "value"]].round(3)
      participant_id session      region      reference  value
    0         sub-01   year1  precentral  contralateral    0.8
    1         sub-01   year1  precentral           pons    0.8
    """
    if isinstance(images, str | os.PathLike) and Path(images).is_dir():
        options = {"lesion_side": lesion_side, "transforms": transforms, "tracer": tracer}
        extra = [name for name, value in options.items() if value is not None]
        settings = (misplacement_mm, resolution_mm, blur_mm, min_coverage) != (0.0, RESOLUTION_MM["pet"], 0.0, 0.9)
        if extra or settings:
            raise TypeError(
                f"a results folder tells {extra[0] if extra else 'misplacement, resolution, blur and coverage'} itself"
            )
        if lesion is not None and not isinstance(lesion, Mapping):
            raise TypeError("lesion of a results folder: a dict by participant is needed")
        return measure_study(
            Path(images), atlas, targets=targets, references=references, measures=measures, lesion=lesion
        )
    return measure_images(
        images,
        DEFAULT_ATLAS if atlas is None else atlas,
        targets=targets,
        references=references,
        lesion_side=lesion_side,
        transforms=transforms,
        tracer=tracer,
        lesion=lesion,
        measures=measures,
        misplacement_mm=misplacement_mm,
        resolution_mm=resolution_mm,
        blur_mm=blur_mm,
        min_coverage=min_coverage,
        check_space=check_space,
    )


def extract_uptake(
    image: PathLike | nib.spatialimages.SpatialImage,
    atlas: AtlasSource = "CerebrA",
    *,
    results: PathLike | None = None,
    warp: PathLike | Warp | None = None,
    rigid: PathLike | NDArray[np.float64] | None = None,
    target: str | Sequence[str] | None = None,
    misplacement_mm: float | None = None,
    resolution_mm: float | None = None,
    lesion: PathLike | None = None,
    lesionfree: Sequence[str] = (),
    blur_mm: float | None = None,
    min_coverage: float = 0.9,
    check_space: bool = True,
) -> pd.DataFrame:
    """Measure every region of an atlas in one image, on the image's own grid, as ``pet-spect measure`` does.

    Parameters
    ----------
    image : path or nibabel image
        Three-dimensional, in a linear unit; NaN is outside the field of view, zero a measurement. Its header must
        say where it lies: one of qform and sform, or both alike.
        Without `results`, `warp` and `rigid` it must lie in the space of the atlas already.
    atlas : str, path, nibabel image, nilearn atlas object, pair or Atlas
        As for `load_atlas`.
    results : path, optional
        The workflow's ``results``, with `image` a scan in its own space in it. Transforms, field of view,
        misplacement and a lesion mask that was drawn are then those of its registration, and the numbers those of
        ``sub-01_seg-CerebrA_uptake.tsv``. A mask that participants.tsv names in the standard
        space is given by `lesion`.
    warp : path or Warp, optional
        Takes participant points to the standard space: the workflow's
        ``sub-01_from-MNI152NLin2009cSym_to-participant_mode-image_xfm.nii.gz``.
    rigid : path or (4, 4) float array, optional
        Takes participant points to the image's points, RAS+ mm: the workflow's
        ``..._from-scan_to-participant_mode-image_xfm.mat``. It may turn and shift only.
    target : str or sequence of str, optional
        Regions whose voxels are weighted by how certain their place is, and that are also measured without the voxels
        of the lesion, as ``<region>_lesionfree`` (NaN without one). Without it ``precentral``, if the atlas has it.
    misplacement_mm : float, optional
        How far a fold may lie from where the warp puts it (standard deviation). The larger it is, the less the edge
        of a target weighs against its heart; 0 weighs all of it alike. Without it what `results` tell, else 0; give
        what ``measure: misplacement_mm`` of the study's config says, if it is not ``auto``.
    resolution_mm : float, optional
        Resolution (FWHM) of the scanner, for these weights alone: in a sharp scan more of a misplaced change is lost.
        Without it 6, or 11 for a SPECT scan of `results`.
    lesion : path, optional
        Lesion mask in the standard space, ``space-MNI152NLin2009cSym`` in its name.
    lesionfree : sequence of str
        Further regions that are also measured without the voxels of the lesion.
    blur_mm : float, optional
        FWHM of a Gaussian that is applied before. Without it that with which the workflow measured the scan of
        `results` in this atlas, to bring a person's scans to one resolution; else 0.
    min_coverage : float, default 0.9
        Smallest fraction of a region in view for its mean to be given.
    check_space : bool, default True
        Refuse an image whose brain does not lie on the standard brain, see `pet_spect.imaging.brain_overlap`.

    Returns
    -------
    pandas.DataFrame
        Columns region, side, mean, sd, volume_ml, coverage, lesion_fraction; one row per region and
        side. See `pet_spect.quantify.measurement` for what they mean.

    Raises
    ------
    AtlasError, ImageError
        If a file cannot be used, or the image lies elsewhere than the atlas (``image_space``).
    RefusedError
        If the workflow refused the scan, or the image is the placeholder of a refused one.
    RegionError
        If no part of the atlas lies in the image, or a target is no region with two sides.
    ConfigError
        If `results` is given and the image is not named as the workflow names a scan.
    TypeError
        If `results` is given with `warp` or `rigid`, or with an image in memory.

    Examples
    --------
    >>> import nibabel as nib
    >>> from pet_spect.model import Region
    >>> labels = np.array([[[1]], [[1]], [[2]], [[2]]], dtype=np.uint8)
    >>> toy = Atlas("toy", labels, np.eye(4), (Region(1, "motor", "left"), Region(2, "motor", "right")))
    >>> image = nib.Nifti1Image(np.array([[[60]], [[62]], [[90]], [[94]]], dtype=np.float32), np.eye(4))
    >>> extract_uptake(image, toy)[["region", "side", "mean"]]
      region   side  mean
    0  motor   left  61.0
    1  motor  right  92.0
    """
    import pandas as pd

    atlas = load_atlas(atlas)
    if results is None:
        scan = _given_scan(image, warp, rigid)
    elif warp is not None or rigid is not None or not isinstance(image, str | os.PathLike):
        raise TypeError("results tells warp and rigid, of an image that is a file in them")
    else:
        scan = read_registered(Path(results), Path(image))
    if check_space and results is None:
        check_brain_overlap(scan.volume, scan.to_participant, scan.to_standard)
    regions = participant_regions(
        atlas,
        scan.to_standard,
        target=_targets(atlas, target),
        lesionfree=_known(atlas, lesionfree),
        misplacement_mm=scan.misplacement_mm if misplacement_mm is None else misplacement_mm,
        resolution_mm=scan.resolution_mm if resolution_mm is None else resolution_mm,
        lesion=scan.drawn_lesion if lesion is None else read_lesion_mask(Path(lesion), atlas),
        warp_lesion=scan.warp_lesion,
        min_coverage=min_coverage,
    )
    if blur_mm is None:
        blur_mm = 0.0 if results is None else applied_blur_mm(Path(results), Path(str(image)), atlas.name)
    measurement = measure_scan(
        scan.volume, regions, to_participant=scan.to_participant, view=scan.view, blur_mm=blur_mm
    )
    return pd.DataFrame([asdict(region) for region in measurement.uptake])


def _given_scan(
    image: PathLike | nib.spatialimages.SpatialImage,
    warp: PathLike | Warp | None,
    rigid: PathLike | NDArray[np.float64] | None,
) -> RegisteredScan:
    if isinstance(rigid, str | os.PathLike):
        rigid = read_rigid(Path(rigid))
    elif rigid is not None:
        try:
            rigid = np.asarray(rigid, dtype=np.float64)
        except (TypeError, ValueError):
            raise ImageError(f"rigid: found {shown(rigid)}, needed 4 x 4 numbers or a path") from None
        check_rigid(rigid, "rigid")
    if isinstance(image, str | os.PathLike):
        check_not_refused(Path(image))
    return RegisteredScan(
        read_volume(Path(image)) if isinstance(image, str | os.PathLike) else _in_memory(image),
        None if rigid is None else np.asarray(np.linalg.inv(rigid), dtype=np.float64),
        read_warp(Path(warp)) if isinstance(warp, str | os.PathLike) else warp,
        0.0,
        RESOLUTION_MM["pet"],
    )


def _targets(atlas: Atlas, target: str | Sequence[str] | None) -> Sequence[str]:
    have = {(region.name, region.side) for region in atlas.regions}
    sided = {name for name, side in have if side == "left" and (name, "right") in have}
    if target is None:
        return [name for name in DEFAULT_TARGET if name in sided]
    names = (target,) if isinstance(target, str) else target
    for name in names:
        if name not in sided:
            near = did_you_mean(name, sided)
            raise RegionError(f"atlas {atlas.name} has no region {shown(name)} with a left and a right side{near}")
    return names


def _known(atlas: Atlas, regions: Sequence[str]) -> Sequence[str]:
    region_names = {region.name for region in atlas.regions}
    for name in regions:
        if name not in region_names:
            raise RegionError(f"atlas {atlas.name} has no region {shown(name)}{did_you_mean(name, region_names)}")
    return regions


def _in_memory(image: nib.spatialimages.SpatialImage) -> Volume:
    check_in_memory(image)
    check_nifti_space(image, "the image")
    return volume_from_nifti(image, "the image")
