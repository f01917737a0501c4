"""How long ``pet-spect index`` takes over many files, and how much memory: makes them in a temporary folder.

python benchmarks/reading/index_speed.py [--files 10000] [--elements 150]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

PET, CT = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.2"
SLICES = 100


def template(kind: str, elements: int) -> Dataset:
    """Return an image with as many elements as scanners write, most of them private."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = kind
    ds.Modality, ds.Manufacturer = "PT" if kind == PET else "CT", "Synthetic"
    ds.SeriesType, ds.Units, ds.DecayCorrection = ["STATIC", "IMAGE"], "BQML", "START"
    ds.CorrectedImage = ["DECY", "ATTN", "SCAT"]
    ds.SeriesTime = ds.AcquisitionTime = "110000"
    ds.FrameReferenceTime, ds.ActualFrameDuration = "149605", "300000"
    ds.ImageOrientationPatient, ds.PixelSpacing, ds.SliceThickness = [1, 0, 0, 0, 1, 0], [2, 2], 3
    ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
    drug = Dataset()
    drug.Radiopharmaceutical, drug.RadiopharmaceuticalStartTime = "FDG", "100000"
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "350000000", "6586.2"
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.Rows = ds.Columns = 128
    ds.PixelData = np.zeros((128, 128), dtype="<i2").tobytes()
    block = ds.private_block(0x0009, "SYNTHETIC", create=True)
    for element in range(max(0, elements - len(ds))):
        block.add_new(element % 256, "LO", f"value {element}")
    return ds


def write(folder: Path, files: int, elements: int) -> None:
    """Write series of 100 slices, three PET to one CT, into one folder and without order."""
    kinds = {kind: template(kind, elements) for kind in (PET, CT)}
    order = np.random.default_rng(1).permutation(files)
    series = [generate_uid(entropy_srcs=[str(number)]) for number in range(files // SLICES + 1)]
    for name, index in enumerate(order):
        number, place = divmod(int(index), SLICES)
        ds = kinds[CT if number % 4 == 3 else PET]
        ds.SeriesInstanceUID, ds.StudyInstanceUID = series[number], f"1.2.{number // 4}"
        ds.PatientID, ds.PatientName = f"P{number // 8}", f"Somebody^{number // 8}"
        ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = f"{2024 + number // 4 % 2}0115"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.3.{index}"
        ds.ImagePositionPatient = [-128, -128, 3 * place]
        ds.save_as(folder / f"{name:06d}", enforce_file_format=True)


def measure(source: Path, out: Path) -> dict[str, float]:
    """Return seconds and peak MB of the whole process."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "pet_spect.cli", "index", str(source), "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 1),
        "peak_MB_so_far": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--elements", type=int, default=150)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "dump")
        folder.mkdir()
        write(folder, options.files, options.elements)
        found = {"folder": measure(folder, Path(place, "a"))}
        with zipfile.ZipFile(Path(place, "dump.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            for file in folder.iterdir():
                archive.write(file, file.name)
        found["zip"] = measure(Path(place, "dump.zip"), Path(place, "b"))
    print(json.dumps({"files": options.files, "elements": options.elements} | found, indent=2))


if __name__ == "__main__":
    main()
