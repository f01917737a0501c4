"""The verb ``convert``: one scan or anatomical image to NIfTI in its own space, with a sidecar without identifiers.

The scan is a DICOM folder, archive or file, or a NIfTI image with its JSON in BIDS form.
Voxels keep their native unit, which the sidecar names; the sidecar also carries
the factor that makes them SUV, where the header allows one. With ``--anat`` it is an MR or a CT
that is converted, and never a scan of a tracer.
"""

from __future__ import annotations

import argparse
import gc
import re
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pet_spect.commands.numbers import at_most, from_zero
from pet_spect.dicom.anatomy.convert import convert_anat
from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.digests import source_sha256
from pet_spect.errors import ConfigError, DicomError, PetSpectError
from pet_spect.files import is_nifti, sidecar
from pet_spect.imaging.images import write_refusal, write_scan
from pet_spect.model import Refusal
from pet_spect.nuclides import radionuclide_name
from pet_spect.results.provenance_record import Provenance, software, with_provenance
from pet_spect.study.fingerprint import fingerprint

_OF_PERSON = frozenset({"weight_kg", "height_m", "dose_mbq", "injection_time", "uptake_minutes", "sex"})


def _number_or_sum(text: str) -> int | Literal["sum"]:
    return "sum" if text == "sum" else _from_one(text)


