"""Turn one scan into a NIfTI image in its own space and a sidecar that names nobody.

The scan is a DICOM folder or file, or a NIfTI image with its JSON in BIDS form.
Voxels keep their native unit, which the sidecar names; the sidecar also carries
the factor that makes them SUV, where the header allows one.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.declared import Declared
from pet_spect.errors import PetSpectError
from pet_spect.images import write_refusal, write_scan
from pet_spect.model import Refusal

_DECIMAL = re.compile(r"\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _positive(text: str) -> float:
    value = float(text) if _DECIMAL.fullmatch(text) else 0.0  # float() also takes 1_7 for 17
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _image_name(text: str) -> Path:
    if not text.endswith((".nii.gz", ".nii")):
        raise argparse.ArgumentTypeError("the name of the image must end in .nii.gz or .nii")
    return Path(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect convert``."""
    parser.add_argument("scan", type=Path, metavar="DICOM", help="folder, file, or NIfTI with its JSON in BIDS form")
    parser.add_argument("--out", type=_image_name, required=True, metavar="IMAGE.nii.gz", help="image to write")
    parser.add_argument("--label", help="what messages call the scan, instead of its path")
    parser.add_argument("--record-refusal", action="store_true", help="write a refusal as the output, and exit with 0")
    gaps = parser.add_argument_group("what the header may lack", "fills gaps; a conflict with the header is a warning")
    gaps.add_argument("--weight-kg", type=_positive)
    gaps.add_argument("--dose-mbq", type=_positive, help="injected activity, net of the residual in the syringe")
    gaps.add_argument("--injection-time", help="HH:MM[:SS] or an ISO 8601 date and time")
    gaps.add_argument("--uptake-minutes", type=_positive, help="from injection to the start of the scan")
    gaps.add_argument("--height-m", type=_positive)
    gaps.add_argument("--sex", choices=["M", "F", "O"])
    gaps.add_argument(
        "--orientation",
        metavar="LETTERS",
        help="where column, row and slice index grow towards, such as LPS; for NM objects that do not say",
    )


def run(options: argparse.Namespace) -> None:
    """Convert one scan; with ``--record-refusal`` a refusal becomes the output."""
    declared = Declared(
        weight_kg=options.weight_kg,
        height_m=options.height_m,
        dose_mbq=options.dose_mbq,
        injection_time=options.injection_time,
        uptake_minutes=options.uptake_minutes,
        sex=options.sex,
        orientation=options.orientation,
    )
    try:
        volume, facts = convert_scan(options.scan, declared, options.label)
    except PetSpectError as error:
        if not options.record_refusal:
            raise
        write_refusal(options.out, Refusal("convert", error.code, str(error)))
        print(f"pet-spect convert: {error}", file=sys.stderr)
        return
    write_scan(options.out, volume, facts)
