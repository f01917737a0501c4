"""The drawings of a result: slopes, own changes, and the forest of what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pet_spect.report.answer.forest_lines import forest_lines
from pet_spect.report.answer.persons import key_of, person_changes
from pet_spect.report.answer.sentence import unit_of
from pet_spect.report.answer.without_warned import without_warned
from pet_spect.report.display import words
from pet_spect.report.plots.changes import ChangePlot, change_plot
from pet_spect.report.plots.forest import ForestPlot, forest_plot
from pet_spect.report.plots.slopes import SlopePlot, slope_plot
from pet_spect.tsv import Row, parse_float


@dataclass(frozen=True)
class Drawings:
    """Everything that is drawn of one tracer at one follow-up.

    Attributes
    ----------
    slopes : SlopePlot
    changes : ChangePlot
    forest : ForestPlot or None
        None where there is nothing beside the result.
    key : mapping of str to str
        What the kinds of participants are called; only those that are drawn.
    unit : str
        What stands behind a change.
    value_name : str
        What the values are.
    warned : bool
        Whether anybody is marked.
    """

    slopes: SlopePlot
    changes: ChangePlot
    forest: ForestPlot | None
    key: Mapping[str, str]
    unit: str
    value_name: str
    warned: bool


def drawings_of(rows: Sequence[Row], summary: Sequence[Row], shown_row: Row, result: Row) -> Drawings:
    """Return the drawings of a result.

    Parameters
    ----------
    rows : sequence of Row
        One per participant, as the change table has them.
    summary : sequence of Row
    shown_row, result : Row
        The result in the quantity that is shown, and in the tested one.
    """
    unit = unit_of(shown_row)
    everybody = person_changes(rows, unit)
    mean, low, high = (parse_float(shown_row[name]) for name in ("mean_change", "ci95_low", "ci95_high"))
    beside = forest_lines(summary, shown_row, result, without_warned(rows, shown_row, result))
    kinds = {person.kind for person in everybody}
    return Drawings(
        slopes=slope_plot(everybody),
        changes=change_plot(everybody, mean, low, high),
        forest=forest_plot(beside) if beside else None,
        key={kind: text for kind, text in key_of(rows).items() if kind in kinds},
        unit=unit,
        value_name=words(result["measure"]),
        warned=any(person.warned for person in everybody),
    )
