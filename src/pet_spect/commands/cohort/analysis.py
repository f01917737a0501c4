"""The declared analysis as ``cohort`` takes it, and the analysis plan that its tables name."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from pet_spect.commands.arguments import json_object
from pet_spect.commands.cohort.plan import other_than_planned
from pet_spect.errors import ConfigError, listed
from pet_spect.quantify.cohort.analysis.settings import Analysis, read_analysis
from pet_spect.quantify.comparisons import CONTRALATERAL
from pet_spect.results.analysis_plan import PlanStatement, plan_statement, read_plans


def add_analysis(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that `declared_analysis` and `statement_of_plan` read."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--analysis", type=json_object, metavar="JSON", help="the declared analysis (`analysis` of the config)"
    )
    which.add_argument(
        "--primary",
        nargs="+",
        default=[],
        metavar="TRACER=REFERENCE",
        help="the primary reference of each tracer, everything else of the analysis as by default",
    )
    parser.add_argument("--plan", metavar="SHA256", help="hash of the recorded analysis plan of this run")


def declared_analysis(options: argparse.Namespace, early_of: Mapping[str, str]) -> Analysis:
    """Return the analysis that the flags declare; a tracer that they leave out has the other side as reference.

    Raises
    ------
    ConfigError
        If ``--analysis`` or ``--primary`` names an unknown tracer or reference, or contradicts itself.
    """
    settings: dict[str, Any] = dict(options.analysis or {})
    if not isinstance(settings.get("primary", {}), dict):
        raise ConfigError("--analysis: primary: references or settings by tracer are needed")
    primary = dict(settings.get("primary", {})) | _from_words(options)
    for tracer, entry in primary.items():
        words = entry.values() if isinstance(entry, dict) else [entry]
        if not all(isinstance(word, str) for word in words):
            raise ConfigError(f"--analysis: primary: {tracer}: a reference or its settings are needed, as text")
        reference = entry if isinstance(entry, str) else entry.get("reference", CONTRALATERAL)
        if tracer not in options.tracers or reference not in options.references:
            raise ConfigError(
                f"--analysis: primary: {tracer}: {reference}: a tracer of {listed(options.tracers)} and a reference of"
                f" {listed(options.references)} are needed"
            )
    for tracer in options.tracers:
        if tracer not in primary and CONTRALATERAL not in options.references:
            raise ConfigError(f"--primary: tracer {tracer} has none, and the references lack {CONTRALATERAL}")
        primary.setdefault(tracer, CONTRALATERAL)
    try:
        return read_analysis(settings | {"primary": primary}, options.sessions, early_of)
    except (ConfigError, TypeError) as error:
        raise ConfigError(f"--analysis: {error}") from None


def _from_words(options: argparse.Namespace) -> dict[str, str]:
    primary = {}
    for word in options.primary:
        tracer, _, reference = word.partition("=")
        if tracer not in options.tracers or reference not in options.references:
            raise ConfigError(
                f"--primary {word}: TRACER=REFERENCE is needed, the reference one of {listed(options.references)}"
                " (config/README.md lists them)"
            )
        primary[tracer] = reference
    return primary


def statement_of_plan(options: argparse.Namespace, analysis: Analysis) -> PlanStatement:
    """Return what the tables say of the analysis plan.

    Raises
    ------
    ConfigError
        If the recorded plan with the hash of ``--plan`` holds another analysis, or another setting, than the flags.
    TableError
        If the recorded plans cannot be read, or were altered.
    """
    plans = read_plans(options.results)
    planned = next((plan for plan in reversed(plans) if plan.sha256 == options.plan), None)
    if planned is not None:
        flag = other_than_planned(options, analysis, planned.contents)
        if flag is not None:
            raise ConfigError(f"{flag}: is not that of the plan {options.plan[:12]}; run the workflow")
    return plan_statement(plans, options.plan)
