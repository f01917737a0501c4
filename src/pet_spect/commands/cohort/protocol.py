"""Visits of the study as ``cohort`` gives them to the protocol guard, and which tracer is the early scan of another."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from pet_spect.errors import ConfigError, listed
from pet_spect.model import ScanKey
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol, VisitFacts
from pet_spect.quantify.cohort.protocol.guard import Guarded, guard
from pet_spect.quantify.cohort.protocol.rules import TracerProtocol, read_protocols
from pet_spect.results.uptake.uptake_record import MeasuredScan
from pet_spect.study.scans import read_scans


def circumstances(options: argparse.Namespace, participants: Collection[str]) -> dict[ScanKey, VisitFacts]:
    """Return what ``--scans`` says of each visit."""
    if options.scans is None:
        return {}
    return {
        scan.key: VisitFacts(
            scan.session, scan.days_since_treatment, scan.glucose_mg_dl, scan.benzodiazepine, scan.uptake_minutes
        )
        for scan in read_scans(options.scans, participants, options.sessions, options.tracers)
    }


def protocols(options: argparse.Namespace) -> dict[str, TracerProtocol]:
    """Return the rules of every tracer.

    Raises
    ------
    ConfigError
        If ``--protocol`` names another tracer, or what a tracer cannot have.
    """
    try:
        return read_protocols(options.protocol, options.tracers)
    except ConfigError as error:
        raise ConfigError(f"--protocol: {error}") from None


def early_tracers(options: argparse.Namespace) -> dict[str, str]:
    """Return the tracer of the early scan that goes with each late one.

    Raises
    ------
    ConfigError
        If ``--early`` does not name two different tracers.
    """
    early = dict(word.split("=", 1) if "=" in word else (word, "") for word in options.early)
    for late, name in early.items():
        if late == name or not {late, name} <= set(options.tracers):
            raise ConfigError(f"--early {late}={name}: two different ones of {listed(options.tracers)} are needed")
    return early


def guard_scans(
    scans: Sequence[MeasuredScan],
    visits: Mapping[ScanKey, VisitFacts],
    rules: Mapping[str, TracerProtocol],
    first_session: str,
) -> dict[ScanKey, Guarded]:
    """Return what the protocol says of each of one participant's scans.

    Parameters
    ----------
    scans : sequence of MeasuredScan
        In the order of the sessions.
    visits : mapping
        See `circumstances`.
    rules : mapping
        See `protocols`.
    first_session : str
    """
    guarded: dict[ScanKey, Guarded] = {}
    for tracer, tracer_rules in rules.items():
        facts = {}
        for scan in scans:
            key = scan.uptake.key
            if key.tracer == tracer:
                measured = (scan.protocol or ScanProtocol()) if scan.status == "measured" else None
                apart = [note.told("minutes") for note in scan.uptake.notes if note.code == "injection_time_conflict"]
                facts[key] = replace(
                    visits.get(key, VisitFacts(key.session)),
                    scan=measured,
                    clocks_apart_minutes=next((minutes for minutes in apart if isinstance(minutes, int | float)), None),
                )
        guarded |= dict(zip(facts, guard(list(facts.values()), tracer_rules, first_session), strict=True))
    return guarded
