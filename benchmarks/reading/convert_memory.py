"""How long `pet-spect convert` takes over very large scans, and how much memory: makes them in a temporary folder.

Usage: ``.venv/bin/python benchmarks/reading/convert_memory.py [--only NAME ...]``. Needs 9 GB of disk and of
memory; by hand.

*Volume* is the image as 32-bit floats; *peak* is the largest resident memory of the whole process, and
*times* the peak less that of a small scan, in volumes. Scans that are refused decode no voxel. Seconds are those of
the processor, so that a busy machine tells the same.
"""

from __future__ import annotations

import argparse
import copy
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

PET, ENHANCED_PET, NM = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("128", "130", "20"))
MB = 1e6


def item(**elements: object) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def macro(**elements: object) -> Sequence:
    return Sequence([item(**elements)])


def image(kind: str, modality: str, edge: int, bits: int) -> Dataset:
    """Return what every image says, without its pixels."""
    ds = item(SOPClassUID=kind, SOPInstanceUID=generate_uid(), Modality=modality, SeriesInstanceUID="1.2.3.4")
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.Rows = ds.Columns = edge
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    return ds


def nm(edge: int, slices: int, gates: int, bits: int) -> Dataset:
    """Return a reconstructed SPECT of some gates."""
    ds = image(NM, "NM", edge, bits)
    ds.ImageType = ["DERIVED", "PRIMARY", "RECON GATED TOMO" if gates > 1 else "RECON TOMO", "EMISSION"]
    ds.CorrectedImage, ds.NumberOfFrames = ["ATTN"], gates * slices
    ds.PixelSpacing, ds.SliceThickness, ds.SpacingBetweenSlices = [2, 2], 2, -2
    ds.FrameIncrementPointer = [0x00540070, 0x00540080] if gates > 1 else 0x00540080
    ds.SliceVector = list(range(1, slices + 1)) * gates
    if gates > 1:
        ds.TimeSlotVector = [gate for gate in range(1, gates + 1) for _ in range(slices)]
    ds.DetectorInformationSequence = macro(ImagePositionPatient=[0, 0, 0], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    return ds


def enhanced(edge: int, slices: int, times: int, bits: int) -> Dataset:
    """Return an Enhanced PET of some time frames of a minute each."""
    ds = image(ENHANCED_PET, "PT", edge, bits)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "DYNAMIC" if times > 1 else "STATIC", "NONE"]
    ds.NumberOfFrames = times * slices
    ds.DecayCorrected, ds.AttenuationCorrected, ds.DecayCorrectionDateTime = "YES", "YES", "20250101110000"
    unit = macro(CodeValue="Bq/ml", CodingSchemeDesignator="UCUM", CodeMeaning="unit")
    ds.SharedFunctionalGroupsSequence = macro(
        PixelMeasuresSequence=macro(PixelSpacing=[2, 2], SliceThickness=2),
        PlaneOrientationSequence=macro(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        RealWorldValueMappingSequence=macro(
            RealWorldValueSlope=0.5, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=unit
        ),
    )
    ds.PerFrameFunctionalGroupsSequence = Sequence(
        item(
            PlanePositionSequence=macro(ImagePositionPatient=[0, 0, 2 * place]),
            FrameContentSequence=macro(
                FrameAcquisitionDateTime=f"20250101{11 + minute // 60:02d}{minute % 60:02d}00",
                FrameAcquisitionDuration=60000.0,
            ),
        )
        for minute in range(times)
        for place in range(slices)
    )
    return ds


def classic(edge: int) -> Dataset:
    """Return a slice of a static PET series."""
    ds = image(PET, "PT", edge, 16)
    ds.SeriesType, ds.Units, ds.DecayCorrection = ["STATIC", "IMAGE"], "BQML", "START"
    ds.CorrectedImage, ds.RescaleSlope, ds.RescaleIntercept = ["DECY", "ATTN"], "0.5", "0"
    ds.SeriesDate = ds.AcquisitionDate = "20250101"
    ds.SeriesTime = ds.AcquisitionTime = "110000"
    ds.FrameReferenceTime, ds.ActualFrameDuration = "0", "60000"
    ds.ImageOrientationPatient, ds.PixelSpacing = [1, 0, 0, 0, 1, 0], [2, 2]
    return ds


def write(path: Path, ds: Dataset) -> None:
    """Write an object, its pixels frame by frame, so that this process stays small."""
    ds.save_as(path, enforce_file_format=True)
    frames, bits = int(ds.get("NumberOfFrames", 1)), ds.BitsAllocated
    frame = np.random.default_rng(1).integers(0, 30000, (ds.Rows, ds.Columns)).astype(f"<u{bits // 8}").tobytes()
    with path.open("ab") as stream:
        stream.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, len(frame) * frames))
        for _ in range(frames):
            stream.write(frame)


