"""Ratios and changes from tables at hand, as pandas data frames; also from tables that pandas read back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import MISSING as REQUIRED
from dataclasses import asdict, fields, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from pet_spect.errors import RegionError, TableError, did_you_mean, listed, shown
from pet_spect.model import RegionSide, ScanKey, Side
from pet_spect.quantify.cohort.change import Change, changes
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.references import BUILT_IN, Reference
from pet_spect.quantify.roles import RegionRoles, RegionValue, ScanUptake, reference_value, target_value
from pet_spect.quantify.uptake import LESIONFREE
from pet_spect.remarks import Remark
from pet_spect.tsv import MISSING

if TYPE_CHECKING:
    import pandas as pd

_OLD_KEYWORDS = ("cerebellum", "pons", "hemisphere")
_OF_A_SCAN = ("participant_id", "session", "tracer")


def uptake_ratio(
    uptake: pd.DataFrame,
    *,
    lesion_side: Side,
    reference: str | Reference,
    target: str | Sequence[str] = "precentral",
    **regions: Sequence[str],
) -> float:
    """Return the uptake of the target on the side of the stroke over that of a reference.

    Parameters
    ----------
    uptake : pandas.DataFrame
        As `extract_uptake` returns it, also read back from a file; or the rows of one scan of ``uptake.tsv``.
    lesion_side : {'left', 'right'}
        The side of the stroke.
    reference : str or Reference
        A built-in one by its name: ``contralateral``, ``cerebellum_ipsilesional``, ``cerebellum_contralesional``,
        ``cerebellum``, ``pons``, ``hemisphere_contralesional`` or ``whole_brain``; or a `Reference` of your own, as
        another atlas needs.
    target : str or sequence of str, default 'precentral'
        Several regions are joined by volume. ``precentral_lesionfree`` is the target without the voxels of the lesion.
    **regions : sequence of str
        Deprecated: ``cerebellum``, ``pons`` and ``hemisphere`` of 0.1.0, the regions of the built-in references that
        are called so. Give a `Reference` instead.

    Returns
    -------
    float
        NaN, with a warning that says why, if one of the regions has no mean or the reference is not positive.

    Raises
    ------
    RegionError
        If a region is not in the table, or the side or the reference is not one of those above.
    TableError
        If a column is missing, or the table holds more than one scan.

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
    if isinstance(reference, str) and reference not in BUILT_IN:
        raise RegionError(
            f"reference is {shown(reference)}, needed is one of {listed(BUILT_IN)} or a pet_spect.Reference"
            f"{did_you_mean(reference, BUILT_IN)}"
        )
    reference = _with_old_regions(reference, regions)
    scan = ScanUptake(ScanKey(MISSING, MISSING, MISSING), None, _values_of_one_scan(uptake))
    names = (target,) if isinstance(target, str) else tuple(target)
    suffix = LESIONFREE if all(name.endswith(LESIONFREE) for name in names) else ""
    roles = RegionRoles(tuple(name.removesuffix(suffix) for name in names), BUILT_IN)
    numerator = target_value(scan, roles, lesion_side, suffix)
    denominator = reference_value(scan, reference, roles, lesion_side, suffix)
    if denominator.mean > 0 and np.isfinite(numerator.mean):
        return numerator.mean / denominator.mean
    reason = numerator.reason or denominator.reason
    why = "the reference is not positive" if reason is None else reason.text
    warnings.warn(f"the ratio is NaN: {why}", stacklevel=2)
    return float("nan")


def _with_old_regions(name: str | Reference, regions: Mapping[str, Sequence[str]]) -> Reference:
    """Return a reference, if it is a built-in one of the regions that the keywords of 0.1.0 give it."""
    reference = BUILT_IN[name] if isinstance(name, str) else name
    for keyword, names in regions.items():
        if keyword not in _OLD_KEYWORDS:
            raise TypeError(f"uptake_ratio() got an unexpected keyword argument {keyword!r}")
        warnings.warn(
            f"{keyword}= of uptake_ratio is deprecated; give reference=pet_spect.Reference({tuple(names)}, side)",
            FutureWarning,
            stacklevel=3,
        )
        if isinstance(name, str) and name.startswith(keyword):
            reference = replace(reference, regions=tuple(names))
    return reference


