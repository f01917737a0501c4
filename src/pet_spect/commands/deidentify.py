"""The verb ``deidentify``: the PET and SPECT images of a folder, written anew so that they can be shared.

PS3.15 basic profile and an allow-list on top: only what PET and SPECT images need
is kept. Dates move by whole days, identifiers are replaced, images and SUV stay.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from pet_spect.dicom.deidentify.folder import Deidentified, deidentify, told
from pet_spect.dicom.deidentify.pseudonyms import pseudonyms_from


def _code(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}", text) is None:
        raise argparse.ArgumentTypeError("a code is 1 to 32 letters, digits and hyphens, such as sub-01")
    return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect deidentify``."""
    parser.add_argument("source", type=Path, metavar="IN", help="folder, searched in depth, archive, or DICOM file")
    parser.add_argument("out", type=Path, metavar="OUT", help="new folder; it appears whole or not at all")
    parser.add_argument("--id", type=_code, metavar="CODE", help="what to call the one person in IN, such as sub-01")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="secret random bytes; runs with the same key give the same identifiers and move dates alike",
    )


def run(options: argparse.Namespace) -> None:
    """De-identify one folder and print in one line what was written and what was left out."""
    done = deidentify(options.source, options.out, pseudonyms_from(options.key), options.id)
    print(f"pet-spect deidentify: {summary(done)}", file=sys.stderr)


def summary(done: Deidentified) -> str:
    """Return one line that says what was written and, by kind, what was not.

    Examples
    --------
    >>> from collections import Counter
    >>> summary(Deidentified(267, 1, 1, Counter({"CT Image Storage": 3})))
    'written: 267 images, 1 series, 1 patient; left out: CT Image Storage (3)'
    """
    people = "patient" if done.people == 1 else "patients"
    images = "image" if done.images == 1 else "images"
    written = f"written: {done.images} {images}, {done.series} series, {done.people} {people}"
    return f"{written}; left out: {told(done.left_out)}" if done.left_out else written
