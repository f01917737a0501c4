"""The verb ``plan``: what mean change a trial can show, from the precision of scans and people.

Without a study the precision is that of simulated scans; with one it is that of its own baselines.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pet_spect.commands.arguments import within_subject_cv
from pet_spect.commands.numbers import positive
from pet_spect.errors import ConfigError, TableError, listed
from pet_spect.quantify.cohort.planning import ALPHA, MOST_PEOPLE, POWER, Design, Precision, plan_lines
from pet_spect.quantify.cohort.simulated_precision import SIMULATED, SIMULATED_SOURCE
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv, read_within_subject_cv
from pet_spect.results.baseline_precision import read_baseline_precision
from pet_spect.results.tables.plan_table import PLAN, plan_row, plan_text
from pet_spect.study.config_file import read_config
from pet_spect.tsv import write_table

_CONFIG = Path("config", "config.yaml")
_PEOPLE = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect plan``."""
    parser.add_argument(
        "study",
        nargs="?",
        type=Path,
        metavar="STUDY",
        help="a study or its results folder, or a config: plan from its baselines; without it, or before it has"
        " results, from simulated scans",
    )
    parser.add_argument(
        "--people",
        type=_people,
        metavar="N",
        help=f"size of the trial (default: the participants of STUDY; without results, {_PEOPLE})",
    )
    parser.add_argument(
        "--change", type=positive, default=math.nan, metavar="PERCENT", help="the mean change that the trial shall show"
    )
    parser.add_argument("--power", type=_probability, default=POWER, metavar="P", help="default %(default)s")
    parser.add_argument("--alpha", type=_probability, default=ALPHA, metavar="P", help="two-sided, default %(default)s")
    parser.add_argument(
        "--within-subject-cv",
        type=within_subject_cv,
        metavar="JSON",
        help='instead of that of the config: \'{"FDG": {"value": 5, "kind": "total", "source": "..."}}\'',
    )
    parser.add_argument("--out", type=Path, metavar="TSV", help="also write the table, with its data dictionary")


@dataclass(frozen=True)
class _Basis:
    """What a plan is made from."""

    told: str
    precisions: Sequence[Precision]
    people: int
    cvs: Mapping[str, WithinSubjectCv]


def run(options: argparse.Namespace) -> None:
    """Print the plan.

    Raises
    ------
    ConfigError
        If the power is not above alpha, a config cannot be read, or a tracer is not known.
    TableError
        If STUDY is neither a study nor the results of a run of this version.
    """
    if not options.alpha < options.power:
        raise ConfigError(f"--power: found {options.power:g}, needed more than --alpha ({options.alpha:g})")
    basis = _simulated({}) if options.study is None else _of_study(options.study)
    cvs = basis.cvs if options.within_subject_cv is None else options.within_subject_cv
    tracers = dict.fromkeys(precision.tracer for precision in basis.precisions)
    unknown = [tracer for tracer in cvs if tracer not in tracers]
    if unknown:
        raise ConfigError(
            f"within_subject_cv: the scans that the plan is made from have no tracer {listed(unknown)}, only"
            f" {listed(tracers)}"
        )
    design = Design(options.people or basis.people, options.change, options.power, options.alpha)
    lines = plan_lines(basis.precisions, cvs, design)
    print(plan_text(lines, design, cvs, basis.told))
    if options.out is not None:
        write_table(options.out, PLAN, (plan_row(line, design) for line in lines))


def _simulated(cvs: Mapping[str, WithinSubjectCv]) -> _Basis:
    return _Basis(SIMULATED_SOURCE, SIMULATED, _PEOPLE, cvs)


def _of_study(study: Path) -> _Basis:
    """Return what a study tells; the config, which a person edits, comes before what its last run was made with."""
    folder, config = study, study / _CONFIG
    if study.is_file():
        folder, config = (study.parent.parent if study.parent.name == _CONFIG.parent.name else study.parent), study
    results = next((place for place in (folder, folder / "results") if (place / "tables/ratios.tsv").is_file()), None)
    written = read_config(config) if config.is_file() else None
    if results is None and written is None:
        raise TableError(f"{study}: holds neither results (tables/ratios.tsv) nor {_CONFIG}; name a study")
    try:
        cvs = {} if written is None else read_within_subject_cv(written.get("within_subject_cv", {}))
    except ConfigError as error:
        raise ConfigError(f"{config}: within_subject_cv: {error}") from None
    if results is None:
        return _simulated(cvs)
    measured = read_baseline_precision(results)
    told = f"the {measured.session} scans of {measured.participants} participants"
    return _Basis(told, measured.precisions, measured.participants, cvs if written is not None else measured.cvs)


def _people(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 2 <= int(text) <= MOST_PEOPLE):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 2 to {MOST_PEOPLE}")
    return int(text)


def _probability(text: str) -> float:
    value = positive(text)
    if not 0.0001 <= value <= 0.9999:
        raise argparse.ArgumentTypeError(f"{text} is not a probability from 0.0001 to 0.9999")
    return value
