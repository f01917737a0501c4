"""The verb ``verify``: every altered, missing or foreign file of a results folder and of the study around it."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from pet_spect.commands.verify.inputs import check_inputs
from pet_spect.commands.verify.recompute import chosen, recomputed
from pet_spect.errors import ConfigError, TableError, listed
from pet_spect.results.verification.files import check_files, check_parts, manifest_or_finding
from pet_spect.results.verification.finding import Finding
from pet_spect.results.verification.identity import check_derived, check_identity

_CONFIG = Path("config", "config.yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect verify``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the results folder of a finished run")
    parser.add_argument(
        "--config",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="configuration of the study, in whose folder RESULTS lies (default: config/config.yaml beside RESULTS)",
    )
    parser.add_argument(
        "--results-only", action="store_true", help="check the results alone, as of a copy without its study"
    )
    parser.add_argument(
        "--manifest-sha256",
        type=_sha256,
        metavar="HASH",
        help="SHA-256 of manifest.json that the run printed at its end and somebody wrote down elsewhere",
    )
    parser.add_argument(
        "--recompute", type=_number, metavar="N", help="also make N random participants again and compare every file"
    )
    parser.add_argument("--seed", type=int, default=1, help="which participants are chosen (default %(default)s)")
    parser.add_argument(
        "--snakefile", type=Path, metavar="FILE", help="the workflow for --recompute (default: that of the checkout)"
    )


def _sha256(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError("64 hexadecimal digits are needed")
    return text.lower()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 up")
    return int(text)


def run(options: argparse.Namespace) -> None:
    """Print one line per finding; nothing is written.

    Raises
    ------
    ConfigError
        If ``--results-only`` goes with a flag that needs the study.
    TableError
        If anything was found, or RESULTS is no folder.
    """
    if options.results_only and (options.config is not None or options.recompute is not None):
        raise ConfigError("--results-only: goes with neither --config nor --recompute, which need the study")
    if not options.results.is_dir():
        raise TableError(f"{options.results}: is not a folder")
    configs = options.config or [options.results.absolute().parent / _CONFIG]
    manifest, found = manifest_or_finding(options.results, options.manifest_sha256)
    if manifest is None:
        found += check_parts(options.results)
    else:
        files = check_files(options.results, manifest)
        named = {finding.name for finding in files}
        found += files
        found += [each for each in check_identity(options.results, manifest) if each.name not in named]
    found += check_derived(options.results)
    if not options.results_only:
        found += check_inputs(options.results, configs)
    if options.recompute is not None and not found:
        people = chosen(options.results, options.recompute, options.seed)
        print(f"making again: {listed(people)}", file=sys.stderr)
        found += recomputed(options.results, configs, people, options.snakefile)
    if found or manifest is None:
        _tell(found)
        raise TableError(f"{len(found)} finding{'s' if len(found) > 1 else ''}; see docs/proof.md")
    checked = "results" if options.results_only else "results, inputs, configuration and tables of the study"
    print(f"{len(manifest.files)} files of run {manifest.run_id[:12]} are as the run left them ({checked})")


def _tell(found: Sequence[Finding]) -> None:
    for finding in found:
        print(f"{finding.name}: {finding.what}")
    again = list(dict.fromkeys(finding.remade_by for finding in found if finding.remade_by is not None))
    if again:
        print(f"To make them again, add to the command of the run: --forcerun {shlex.join(again)}")
