"""The verb ``review``: a reader rates every scan in the browser without knowing whose scan it is, or which visit."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.arguments import decision_table
from pet_spect.commands.sign import sign_decision
from pet_spect.errors import ConfigError, TableError

if TYPE_CHECKING:
    from pet_spect.report.review.reading import Reading
    from pet_spect.report.review.scans import ScansToRate

_REDRAW = "run the workflow again with --forcerun figures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect review``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the results folder of a finished run")
    parser.add_argument(
        "--qc",
        type=decision_table,
        metavar="TSV",
        help="the reader's own table of decisions; made if it does not exist (default: config/qc.tsv beside RESULTS)",
    )
    parser.add_argument(
        "--port", type=_port, default=0, metavar="PORT", help="port on this computer (default: any free one)"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address; open no browser")


def run(options: argparse.Namespace) -> None:
    """Serve the reading until the reader stops it, or Ctrl-C.

    Raises
    ------
    ConfigError
        If the port is not free, the table holds ratings of another reader, or there is no folder for it.
    TableError
        If the results are not those of a finished run, or hold no scan that can be rated.
    """
    from pet_spect.report.review.reading import Reading
    from pet_spect.report.review.scans import scans_to_rate
    from pet_spect.report.review.server import ReviewServer

    found = scans_to_rate(options.results)
    if not found.scans:
        redraw = f"; {_REDRAW}" if found.not_drawn else ""
        raise TableError(
            f"{options.results}: holds no scan with a picture of its registration that can be rated{redraw}"
        )
    table = options.qc or _table_of_config(options.results)
    reading = Reading(found.scans, table, partial(sign_decision, options.results, table))
    simulated = {"simulated": found.simulated, "all_simulated": found.all_simulated}
    with ReviewServer(options.port, reading, _complain, **simulated) as server:
        print(_opening(found, table, server.address), flush=True)
        if not options.no_browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
        finally:
            reading.close()
    print(_closing(reading))


def _table_of_config(results: Path) -> Path:
    """Return the table that a study has if its config names no other."""
    folder = results.absolute().parent / "config"
    if not folder.is_dir():
        raise ConfigError(f"{folder}: does not exist; name the reader's table of decisions with --qc")
    return folder / "qc.tsv"


def _opening(found: ScansToRate, table: Path, address: str) -> str:
    lines = [f"{_scans(len(found.scans))} to rate. Open this address in a browser on this computer; it works once:"]
    lines += [f"  {address}", f"Every rating is saved at once in {table}. Stop with Ctrl-C."]
    if found.without_picture:
        lines.insert(
            0,
            f"{_scans(found.without_picture)} refused, excluded or not finished, with no registration to rate:"
            " see the report, and decide with pet-spect sign.",
        )
    if found.not_drawn:
        lines.insert(0, f"{_scans(found.not_drawn)} measured, with no picture that can be rated: {_REDRAW}.")
    return "\n".join(lines)


def _closing(reading: Reading) -> str:
    """Return how far the reading is, without naming a scan."""
    if not reading.initials:
        return "Nothing was rated."
    counts = reading.counts()
    left = len(reading.scans) - counts["rated"]
    lines = [
        f"{reading.table}: {counts['rated']} of {_scans(len(reading.scans))} rated by {reading.initials}"
        f" ({counts['good']} good, {counts['doubt']} doubt, {counts['bad']} bad)."
    ]
    if left:
        lines.append(f"{_scans(left)} left. Start pet-spect review again to go on.")
    if counts["bad"]:
        lines.append(
            f"{_scans(counts['bad'])} rated bad. Nothing is excluded by that: the next report lists the drafts, which"
            f" somebody can confirm with pet-spect sign --draft {reading.table}."
        )
    return "\n".join(lines)


def _scans(count: int) -> str:
    return "1 scan" if count == 1 else f"{count} scans"


def _complain(text: str) -> None:
    print(f"pet-spect review: {text}", file=sys.stderr, flush=True)


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"found {text!r}, needed a number from 0 to 65535")
    return port
