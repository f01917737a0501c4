"""Flags that several verbs share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pet_spect.errors import ConfigError, RegionError, shown
from pet_spect.imaging.atlases import find_atlas, load_atlas
from pet_spect.model import Atlas
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv, read_within_subject_cv
from pet_spect.quantify.references import Reference, read_references
from pet_spect.results.study_facts import StudyFacts, read_study_facts
from pet_spect.study.paths import NEEDED_NAME, usable_name

_Value = TypeVar("_Value")


def add_participant(parser: argparse.ArgumentParser, *, scan_needed: bool) -> None:
    """Declare whose scans a verb works on: ``--participant``, ``--results`` and ``--scan``."""
    parser.add_argument("--participant", required=True, metavar="ID", help="for example sub-01")
    parser.add_argument("--results", required=True, type=Path, metavar="DIR", help="the results folder")
    parser.add_argument(
        "--scan",
        required=scan_needed,
        action="append",
        nargs=3,
        default=None if scan_needed else [],
        metavar=("SESSION", "TRACER", "IMAGE"),
        help="one scan in its own space, as convert wrote it; repeat for each",
    )


def references(text: str) -> dict[str, Reference]:
    """Return the value of ``--references``: the built-in ones and what the JSON says of them."""
    return _of_json(text, read_references)


def within_subject_cv(text: str) -> dict[str, WithinSubjectCv]:
    """Return the value of ``--within-subject-cv``, by tracer."""
    return _of_json(text, read_within_subject_cv)


def study_facts(text: str) -> StudyFacts:
    """Return the value of ``--study``."""
    return _of_json(text, read_study_facts)


def decision_table(text: str) -> Path:
    """Return the path of a table of decisions, whose name other tables can hold."""
    if not usable_name(Path(text)):
        raise argparse.ArgumentTypeError(f"found {shown(text)}, needed {NEEDED_NAME}")
    return Path(text)


def json_object(text: str) -> dict[str, Any]:
    """Return the value of ``--protocol``: a JSON object."""
    return _of_json(text, lambda parsed: parsed)


def _of_json(text: str, read: Callable[[dict[str, Any]], _Value]) -> _Value:
    try:
        parsed = json.loads(text)
        if not isinstance(parsed, dict):
            raise ValueError("a JSON object is needed")
        return read(parsed)
    except RecursionError:
        raise argparse.ArgumentTypeError("is nested too deeply") from None
    except (ValueError, ConfigError, RegionError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_atlas(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that `chosen_atlas` reads."""
    parser.add_argument("--atlas", default="CerebrA", metavar="NAME", help="a shipped atlas (default %(default)s)")
    parser.add_argument("--atlas-labels", type=Path, metavar="FILE", help="label image of another atlas")
    parser.add_argument("--atlas-table", type=Path, metavar="FILE", help="table of that atlas")


def chosen_atlas(options: argparse.Namespace) -> Atlas:
    """Return the atlas that ``--atlas``, or ``--atlas-labels`` and ``--atlas-table``, name.

    Raises
    ------
    ConfigError
        If only one of the two files is given.
    AtlasError
        If the atlas cannot be used.
    """
    if (options.atlas_labels is None) != (options.atlas_table is None):
        raise ConfigError("--atlas-labels and --atlas-table go together; one of them is missing")
    return load_atlas(options.atlas_labels or options.atlas, options.atlas_table)


def atlas_files(options: argparse.Namespace) -> tuple[Path, Path]:
    """Return the label image and the table of the atlas that `chosen_atlas` returns."""
    if options.atlas_labels is None:
        return find_atlas(options.atlas)
    return options.atlas_labels, options.atlas_table
