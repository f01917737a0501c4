"""Whether ``cohort`` was given what the recorded analysis plan holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pet_spect.commands.planned_analysis import planned_reference
from pet_spect.errors import ConfigError
from pet_spect.quantify.cohort.analysis.settings import Analysis
from pet_spect.quantify.cohort.within_subject import read_within_subject_cv


def other_than_planned(options: argparse.Namespace, analysis: Analysis, contents: Mapping[str, Any]) -> str | None:
    """Return the first flag of ``cohort`` that is not as the plan has it; None if all are.

    A setting that the plan does not hold is not compared.

    Parameters
    ----------
    options : argparse.Namespace
    analysis : Analysis
        Of the flags.
    contents : mapping
        See `pet_spect.results.analysis_plan.AnalysisPlan`.
    """
    declared, own = contents.get("analysis"), analysis.as_config()
    if not isinstance(declared, Mapping) or {key: declared.get(key) for key in own} != own:
        return "--analysis"
    return next((flag for flag, given, planned in _compared(options, contents) if given != planned), None)


def _compared(options: argparse.Namespace, contents: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Yield each flag with what it gives and what is planned."""
    given: dict[str, tuple[str, object]] = {
        "targets": ("--target", list(options.target)),
        "references": ("--references", {name: planned_reference(each) for name, each in options.references.items()}),
        "sessions": ("--sessions", list(options.sessions)),
        "pvc": ("--pvc", options.pvc),
        "protocol": ("--protocol", options.protocol),
    }
    for key, (flag, value) in given.items():
        if key in contents:
            yield flag, value, contents[key]
    if isinstance(tracers := contents.get("tracers"), Mapping):
        yield "--tracers", list(options.tracers), list(tracers)
        entries = {name: entry for name, entry in tracers.items() if isinstance(entry, Mapping)}
        early = [f"{name}={entry['early']}" for name, entry in entries.items() if "early" in entry]
        yield "--early", sorted(options.early), sorted(early)
    if isinstance(measure := contents.get("measure"), Mapping):
        percent = measure.get("max_cerebellum_asymmetry_percent")
        yield "--max-cerebellum-asymmetry", options.max_cerebellum_asymmetry, percent
    if "within_subject_cv" in contents:
        planned = None
        with suppress(ConfigError, TypeError, ValueError, AttributeError):
            planned = read_within_subject_cv(contents["within_subject_cv"])
        yield "--within-subject-cv", options.within_subject_cv, planned
    if isinstance(atlas := contents.get("atlas"), Mapping):
        yield "--atlas-name", options.atlas_name, atlas.get("name")
