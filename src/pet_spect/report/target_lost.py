"""How much of a participant's target lies in the lesion, so that no uptake is left to change there."""

from __future__ import annotations

from pet_spect.report.display import Cell
from pet_spect.report.results_folder import Results
from pet_spect.report.rounding import rounded
from pet_spect.tsv import MISSING

_BOTH_SIDES = ("left", "right")


def target_lost(results: Results) -> dict[str, Cell]:
    """Return for each participant which share of the target, on the side of the stroke, lies in the lesion.

    Returns
    -------
    dict of str to Cell
        Such as ``46 % (estimated)``; without participants of whom it is not known.
    """
    sides = results.lesion_sides
    shown = {}
    for person, uptake in results.uptakes.items():
        lost, side = uptake.target_lost(), sides.get(person, MISSING)
        if lost is None or side not in _BOTH_SIDES:
            continue
        percent = 100 * lost[_BOTH_SIDES.index(side)]
        source = results.lesion_sources.get(person, "")
        text = "< 1 %" if 0 < percent < 1 else f"{rounded(percent, 0)} %"
        shown[person] = Cell(f"{text} ({source})" if source else text)
    return shown
