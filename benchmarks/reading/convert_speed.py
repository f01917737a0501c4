"""How long `pet-spect convert` takes beside dcm2niix and dicom2nifti, on the same PET series in one run.

Usage: ``.venv/bin/python benchmarks/reading/convert_speed.py [--series FOLDER] [--repeats 5] [--out speed.tsv]``.

Without `--series` the real one of ``PET_SPECT_EXTERNAL_DATA`` is read, or else a simulated one; of either all
slices and the lowest 94. The readers take turns. *Whole process* is the command as typed; *in-process* is the
conversion alone in a process that has run it once (for dcm2niix, the time of its core code by its own report).
dicom2nifti comes with the extra ``benchmark`` (``uv pip install --editable .[benchmark]``).
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dcm2niix
import numpy as np
import pydicom
from scipy.ndimage import gaussian_filter

from pet_spect.cli import main as pet_spect
from pet_spect.model import Volume
from pet_spect.simulate.writers.pet_series import PetHeader, write_pet_series

SLICES, FEWER_SLICES = 267, 94
COLUMNS = ("reader", "slices", "image", "whole_process_s", "whole_process_min_s", "in_process_s", "in_process_min_s")
BIN = Path(sys.executable).parent
START_UP = {
    "pet-spect --version": [str(BIN / "pet-spect"), "--version"],
    "pet-spect convert --help": [str(BIN / "pet-spect"), "convert", "--help"],
    "numpy, nibabel and pydicom alone": [sys.executable, "-c", "import numpy, nibabel, pydicom"],
}


@dataclass
class Timings:
    """Seconds of one reader on one series."""

    whole_process: list[float] = field(default_factory=list)
    in_process: list[float] = field(default_factory=list)

    def row(self) -> list[str]:
        """Return median and minimum of both."""
        kinds = (self.whole_process, self.in_process)
        return [f"{value:.3f}" for seconds in kinds for value in (statistics.median(seconds), min(seconds))]


def main() -> None:
    """Time the readers and print the tables."""
    options = _options()
    rows: list[list[str]] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        whole, source = _series(options.series, folder)
        few = lowest(whole, FEWER_SLICES, folder / "few")
        for scan in (few, whole):
            rows += _timed(scan, folder, options.repeats)
    start_up = {name: _best(command, options.repeats) for name, command in START_UP.items()}
    if options.out:
        with options.out.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter="\t", lineterminator="\n").writerows([COLUMNS, *rows])
    print(f"{source}; seconds, median of {options.repeats} (least)\n")
    print("| reader | slices | image | whole process | in-process |\n|---|---|---|---|---|")
    for reader, slices, image, *times in rows:
        print(f"| {reader} | {slices} | {image} | {times[0]} ({times[1]}) | {times[2]} ({times[3]}) |")
    print("\n| start-up | seconds |\n|---|---|")
    for name, (median, least) in start_up.items():
        print(f"| {name} | {median:.3f} ({least:.3f}) |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=Path, help="folder of one PET series")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, metavar="TSV", help="table to write")
    return parser.parse_args()


def _series(given: Path | None, folder: Path) -> tuple[Path, str]:
    """Return a folder with a PET series, and what it is."""
    external = os.environ.get("PET_SPECT_EXTERNAL_DATA")
    if given is None and external is not None:
        given = Path(external) / "sts_001" / "dicom"
    if given is not None and given.is_dir():
        return given, "A real series"
    simulate(folder / "simulated")
    return folder / "simulated", "A simulated series, 128 × 128"


def simulate(folder: Path) -> None:
    """Write a series of a body with noise as smooth as a scanner's."""
    rng = np.random.default_rng(1)
    x, y, _ = np.ogrid[-1:1:128j, -1:1:128j, 0 : SLICES - 1]
    inside = np.broadcast_to((x / 0.8) ** 2 + (y / 0.6) ** 2 < 1, (128, 128, SLICES))
    noise = gaussian_filter(rng.standard_normal((128, 128, SLICES)), 1)
    activity = np.maximum(np.where(inside, 5000, 100) * (1 + noise), 0).astype(np.float32)
    start = datetime(2001, 3, 5, 11, 0)
    header = PetHeader(start, start + timedelta(hours=1), manufacturer="GE MEDICAL SYSTEMS")
    volume = Volume(activity, np.diag([-4.0, -4.0, 3.27, 1.0]))
    # dicom2nifti takes a series whose numbers do not follow the positions for a dynamic one and fails
    write_pet_series(folder, volume, header, rng, slice_order="ascending")


def lowest(series: Path, count: int, folder: Path) -> Path:
    """Copy the slices of a series that lie nearest to the feet."""

    def height(path: Path) -> float:
        position = pydicom.dcmread(path, specific_tags=["ImagePositionPatient"]).ImagePositionPatient
        return float(position[2])

    folder.mkdir()
    for path in sorted((path for path in series.iterdir() if path.is_file()), key=height)[:count]:
        shutil.copy(path, folder)
    return folder


def _timed(scan: Path, folder: Path, repeats: int) -> Iterable[list[str]]:
    """Yield a row per reader and kind of image."""
    slices = str(sum(1 for _ in scan.iterdir()))
    table = {(reader, image): Timings() for reader in READERS for image in ("nii", "nii.gz")}
    out = folder / "out"
    for number in range(repeats + 1):
        for (reader, image), timings in table.items():
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            whole, inner = READERS[reader](scan, out, image)
            if number:  # the first round warms the caches
                timings.whole_process.append(whole)
                timings.in_process.append(inner)
    for (reader, image), timings in table.items():
        yield [reader, slices, image, *timings.row()]


def by_pet_spect(scan: Path, out: Path, image: str) -> tuple[float, float]:
    """Return the seconds of a whole process and of the conversion in this process; so do the other readers."""
    arguments = ["convert", str(scan), "--out", str(out / f"image.{image}")]
    return _process([str(BIN / "pet-spect"), *arguments])[0], _call(lambda: pet_spect(arguments))


def by_dcm2niix(scan: Path, out: Path, image: str) -> tuple[float, float]:
    compressed = "y" if image == "nii.gz" else "n"
    seconds, text = _process([dcm2niix.bin, "-z", compressed, "-f", "image", "-o", str(out), str(scan)])
    core = re.search(r"\(([\d.]+) for core code\)", text)
    return seconds, float(core[1]) if core else float("nan")


def by_dicom2nifti(scan: Path, out: Path, image: str) -> tuple[float, float]:
    from dicom2nifti.convert_dicom import dicom_series_to_nifti

    flags = [] if image == "nii.gz" else ["--no-compression"]
    seconds, _ = _process([str(BIN / "dicom2nifti"), *flags, str(scan), str(out)])
    inner = _call(lambda: dicom_series_to_nifti(str(scan), str(out / f"image.{image}"), reorient_nifti=True))
    return seconds, inner


READERS: dict[str, Callable[[Path, Path, str], tuple[float, float]]] = {
    "pet_spect": by_pet_spect,
    "dicom2nifti": by_dicom2nifti,
    "dcm2niix": by_dcm2niix,
}


def _process(command: list[str]) -> tuple[float, str]:
    begin = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - begin, done.stdout


def _call(convert: Callable[[], object]) -> float:
    begin = time.perf_counter()
    convert()
    return time.perf_counter() - begin


def _best(command: list[str], repeats: int) -> tuple[float, float]:
    seconds = [_process(command)[0] for _ in range(repeats)]
    return statistics.median(seconds), min(seconds)


if __name__ == "__main__":
    main()
