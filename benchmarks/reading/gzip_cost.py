"""Print what it costs to read packed images to their end, where the checksum is, beside reading their voxels.

Usage: ``.venv/bin/python benchmarks/reading/gzip_cost.py IMAGE.nii.gz...``; seconds of processor time, median of 5.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np

from pet_spect.imaging.nifti import open_nifti


def seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    print("| MB packed | MB unpacked | checked, s | voxels read, s |\n|---|---|---|---|")
    for path in map(Path, sys.argv[1:]):
        image = open_nifti(path, path.name)
        unpacked = image.header.get_data_dtype().itemsize * np.prod(image.shape)
        checked = seconds(lambda path=path: open_nifti(path, path.name))
        read = seconds(lambda path=path: np.asarray(nib.Nifti1Image.from_filename(path).dataobj))
        print(f"| {path.stat().st_size / 1e6:.1f} | {unpacked / 1e6:.1f} | {checked:.3f} | {read:.3f} |")


if __name__ == "__main__":
    main()