def write_series(folder: Path, ds: Dataset, slices: int, times: int = 1) -> None:
    """Write the slices of a series, those of later time frames a minute later."""
    if times > 1:
        ds.SeriesType, ds.NumberOfTimeSlices, ds.NumberOfSlices = ["DYNAMIC", "IMAGE"], times, slices
    for number in range(slices * times):
        minute, place = divmod(number, slices)
        ds.SOPInstanceUID, ds.ImagePositionPatient = f"1.3.{number}", [0, 0, 2 * place]
        ds.AcquisitionTime, ds.FrameReferenceTime = f"{11 + minute // 60:02d}{minute % 60:02d}00", 60000 * minute
        write(folder / f"{number:06d}", copy.copy(ds))


def one(make: Callable[[], Dataset]) -> Callable[[Path], None]:
    return lambda folder: write(folder / "000000", make())


SCANS: dict[str, tuple[int, Callable[[Path], None]]] = {
    "a small scan": (64 * 64 * 64, one(lambda: enhanced(64, 64, 1, 16))),
    "Enhanced PET of 2 GB": (512 * 512 * 2047, one(lambda: enhanced(512, 2047, 1, 32))),
    "Enhanced PET of 1 GB": (512 * 512 * 2047, one(lambda: enhanced(512, 2047, 1, 16))),
    "Enhanced PET of 10,000 slices": (128 * 128 * 10_000, one(lambda: enhanced(128, 10_000, 1, 16))),
    "PET series of 10,000 slices": (128 * 128 * 10_000, lambda folder: write_series(folder, classic(128), 10_000)),
    "SPECT of 2 GB": (512 * 512 * 2047, one(lambda: nm(512, 2047, 1, 32))),
    "SPECT of 10,000 slices": (128 * 128 * 10_000, one(lambda: nm(128, 10_000, 1, 16))),
    "Enhanced PET of 200 time frames": (0, one(lambda: enhanced(128, 90, 200, 16))),
    "PET series of 200 time frames": (0, lambda folder: write_series(folder, classic(128), 90, 200)),
    "SPECT of 200 gates": (0, one(lambda: nm(128, 90, 200, 16))),
}
"""By name: voxels of the image, 0 of a scan that is refused, and what writes it into a folder."""


def measure(folder: Path, out: Path) -> tuple[float, float, str]:
    """Return seconds and peak bytes of a conversion to an uncompressed image, and what it said."""
    command = [sys.executable, "-m", "pet_spect.cli", "convert", str(folder), "--label", "scan", "--out", str(out)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        told = said.read().decode().strip()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, told if process.returncode else "converted"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SCANS, default=list(SCANS))
    print("| scan | volume MB | seconds | peak MB | times | |\n|---|---|---|---|---|---|")
    small = 0.0
    for name in dict.fromkeys(["a small scan", *parser.parse_args().only]):
        voxels, make = SCANS[name]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, "scan")
            folder.mkdir()
            make(folder)
            seconds, peak, told = measure(folder, Path(place, "image.nii.gz" if voxels == 0 else "image.nii"))
            shutil.rmtree(folder)
        small = small or peak
        times = f"{(peak - small) / (4 * voxels):.1f}" if voxels and name != "a small scan" else ""
        volume = f"{4 * voxels / MB:.0f}" if voxels else ""
        print(f"| {name} | {volume} | {seconds:.1f} | {peak / MB:.0f} | {times} | {told} |", flush=True)


if __name__ == "__main__":
    main()
