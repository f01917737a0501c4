"""The ``pet-spect`` command: one verb per stage, each in its module under ``commands``."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from pet_spect import __version__
from pet_spect.errors import OvertakenError, PetSpectError
from pet_spect.live_run import end_overtaken_snakemakes, end_with_parent

VERBS = {
    "init": "make the folder of a new study, with empty tables to fill in",
    "plan": "say what mean change a trial can show, and how many people it needs",
    "index": "find the scans in a folder of DICOM files and draft the two tables",
    "convert": "convert one DICOM scan to NIfTI with a sidecar that holds no identifier",
    "normalise": "align one participant's scans and warp them to the standard space",
    "measure": "measure every atlas region in every scan of one participant",
    "figures": "draw one picture per scan of one participant",
    "cohort": "join the uptake of all participants into ratio, change and summary tables",
    "outcomes": "summarise the clinical outcomes, and how they go with the change in the images",
    "report": "write the report page of a results folder",
    "manifest": "list every file of a results folder with its SHA-256",
    "verify": "find every altered, missing or foreign file of a results folder and of its study",
    "export": "write the tables of a results folder as an Excel workbook, or an RO-Crate",
    "review": "rate every scan in the browser without knowing whose it is, or which visit",
    "sign": "append a decision about a scan to qc.tsv, so that a later change of the line is found",
    "accounted": "list the refused scans that are not signed off, and fail if there is one",
    "recover": "clean up after a run that was killed: its lock, its cluster jobs and its half-written files",
    "simulate": "make a simulated trial with known truth",
    "deidentify": "write a de-identified copy of PET and SPECT DICOM that can be shared",
}
"""Verb to its help line; the verb's module has its name."""


def _parser(verb: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pet-spect", description=__import__("pet_spect").__doc__)
    parser.add_argument("--version", action="version", version=f"pet-spect {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, line in VERBS.items():
        sub = verbs.add_parser(name, help=line, description=line)
        if name == verb:  # the other verbs' modules are not even imported
            importlib.import_module(f"pet_spect.commands.{name}").add_arguments(sub)
    return parser


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status (0 done, 1 the input is at fault, 2 wrong usage)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb = next((word for word in arguments if word in VERBS), None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, _terminate)  # so that partial files are removed on the way out
    end_with_parent()
    try:
        options = _parser(verb).parse_args(arguments)
        importlib.import_module(f"pet_spect.commands.{options.verb}").run(options)
    except PetSpectError as error:
        for line in error.lines:
            print(f"pet-spect {verb}: {line}", file=sys.stderr)
        return 1
    except OvertakenError as error:
        print(f"pet-spect {verb}: {error}", file=sys.stderr, flush=True)
        end_overtaken_snakemakes()
        return 1
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        where = f" {error.filename}" if error.filename else ""
        print(f"pet-spect {verb}: cannot read or write{where} ({error.strerror})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"pet-spect {verb}: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
