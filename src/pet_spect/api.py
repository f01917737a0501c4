"""The library: uptake per region, ratios and changes of images already at hand.

Works without the workflow and without ANTs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegionError, TableError, listed, shown
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import check_rigid, read_rigid, read_volume, read_warp, volume_from_nifti
from pet_spect.imaging.lesion_mask import read_lesion_mask
from pet_spect.imaging.nifti_space import check_space
from pet_spect.model import Atlas, RegionSide, ScanKey, Side, Volume, Warp
from pet_spect.quantify.cohort.change import Change, changes
from pet_spect.quantify.measurement import measure_scan, participant_regions
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.references import BUILT_IN, Reference
from pet_spect.quantify.roles import RegionRoles, RegionValue, ScanUptake, reference_value, target_value
from pet_spect.quantify.uptake import LESIONFREE
from pet_spect.results.registered_scan import RegisteredScan, read_registered

if TYPE_CHECKING:
    import nibabel as nib
    import pandas as pd

PathLike = str | os.PathLike[str]

DEFAULT_TARGET = ("precentral",)


def extract_uptake(
    image: PathLike | nib.spatialimages.SpatialImage,
    atlas: str | Atlas | tuple[PathLike, PathLike] = "CerebrA",
    *,
    results: PathLike | None = None,
    warp: PathLike | Warp | None = None,
    rigid: PathLike | NDArray[np.float64] | None = None,
    target: str | Sequence[str] | None = None,
    misplacement_mm: float | None = None,
    lesion: PathLike | None = None,
    lesionfree: Sequence[str] = (),
    blur_mm: float = 0.0,
    min_coverage: float = 0.9,
) -> pd.DataFrame:
    """Measure every region of an atlas in one image, on the image's own grid, as ``pet-spect measure`` does.

    Parameters
    ----------
    image : path or nibabel image
        Three-dimensional, in a linear unit; NaN is outside the field of view, zero a measurement. Its header must
        say where it lies: one of qform and sform, or both alike.
        Without `results`, `warp` and `rigid` it must lie in the space of the atlas already.
    atlas : str, Atlas, or pair of paths
        Name of a shipped atlas, an atlas in memory, or a label image and its table.
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
    lesion : path, optional
        Lesion mask in the standard space, ``space-MNI152NLin2009cSym`` in its name.
    lesionfree : sequence of str
        Further regions that are also measured without the voxels of the lesion.
    blur_mm : float, default 0
        FWHM of a Gaussian that is applied before; ``AppliedBlurFWHMmm`` where the workflow measures at a common
        resolution.
    min_coverage : float, default 0.9
        Smallest fraction of a region in view for its mean to be given.

    Returns
    -------
    pandas.DataFrame
        Columns region, side, mean, sd, volume_ml, coverage, lesion_fraction; one row per region and
        side. See `pet_spect.quantify.measurement` for what they mean.

    Raises
    ------
    AtlasError, ImageError
        If a file cannot be used.
    RefusedError
        If the workflow refused the scan.
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

    if not isinstance(atlas, Atlas):
        atlas = load_atlas(atlas) if isinstance(atlas, str) else load_atlas(Path(atlas[0]), Path(atlas[1]))
    if results is None:
        scan = _given_scan(image, warp, rigid)
    elif warp is not None or rigid is not None or not isinstance(image, str | os.PathLike):
        raise TypeError("results tells warp and rigid, of an image that is a file in them")
    else:
        scan = read_registered(Path(results), Path(image))
    regions = participant_regions(
        atlas,
        scan.to_standard,
        target=_targets(atlas, target),
        lesionfree=_known(atlas, lesionfree),
        misplacement_mm=scan.misplacement_mm if misplacement_mm is None else misplacement_mm,
        lesion=scan.drawn_lesion if lesion is None else read_lesion_mask(Path(lesion), atlas),
        warp_lesion=scan.warp_lesion,
        min_coverage=min_coverage,
    )
    found = measure_scan(scan.volume, regions, to_participant=scan.to_participant, view=scan.view, blur_mm=blur_mm)
    return pd.DataFrame([asdict(region) for region in found.uptake])


def _given_scan(
    image: PathLike | nib.spatialimages.SpatialImage,
    warp: PathLike | Warp | None,
    rigid: PathLike | NDArray[np.float64] | None,
) -> RegisteredScan:
    if isinstance(rigid, np.ndarray):
        check_rigid(rigid, "rigid")
    elif rigid is not None:
        rigid = read_rigid(Path(rigid))
    return RegisteredScan(
        read_volume(Path(image)) if isinstance(image, str | os.PathLike) else _in_memory(image),
        None if rigid is None else np.asarray(np.linalg.inv(rigid), dtype=np.float64),
        read_warp(Path(warp)) if isinstance(warp, str | os.PathLike) else warp,
        0.0,
    )


def _targets(atlas: Atlas, target: str | Sequence[str] | None) -> Sequence[str]:
    have = {(region.name, region.side) for region in atlas.regions}
    sided = {name for name, side in have if side == "left" and (name, "right") in have}
    if target is None:
        return [name for name in DEFAULT_TARGET if name in sided]
    names = (target,) if isinstance(target, str) else target
    for name in names:
        if name not in sided:
            raise RegionError(f"atlas {atlas.name} has no region {shown(name)} with a left and a right side")
    return names


def _known(atlas: Atlas, regions: Sequence[str]) -> Sequence[str]:
    for name in regions:
        if name not in {region.name for region in atlas.regions}:
            raise RegionError(f"atlas {atlas.name} has no region {shown(name)}")
    return regions


