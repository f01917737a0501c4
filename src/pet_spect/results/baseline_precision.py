"""How precise the baselines of a finished run are, as its tables say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.files import read_json
from pet_spect.quantify.cohort.planning import Precision
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.results.finished_run import check_finished
from pet_spect.results.library.study_settings import read_settings
from pet_spect.results.tables.columns import RATIOS
from pet_spect.results.tables.reliable_change import recorded_cvs
from pet_spect.tsv import Row, parse_float, read_table


@dataclass(frozen=True)
class BaselinePrecision:
    """What a finished run tells a plan.

    Attributes
    ----------
    session : str
        The baseline.
    participants : int
        In all.
    precisions : tuple of Precision
        Of the whole target, tracers and references in the order of the table.
    cvs : dict of str to WithinSubjectCv
        With which the run was made.
    """

    session: str
    participants: int
    precisions: tuple[Precision, ...]
    cvs: dict[str, WithinSubjectCv]


def read_baseline_precision(results: Path) -> BaselinePrecision:
    """Return how precise the baselines of a results folder are.

    Follow-ups are taken to be as precise as baselines. Only usable values count (`qc` is not fail).

    Parameters
    ----------
    results : Path

    Raises
    ------
    TableError
        If it is no results folder of this version, or a number in its table cannot be read.
    """
    check_finished(results, "ratios")
    path = results / "tables" / "ratios.tsv"
    rows = read_table(path, required=tuple(RATIOS))
    if not rows:
        raise TableError(f"{path}: holds no row; there is nothing to plan from")
    target = read_settings(path.with_suffix(".json")).roles.target_name
    session = rows[0]["session"]  # rows are in the order of the sessions, the reference first
    kinds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["session"] == session and row["region"] == target and row["measure"] == "uptake_ratio":
            kinds.setdefault((row["tracer"], row["reference"]), []).append(row)
    try:
        precisions = tuple(_precision(tracer, reference, kind) for (tracer, reference), kind in kinds.items())
    except ValueError as error:
        raise TableError(f"{path}: {error}") from None
    dictionary = read_json(results / "tables" / "change.json", TableError, "dictionary")
    return BaselinePrecision(
        session, len({row["participant_id"] for row in rows}), precisions, recorded_cvs(dictionary)
    )


def _precision(tracer: str, reference: str, rows: list[Row]) -> Precision:
    """Return the root mean square over people, with which a mean of their changes varies."""
    squares = []
    for row in rows:
        value, noise, own = (parse_float(row[name]) for name in ("value", "noise_sd", "own_sd"))
        if row["qc"] != "fail" and value > 0 and math.isfinite(noise) and math.isfinite(own):
            squares.append(((noise / value) ** 2, (own / value) ** 2))
    people = len(squares)
    if not people:
        return Precision(tracer, reference, math.nan, math.nan, 0)
    of_noise, of_own = (100 * math.sqrt(2 * sum(parts) / people) for parts in zip(*squares, strict=True))
    return Precision(tracer, reference, of_noise, of_own, people)
