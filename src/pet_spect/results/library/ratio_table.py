"""The table of ratios that a researcher gets: what is asked for, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from pet_spect.errors import RegionError, did_you_mean, listed, shown
from pet_spect.model import RegionSide
from pet_spect.quantify.comparisons import CONTRALATERAL, Measure
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.references import BUILT_IN, Reference, parts_of_reference, read_references

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "participant_id",
    "session",
    "tracer",
    "region",
    "measure",
    "reference",
    "value",
    "value_sd",
    "repeat_ci95_low",
    "repeat_ci95_high",
    "ci95_low",
    "ci95_high",
    "numerator",
    "denominator",
    "coverage",
    "qc",
    "reason",
)
"""Of the table: those of ratios.tsv, and `coverage`, the smallest fraction in view of the regions of the value."""

JOINED = "+"
"""Stands between the regions of one target, as in ratios.tsv: ``precentral+paracentral``."""

Parts = Sequence[tuple[str, RegionSide]]


def wanted_targets(targets: str | Iterable[str], parts: Parts, atlas: str) -> list[tuple[str, ...]]:
    """Return the regions of each target.

    Parameters
    ----------
    targets : str or iterable of str
        Each a region, or several joined by ``+``.
    parts : sequence of (region, side)
        What the atlas has.
    atlas : str
        How messages call it.

    Raises
    ------
    RegionError
        If one is no region with a left and a right side, or none is given.
    """
    wanted = []
    sided = {name for name, side in parts if side == "left" and (name, "right") in parts}
    for target in (targets,) if isinstance(targets, str) else tuple(targets):
        regions = (target,) if target in sided else tuple(dict.fromkeys(str(target).split(JOINED)))
        for name in regions:
            if name not in sided:
                fault = "has no left and right side" if name in dict(parts) else "is not a region"
                raise RegionError(f"target {shown(name)} {fault} of the atlas {atlas}{did_you_mean(name, sided)}")
        wanted.append(regions)
    if not wanted:
        raise RegionError("targets: found none, needed at least one region")
    return list(dict.fromkeys(wanted))


def wanted_references(
    references: Any, available: Mapping[str, Reference], target: Sequence[str], parts: Parts
) -> dict[str, Reference]:
    """Return the references by name.

    Parameters
    ----------
    references : None, str, Reference, sequence of these, or mapping
        Names of known ones; or of your own: a mapping of name to `Reference` or to ``{"regions": ..., "side": ...}``.
        None takes all known ones that the atlas has the regions of.
    available : mapping
    target : sequence of str
    parts : sequence of (region, side)
        What the atlas has.

    Raises
    ------
    RegionError
        If one is not known, or the atlas lacks a region of it.
    """
    if references is None:
        return {name: each for name, each in available.items() if not _lacks(each, target, parts)}
    wanted: dict[str, Reference] = {}
    if isinstance(references, Mapping):
        for name, each in references.items():
            wanted[name] = each if isinstance(each, Reference) else read_references({name: each})[name]
    else:
        for each in (references,) if isinstance(references, str | Reference) else references:
            if isinstance(each, Reference):
                wanted["_".join((*each.regions, each.side))] = each
            elif each in available:
                wanted[each] = available[each]
            else:
                raise RegionError(
                    f"reference {shown(each)} is not one of {listed(available)}; give your own as"
                    f" {{name: pet_spect.Reference(regions, side)}}{did_you_mean(str(each), available)}"
                )
    for name, each in wanted.items():
        lack = _lacks(each, target, parts)
        if lack:
            raise RegionError(f"reference {name}: {lack}")
    if not wanted:
        raise RegionError("references: found none, needed at least one")
    return wanted


def _lacks(reference: Reference, target: Sequence[str], parts: Parts) -> str:
    try:
        for side in ("left", "right"):
            parts_of_reference(reference, target, side, parts)
    except RegionError as error:
        return str(error)
    return ""


def wanted_measures(measures: str | Iterable[str]) -> tuple[str, ...]:
    """Return the measures; ``all`` is every one of ratios.tsv.

    Raises
    ------
    RegionError
        If one is not known.
    """
    available = get_args(Measure)
    if measures == "all":
        return available
    wanted = (measures,) if isinstance(measures, str) else tuple(measures)
    for name in wanted:
        if name not in available:
            raise RegionError(
                f"measure {shown(name)} is not one of {listed(available)} or all{did_you_mean(name, available)}"
            )
    return wanted


def ratio_frame(rows: Iterable[Ratio], measures: Sequence[str]) -> pd.DataFrame:
    """Return the table, one row per scan, target, measure and reference."""
    import pandas as pd

    kept = [[getattr(row, name) for name in COLUMNS] for row in rows if row.measure in measures]
    return pd.DataFrame(kept, columns=list(COLUMNS))


def known_references() -> Mapping[str, Reference]:
    """Return the built-in references, the other side first."""
    return {CONTRALATERAL: BUILT_IN[CONTRALATERAL], **BUILT_IN}