def _in_memory(image: nib.spatialimages.SpatialImage) -> Volume:
    check_space(image, "the image")
    return volume_from_nifti(image, "the image")


def uptake_ratio(
    uptake: pd.DataFrame,
    *,
    lesion_side: Side,
    reference: str | Reference,
    target: str | Sequence[str] = "precentral",
) -> float:
    """Return the uptake of the target on the side of the stroke over that of a reference.

    Parameters
    ----------
    uptake : pandas.DataFrame
        As `extract_uptake` returns it.
    lesion_side : {'left', 'right'}
        The side of the stroke.
    reference : str or Reference
        A built-in one by its name: ``contralateral``, ``cerebellum_ipsilesional``, ``cerebellum_contralesional``,
        ``cerebellum``, ``pons`` or ``hemisphere_contralesional``; or a `Reference` of your own, as another atlas needs.
    target : str or sequence of str, default 'precentral'
        Several regions are joined by volume. ``precentral_lesionfree`` is the target without the voxels of the lesion.

    Returns
    -------
    float
        NaN if one of the regions has no mean or the reference is not positive.

    Raises
    ------
    RegionError
        If a region is not in the table, or the side or the reference is not one of those above.

    Examples
    --------
    >>> import pandas as pd
    >>> uptake = pd.DataFrame(
    ...     {"region": ["motor", "motor"], "side": ["left", "right"], "mean": [60.0, 90.0], "volume_ml": [20.0, 20.0]}
    ... )
    >>> uptake_ratio(uptake, lesion_side="right", reference="contralateral", target="motor")
    1.5
    >>> round(uptake_ratio(uptake, lesion_side="right", reference=Reference(("motor",), "both"), target="motor"), 3)
    1.2
    """
    if lesion_side not in get_args(Side):
        raise RegionError(f"lesion_side is {lesion_side!r}, left or right is needed")
    if isinstance(reference, str):
        if reference not in BUILT_IN:
            raise RegionError(
                f"reference is {shown(reference)}, needed is one of {listed(BUILT_IN)} or a pet_spect.Reference"
            )
        reference = BUILT_IN[reference]
    values = {
        (str(region), cast(RegionSide, side)): RegionValue(mean, volume)
        for region, side, mean, volume in zip(
            uptake["region"], uptake["side"], uptake["mean"].tolist(), uptake["volume_ml"].tolist(), strict=True
        )
    }
    scan = ScanUptake(ScanKey("n/a", "n/a", "n/a"), None, values)
    names = (target,) if isinstance(target, str) else tuple(target)
    suffix = LESIONFREE if all(name.endswith(LESIONFREE) for name in names) else ""
    roles = RegionRoles(tuple(name.removesuffix(suffix) for name in names), BUILT_IN)
    numerator = target_value(scan, roles, lesion_side, suffix).mean
    denominator = reference_value(scan, reference, roles, lesion_side, suffix).mean
    return numerator / denominator if denominator > 0 else float("nan")


def change_table(ratios: pd.DataFrame, sessions: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the change of every ratio from the first session to each later one.

    Parameters
    ----------
    ratios : pandas.DataFrame
        The columns of ratios.tsv; of these, lesion_side, numerator, denominator, qc and reason may be
        left out.
    sessions : sequence of str, optional
        In order, the first being the reference; without it, in the order of the table.

    Returns
    -------
    pandas.DataFrame
        The columns of change.tsv. How sure a change is (``value_sd`` and what follows from it) is NaN: that
        takes more of the scans than the ratios tell.

    Raises
    ------
    TableError
        If a column is missing, or a participant has two rows of one kind.

    Examples
    --------
    >>> import pandas as pd
    >>> ratios = pd.DataFrame(
    ...     {
    ...         "participant_id": "sub-01", "session": ["baseline", "year1"], "tracer": "FDG", "region": "precentral",
    ...         "measure": "uptake_ratio", "reference": "contralateral", "value": [0.8, 1.0],
    ...     }
    ... )
    >>> change_table(ratios)[["baseline", "follow_up", "change_percent"]].round(1)
       baseline  follow_up  change_percent
    0       0.8        1.0            25.0
    """
    import pandas as pd

    needed = ["participant_id", "session", "tracer", "region", "measure", "reference", "value"]
    for column in needed:
        if column not in ratios.columns:
            raise TableError(f"the ratios have no column {column!r}; needed are {listed(needed)}")
    if ratios.duplicated(needed[:-1]).any():
        twice = ratios[ratios.duplicated(needed[:-1])].iloc[0]
        raise TableError(f"the ratios hold {' '.join(str(twice[column]) for column in needed[:-1])} twice")
    optional: dict[str, Any] = {
        "lesion_side": "left",
        "numerator": np.nan,
        "denominator": np.nan,
        "qc": "pass",
        "reason": "",
    }
    complete = ratios.assign(**{name: value for name, value in optional.items() if name not in ratios.columns})
    complete["reason"] = complete["reason"].fillna("")
    names = [field.name for field in fields(Ratio) if field.name != "spread"]
    rows = [Ratio(*values) for values in complete[names].itertuples(index=False, name=None)]
    order = list(dict.fromkeys(ratios["session"])) if sessions is None else list(sessions)
    return pd.DataFrame(
        [asdict(change) for change in changes(rows, order)], columns=[field.name for field in fields(Change)]
    )