def _from_one(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 up")
    return int(text)


def _image_name(text: str) -> Path:
    if not is_nifti(Path(text)):
        raise argparse.ArgumentTypeError("the name of the image must end in .nii.gz or .nii")
    return Path(text)


def _radionuclide(text: str) -> str:
    name = radionuclide_name(text)
    if name is None:
        raise argparse.ArgumentTypeError(f"{text} is not a known radionuclide, such as F-18 or I-123")
    return name


def _series(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{8}", text):
        raise argparse.ArgumentTypeError(f"{text} is not the 8 hexadecimal digits that pet-spect index gives a series")
    return text.lower()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect convert``."""
    parser.add_argument(
        "scan", type=Path, metavar="DICOM", help="folder, archive, file, or NIfTI with its JSON in BIDS form"
    )
    parser.add_argument("--out", type=_image_name, required=True, metavar="IMAGE.nii.gz", help="image to write")
    parser.add_argument(
        "--series", type=_series, metavar="CODE", help="which series of several, by the code pet-spect index gives it"
    )
    parser.add_argument(
        "--label", help="what messages call the scan, instead of its path (default with --record-refusal: scan)"
    )
    parser.add_argument("--anat", action="store_true", help="it is an anatomical image: T1-weighted MR, or CT")
    parser.add_argument("--record-refusal", action="store_true", help="write a refusal as the output, and exit with 0")
    parser.add_argument(
        "--fingerprint",
        metavar="HEX",
        help="of the scan's files when the run began; if they are others now, nothing is written",
    )
    gaps = parser.add_argument_group("what the header may lack", "fills gaps; a conflict with the header is a warning")
    gaps.add_argument("--weight-kg", type=at_most(400, "kilograms"))
    gaps.add_argument(
        "--dose-mbq", type=at_most(5000, "megabecquerel"), help="injected activity, net of the residual in the syringe"
    )
    gaps.add_argument("--injection-time", help="HH:MM[:SS] or an ISO 8601 date and time")
    gaps.add_argument("--uptake-minutes", type=at_most(1440, "minutes"), help="from injection to the start of the scan")
    gaps.add_argument("--height-m", type=at_most(2.6, "metres"))
    gaps.add_argument("--sex", choices=["M", "F", "O"])
    gaps.add_argument(
        "--orientation",
        metavar="LETTERS",
        help="where column, row and slice index grow towards, such as LPS; for NM objects that do not say",
    )
    tracer = parser.add_argument_group("which tracer it must be", "a header that says another one is refused")
    tracer.add_argument("--radionuclide", type=_radionuclide, metavar="NUCLIDE", help="such as F-18 or I-123")
    tracer.add_argument(
        "--radiopharmaceutical",
        action="append",
        default=[],
        metavar="NAME",
        help="such as fluorodeoxyglucose; may be given several times, each a name that is accepted",
    )
    several = parser.add_argument_group("which volume", "of several in one scan; not looked at where there is one")
    several.add_argument(
        "--frame-window",
        type=from_zero,
        nargs=2,
        metavar=("FROM", "TO"),
        help="average the time frames of a dynamic PET between these minutes after injection",
    )
    several.add_argument("--gate", type=_number_or_sum, metavar="N|sum", help="of a gated SPECT")
    several.add_argument("--energy-window", type=_from_one, metavar="N", help="of a SPECT")
    several.add_argument("--detector", type=_from_one, metavar="N", help="of a SPECT")


def _window(limits: list[float] | None) -> tuple[float, float] | None:
    if limits is None:
        return None
    first, last = limits
    if first >= last:
        raise ConfigError(f"--frame-window {first:g} {last:g}: the first must be less than the second")
    return first, last


def _check_out(scan: Path, out: Path) -> None:
    """Refuse an output that would overwrite the input. No path is shown, because it may identify a person."""
    originals = [scan, Path(sidecar(str(scan)))] if is_nifti(scan) else [scan]
    written = [out, Path(sidecar(str(out)))]
    if any(_same(output, original) for output in written for original in originals):
        raise ConfigError("--out: its image or its JSON is the input itself; name another file")


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def run(options: argparse.Namespace) -> None:
    """Convert one scan; with ``--record-refusal`` a refusal becomes the output.

    Raises
    ------
    ConfigError
        If flags contradict each other.
    DicomError
        If the scan is refused, or with ``--fingerprint`` its files have changed since; that is never recorded.
    """
    declared = Declared(
        weight_kg=options.weight_kg,
        height_m=options.height_m,
        dose_mbq=options.dose_mbq,
        injection_time=options.injection_time,
        uptake_minutes=options.uptake_minutes,
        sex=options.sex,
        orientation=options.orientation,
        frame_window=_window(options.frame_window),
        gate=options.gate,
        energy_window=options.energy_window,
        detector=options.detector,
        radionuclide=options.radionuclide,
        radiopharmaceuticals=tuple(options.radiopharmaceutical),
    )
    if options.anat and declared != Declared():
        raise ConfigError(
            "--anat: goes with none of the flags that fill gaps of a scan, name its tracer or choose a volume of it"
        )
    _check_out(options.scan, options.out)
    gc.disable()  # a series is many small objects that all stay; the collector would walk them again and again
    label = options.label or ("scan" if options.record_refusal else None)  # a path may name somebody
    try:
        if options.anat:
            volume, facts = convert_anat(options.scan, label, options.series)
        else:
            volume, facts = convert_scan(options.scan, declared, label, options.series)
    except PetSpectError as error:
        if not options.record_refusal:
            raise
        refused = with_provenance({}, _made(options, declared))
        _check_unchanged(options.scan, options.fingerprint, label)
        write_refusal(options.out, Refusal("convert", error.code, str(error)), refused)
        print(f"pet-spect convert: {error}", file=sys.stderr)
        return
    finally:
        gc.enable()
    made = _made(options, declared)
    _check_unchanged(options.scan, options.fingerprint, label)
    write_scan(options.out, volume, with_provenance(facts, made))


def _check_unchanged(scan: Path, expected: str | None, label: str | None) -> None:
    """Check that the files of a scan are those that the run found when it began.

    A disk that is away for a minute would otherwise leave a refusal, which the next run takes for the last word.
    """
    if expected is not None and fingerprint(scan) != expected:
        raise DicomError(
            f"{label or scan}: its files changed, or were not there, while the run worked; nothing was written. See"
            " that they are all there, then start the run again"
        )


def _made(options: argparse.Namespace, declared: Declared) -> Provenance:
    """Return how the image was made; what the tables say of the person is named, its values are not given."""
    inputs: dict[str, str] = {}
    with suppress(OSError):  # of a scan that is refused because it cannot be read, there is no hash
        inputs["source"] = source_sha256(options.scan)
    said = {name: value for name, value in asdict(declared).items() if value not in (None, ())}
    return Provenance(
        verb="convert",
        inputs=inputs,
        parameters={
            "anat": options.anat,
            "series_chosen": options.series is not None,
            "facts_given": sorted(said.keys() & _OF_PERSON),
            **{name: value for name, value in said.items() if name not in _OF_PERSON},
        },
        software=software("nibabel", "numpy", "pydicom"),
    )
