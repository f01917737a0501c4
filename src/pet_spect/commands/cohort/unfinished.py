"""People whose steps did not finish: n/a in every table, naming step and log, until a later run has done them.

One person's crash must not withhold everybody's tables, and what an earlier run measured of the person must not stand
in for it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.model import Refusal, ScanKey
from pet_spect.quantify.roles import RegionValue, ScanUptake
from pet_spect.remarks import Remark, write_cell
from pet_spect.results.uptake.uptake_record import MeasuredScan, ParticipantUptake, read_uptake
from pet_spect.tsv import MISSING, format_value


@dataclass(frozen=True)
class Unfinished:
    """The step of one person that did not finish.

    Attributes
    ----------
    step : str
        The verb.
    log : str
        Where it says why, from the folder of the study.
    """

    step: str
    log: str

    @property
    def refusal(self) -> Refusal:
        """Why no scan of the person has a value."""
        return Refusal.of(self.step, Remark.of("crashed", step=self.step, log=self.log))


def add_unfinished(parser: argparse.ArgumentParser) -> None:
    """Declare ``--unfinished``."""
    parser.add_argument(
        "--unfinished",
        nargs=3,
        action="append",
        default=[],
        metavar=("PARTICIPANT", "STEP", "LOG"),
        help="a participant of whom a step crashed: n/a in every table; repeat for each",
    )


def unfinished_people(options: argparse.Namespace) -> dict[str, Unfinished]:
    """Return who is unfinished."""
    return {who: Unfinished(step, log) for who, step, log in options.unfinished}


@dataclass(frozen=True)
class Example:
    """A finished person, whose rows say which rows an unfinished one has.

    Attributes
    ----------
    participant : str
    uptake : ParticipantUptake
    """

    participant: str
    uptake: ParticipantUptake

    def without_values(self, who: str, why: Unfinished, listed: Collection[ScanKey]) -> ParticipantUptake:
        """Return an unfinished person's uptake: every row, and no value.

        Parameters
        ----------
        who : str
        why : Unfinished
        listed : collection of ScanKey
            The scans that scans.tsv lists, if it is known; the other visits have none.
        """
        scans = tuple(self._scan(scan, who, why, listed) for scan in self.uptake.scans)
        lines = tuple(self._lines(who, {scan.uptake.key: scan.uptake.absence for scan in scans}))
        return replace(self.uptake, scans=scans, lines=lines)

    def _scan(self, scan: MeasuredScan, who: str, why: Unfinished, listed: Collection[ScanKey]) -> MeasuredScan:
        key = replace(scan.uptake.key, participant=who)
        has_none = bool(listed) and key not in listed
        refusal = None if has_none else why.refusal
        absence = Remark.of("no_scan") if refusal is None else refusal.remark
        nothing = RegionValue(math.nan, math.nan, reason=absence)
        uptake = ScanUptake(
            key=key,
            absence=absence,
            values=dict.fromkeys(scan.uptake.values, nothing),
            surroundings={
                name: replace(each, values=dict.fromkeys(each.values, nothing))
                for name, each in scan.uptake.surroundings.items()
            },
        )
        return MeasuredScan(uptake, "missing" if has_none else "refused", refusal, scan.simulated)

    def _lines(self, who: str, absences: Mapping[ScanKey, Remark | None]) -> Iterator[str]:
        for line in self.uptake.lines:
            _, session, tracer, region, side, *values, _ = line.split("\t")
            reason = write_cell([absences[ScanKey(who, session, tracer)]])
            yield "\t".join([who, session, tracer, region, side, *[MISSING] * len(values), format_value(reason)])


def example_of(tables: Mapping[str, Path], unfinished: Collection[str], visits: Collection[tuple[str, str]]) -> Example:
    """Return what rows everybody has, as read of the first person who is finished.

    Raises
    ------
    TableError
        If nobody is.
    """
    for who, table in tables.items():
        if who not in unfinished:
            return Example(who, read_uptake(table, who, list(visits)))
    raise TableError("every participant is unfinished; there is nothing to join", code="participant_lost")
