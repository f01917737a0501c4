"""Pictures for a notebook: a scan with the outlines of its targets, and the slope plot of a change."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pet_spect.errors import ImageError, TableError, did_you_mean, listed, shown
from pet_spect.files import whole_file
from pet_spect.imaging.atlases import AtlasSource, load_atlas
from pet_spect.imaging.brain_overlap import check_brain_overlap
from pet_spect.imaging.given_images import check_thickness, given_images
from pet_spect.imaging.images import read_volume
from pet_spect.imaging.resample import apply_affine
from pet_spect.model import Atlas, ScanKey, Side, Volume
from pet_spect.quantify.comparisons import CONTRALATERAL
from pet_spect.remarks import read_cell
from pet_spect.report.pictures.canvas import LEFT, RIGHT
from pet_spect.results.library.finished_study import FinishedStudy
from pet_spect.results.library.measure_images import DEFAULT_TARGET, measure_images
from pet_spect.results.library.measure_study import measure_study, study_atlas
from pet_spect.results.library.ratio_table import wanted_targets
from pet_spect.results.library.uptake_tables import change_table

if TYPE_CHECKING:
    import nibabel as nib
    import pandas as pd
    from matplotlib.axes import Axes

PathLike = str | os.PathLike[str]

_CUTS = 5
_MOST_NAMES = 16
_LONGEST_REASON = 80
_OUT = "#8a8f98"
_CHOICES = ("tracer", "region", "measure", "reference", "session")


def plot_uptake(
    image: Any,
    atlas: AtlasSource | None = None,
    *,
    targets: str | Sequence[str] | None = None,
    reference: str = CONTRALATERAL,
    lesion_side: Side | None = None,
    participant: str | None = None,
    session: str | None = None,
    tracer: str | None = None,
    check_space: bool = True,
    output_file: PathLike | None = None,
    **options: Any,
) -> Any:
    """Show a scan with the outlines of its targets, left and right, and their ratios.

    Parameters
    ----------
    image : path, nibabel image or results folder
        One image in the space of the atlas; or the ``results`` folder of the workflow, of which `participant`,
        `session` and `tracer` choose one scan.
    atlas, targets
        As for `pet_spect.measure`.
    reference : str, default 'contralateral'
        Of the ratio in the title. For an excluded scan of a results folder the title says why it is excluded.
    lesion_side : {'left', 'right'}, optional
        The side of the stroke; a results folder knows it. Without it the title has no ratio.
    participant, session, tracer : str, optional
        Which scan of a results folder.
    check_space : bool, default True
        Refuse an image whose brain does not lie on the standard brain.
    output_file : path, optional
        Saves the picture (``.png``, ``.svg``, ``.pdf``).
    **options
        For `nilearn.plotting.plot_img`, such as ``display_mode``, ``cut_coords`` or ``title``.

    Returns
    -------
    nilearn display
        The left of the person is on the left and orange, the right is blue; both sides are lettered.

    Raises
    ------
    ImageError, TableError
        If the image cannot be used, or the choice names no scan or several.

    Examples
    --------
    >>> plot_uptake("results", participant="sub-01", session="year1", tracer="FDG")  # doctest: +SKIP
    >>> plot_uptake("scan.nii.gz", lesion_side="left", output_file="scan.png")  # doctest: +SKIP
    """
    import pandas as pd
    from nilearn import plotting

    if isinstance(image, str | os.PathLike) and Path(image).is_dir():
        study = FinishedStudy(Path(image))
        key = _chosen_scan(study, participant, session, tracer)
        scan = read_volume(study.standard_image(key))
        chosen = study_atlas(study, atlas)
        names = study.settings.roles.target_name if targets is None else targets
        every = measure_study(
            Path(image),
            atlas,
            targets=targets,
            references=reference,
            measures="uptake_ratio",
            participant=key.participant,
        )
        table = every[(every[["participant_id", "session", "tracer"]] == list(key_words(key))).all(axis=1)]
    else:
        (given_image,) = _one(given_images(image))
        key, scan, chosen = given_image.key, given_image.volume, load_atlas("CerebrA" if atlas is None else atlas)
        check_thickness(given_image)
        names = DEFAULT_TARGET if targets is None else targets
        if check_space:
            check_brain_overlap(scan, name=given_image.name)
        table = pd.DataFrame()
        if lesion_side is not None:
            table = _ratios(image, chosen, names, reference, lesion_side)
    groups = wanted_targets(names, [(region.name, region.side) for region in chosen.regions], chosen.name)
    regions = {name for group in groups for name in group}
    heading = " ".join(word for word in key_words(key) if word != "n/a")
    title = f"{heading}  {_ratios_or_why_not(table, reference)}".strip()
    outlines = {side: _outline(chosen, regions, side) for side in ("left", "right")}
    display = plotting.plot_img(
        _nifti(Volume(np.nan_to_num(scan.data), scan.affine)),
        **{
            "display_mode": "z",
            "cut_coords": _cuts(outlines["left"], outlines["right"]),
            "cmap": "gray",
            "vmin": 0.0,
            "vmax": float(np.nanpercentile(scan.data[scan.data > 0], 99.5)) if (scan.data > 0).any() else 1.0,
            "black_bg": True,
            "draw_cross": False,
            "title": title,
            **options,
        },
    )
    for side, colour in (("left", LEFT), ("right", RIGHT)):
        display.add_contours(_nifti(outlines[side]), levels=[0.5], colors=[colour], linewidths=1.2)
    if output_file is not None:
        with whole_file(Path(output_file)) as partial:
            display.savefig(str(partial))
    return display


def key_words(key: ScanKey) -> tuple[str, str, str]:
    """Return participant, session and tracer of a scan."""
    return key.participant, key.session, key.tracer


def _one(images: Sequence[Any]) -> Sequence[Any]:
    if len(images) != 1:
        raise ImageError(f"one image is needed; found {len(images)}")
    return images


def _chosen_scan(study: FinishedStudy, participant: str | None, session: str | None, tracer: str | None) -> ScanKey:
    wanted = {"participant": participant, "session": session, "tracer": tracer}
    people = [participant] if participant in study.participants else study.participants
    keys = [scan.uptake.key for who in people if who for scan in study.scans(who) if not scan.uptake.absence]
    left = keys
    for name, value in wanted.items():
        available = list(dict.fromkeys(getattr(key, name) for key in left))
        if value is not None and value not in available:
            raise TableError(
                f"{name} {shown(value)} has no scan in these results;"
                f" found {listed(available)}{did_you_mean(value, available)}"
            )
        left = [key for key in left if value is None or getattr(key, name) == value]
    if len(left) != 1:
        raise TableError(
            f"these results hold {len(left)} such scans ({listed(' '.join(key_words(key)) for key in left)}); choose"
            " one with participant=, session= and tracer="
        )
    return left[0]


def _ratios(image: Any, atlas: Atlas, targets: str | Sequence[str], reference: str, side: Side) -> pd.DataFrame:
    return measure_images(
        image,
        atlas,
        targets=targets,
        references=reference,
        lesion_side=side,
        transforms=None,
        tracer=None,
        lesion=None,
        measures=None,
        misplacement_mm=0.0,
        resolution_mm=6.0,
        blur_mm=0.0,
        min_coverage=0.9,
        check_space=False,
    )


def _ratios_or_why_not(table: pd.DataFrame, reference: str) -> str:
    """Return the values of a scan, or, if it is excluded, why; empty without either."""
    rows = [row for row in table.to_dict("records") if np.isfinite(row["value"])]
    reasons = [read_cell(row["reason"])[0].text for row in rows if row["qc"] == "fail"]
    if reasons:
        return f"excluded: {textwrap.shorten(reasons[0], _LONGEST_REASON, placeholder=' ...')}"
    values = [f"{row['region']} {row['value']:.3f}" for row in rows]
    return f"{listed(values)} ({reference})" if values else ""


def _outline(atlas: Atlas, regions: set[str], side: str) -> Volume:
    indices = [region.index for region in atlas.regions if region.name in regions and region.side == side]
    return Volume(np.isin(atlas.labels, indices).astype(np.float32), atlas.affine)


def _cuts(*outlines: Volume) -> list[float]:
    """Return heights that part the targets evenly."""
    heights = np.concatenate(
        [apply_affine(outline.affine, np.argwhere(outline.data > 0))[:, 2] for outline in outlines]
    )
    inner = np.percentile(heights, np.linspace(5, 95, _CUTS))
    return [float(height) for height in np.unique(np.rint(inner))]


def _nifti(volume: Volume) -> nib.Nifti1Image:
    import nibabel as nib

    return nib.Nifti1Image(volume.data, volume.affine)


def plot_change(
    table: pd.DataFrame,
    *,
    tracer: str | None = None,
    region: str | None = None,
    measure: str | None = None,
    reference: str | None = None,
    session: str | None = None,
    axes: Axes | None = None,
    title: str | None = None,
    output_file: PathLike | None = None,
) -> Axes:
    """Draw the slope plot of one change: a line for each participant from the first session to a later one.

    Parameters
    ----------
    table : pandas.DataFrame
        As `pet_spect.change_table` or `pet_spect.measure` returns it, or ``change.tsv`` read by pandas.
    tracer, region, measure, reference, session : str, optional
        Choose the rows; needed where the table holds more than one. The session is the later one.
    axes : matplotlib Axes, optional
        Where to draw; without it a new figure.
    title : str, optional
    output_file : path, optional
        Saves the picture (``.png``, ``.svg``, ``.pdf``).

    Returns
    -------
    matplotlib Axes
        The black line is the mean of the participants that are included; the others are grey and dashed.

    Raises
    ------
    TableError
        If the choice leaves no change, or changes of several kinds.

    Examples
    --------
    >>> import pandas as pd
    >>> ratios = pd.DataFrame(
    ...     {
    ...         "participant_id": "sub-01", "session": ["baseline", "year1"], "tracer": "FDG", "region": "precentral",
    ...         "measure": "uptake_ratio", "reference": "contralateral", "value": [0.8, 1.0],
    ...     }
    ... )
    >>> plot_change(ratios, output_file="change.png")  # doctest: +SKIP
    """
    changes = table if "follow_up" in getattr(table, "columns", ()) else change_table(table)
    wanted = dict(zip(_CHOICES, (tracer, region, measure, reference, session), strict=True))
    rows = _chosen_rows(changes, wanted)
    axes = _new_axes() if axes is None else axes
    used = rows["included"].astype(str).str.lower() == "true" if "included" in rows.columns else rows["change"].notna()
    for (_, row), is_used in zip(rows.iterrows(), used, strict=True):
        before, after = float(row["baseline"]), float(row["follow_up"])
        colour, line = (LEFT if after < before else RIGHT, "-") if is_used else (_OUT, "--")
        axes.plot([0, 1], [before, after], marker="o", color=colour, linestyle=line, linewidth=1.4)
        if len(rows) <= _MOST_NAMES and np.isfinite(after):
            place: dict[str, Any] = {"xytext": (6, 0), "textcoords": "offset points", "va": "center", "fontsize": 8}
            axes.annotate(str(row["participant_id"]), (1, after), **place)
    if used.any():
        means = rows.loc[used, ["baseline", "follow_up"]].astype(float).mean()
        axes.plot([0, 1], means.tolist(), color="black", linewidth=3, marker="o", label=f"mean of {int(used.sum())}")
        axes.legend(frameon=False)
    kind = rows.iloc[0]
    axes.set_xticks([0, 1], ["first session", str(kind["session"])])
    axes.set_xlim(-0.15, 1.35)
    axes.set_ylabel(f"{kind['measure']} ({kind['reference']})")
    axes.set_title(title if title is not None else f"{kind['tracer']} {kind['region']}")
    figure = axes.get_figure(root=True)
    if output_file is not None and figure is not None:
        with whole_file(Path(output_file)) as partial:
            figure.savefig(partial)
    return axes


def _chosen_rows(changes: pd.DataFrame, wanted: Mapping[str, str | None]) -> pd.DataFrame:
    rows = changes
    for name, value in wanted.items():
        if name not in rows.columns:
            raise TableError(f"the table has no column {name!r}; a change table is needed")
        available = [str(entry) for entry in dict.fromkeys(rows[name])]
        if value is not None and value not in available:
            raise TableError(
                f"{name} {shown(value)} has no change; found {listed(available)}{did_you_mean(value, available)}"
            )
        rows = rows if value is None else rows[rows[name] == value]
    if rows.empty:
        raise TableError("the table holds no change; two sessions of one participant are needed")
    several = {name: list(dict.fromkeys(rows[name].astype(str))) for name in _CHOICES}
    several = {name: values for name, values in several.items() if len(values) > 1}
    if several:
        name, values = next(iter(several.items()))
        raise TableError(f"the table holds changes of several kinds; choose with {name}=, one of {listed(values)}")
    return rows


def _new_axes() -> Axes:
    from matplotlib import pyplot

    _, axes = pyplot.subplots(figsize=(4.5, 4.5), layout="constrained")
    return axes