def _check_columns(table: pd.DataFrame, needed: Sequence[str], what: str) -> None:
    if not hasattr(table, "columns"):
        raise TableError(
            f"the {what}: found {shown(table)}, needed a pandas.DataFrame; read a file with"
            " pandas.read_csv(..., sep='\\t')"
        )
    for column in needed:
        if column not in table.columns:
            if any("\t" in str(name) for name in table.columns):
                raise TableError(f"the {what} was read as one column; use pandas.read_csv(..., sep='\\t')")
            verb = "have" if what.endswith("s") else "has"
            raise TableError(f"the {what} {verb} no column {column!r}; needed are {listed(needed)}")


def _values_of_one_scan(uptake: pd.DataFrame) -> dict[tuple[str, RegionSide], RegionValue]:
    needed = ("region", "side", "mean", "volume_ml")
    _check_columns(uptake, needed, "uptake")
    known = [column for column in _OF_A_SCAN if column in uptake.columns]
    sides = uptake["side"].fillna(MISSING)  # pandas reads n/a as missing
    scans = len(uptake[known].drop_duplicates()) if known else 1
    if scans > 1 or uptake.assign(side=sides).duplicated(["region", "side"]).any():
        held = f"holds {scans} scans" if scans > 1 else "holds a region twice, so more than one scan"
        raise TableError(
            f"the table {held}; a ratio is of one: choose its rows, as with uptake[uptake['session'] == 'baseline'],"
            " or use pet_spect.measure, which gives the ratios of many scans"
        )
    for column in ("mean", "volume_ml"):
        for value in uptake[column]:  # transposing a table leaves numbers in columns of objects
            if not isinstance(value, Real):
                raise TableError(f"the uptake: column {column}: found {shown(value)}, needed numbers with a point")
    means, volumes = uptake["mean"].tolist(), uptake["volume_ml"].tolist()
    values: dict[tuple[str, RegionSide], RegionValue] = {}
    for region, side, mean, volume in zip(uptake["region"], sides, means, volumes, strict=True):
        why = None if np.isfinite(mean) else Remark.said("no_value", f"{region} ({side}) has no mean")
        values[str(region), cast(RegionSide, side)] = RegionValue(mean, volume, reason=why)
    return values


def change_table(ratios: pd.DataFrame, sessions: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the change of every ratio from the first session to each later one.

    Parameters
    ----------
    ratios : pandas.DataFrame
        As `measure` returns it, or the columns of ratios.tsv, also read back from a file; of these, lesion_side,
        numerator, denominator, qc and reason may be left out.
    sessions : sequence of str, optional
        In order, the first being the reference; without it, in the order of the table.

    Returns
    -------
    pandas.DataFrame
        The columns of change.tsv. How sure a change is (``value_sd`` and what follows from it) is NaN, and no change
        is flagged ``reference_moved``: that takes more of the scans than the ratios tell.

    Raises
    ------
    TableError
        If a column is missing, a participant has two rows of one kind, or a session is not in the table. Without
        `sessions`, if participants have their sessions in different orders: a change would have the wrong sign.

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
    _check_columns(ratios, needed, "ratios")
    ratios = ratios.assign(**{column: ratios[column].fillna(MISSING) for column in needed[:-1]})
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
    names = [field.name for field in fields(Ratio) if field.default is REQUIRED]
    rows = [Ratio(*values) for values in complete[names].itertuples(index=False, name=None)]
    order = list(dict.fromkeys(ratios["session"]))
    if isinstance(sessions, str):
        raise TableError(f"sessions: found {shown(sessions)}, needed a list of two or more, the reference first")
    for session in sessions or ():
        if session not in order:
            raise TableError(f"the ratios have no session {shown(session)}; found {listed(order)}")
    if sessions is None:
        _check_one_order(ratios, order)
    order = order if sessions is None else list(sessions)
    return pd.DataFrame(
        [asdict(change) for change in changes(rows, order)], columns=[field.name for field in fields(Change)]
    )


def _check_one_order(ratios: pd.DataFrame, order: list[str]) -> None:
    for participant, rows in ratios.groupby("participant_id", sort=False):
        places = [order.index(session) for session in dict.fromkeys(rows["session"])]
        if places != sorted(places):
            raise TableError(
                f"the sessions of {shown(participant)} have another order than those before;"
                f" give sessions=, the first being the reference; found {listed(order)}"
            )
