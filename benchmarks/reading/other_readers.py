"""Where each reader puts a marker of a simulated SPECT whose place is known.

Usage: ``.venv/bin/python benchmarks/reading/other_readers.py`` (dcm2niix, SimpleITK and dicom2nifti beside pet_spect).

The reconstructed NM object says where slices lie by a signed SpacingBetweenSlices and which one a frame is by
SliceVector (PS3.3 C.8.4.15). Prints a markdown table: the marker's place (RAS+ mm) by the standard, by each reader,
and how far off that is.
"""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import dcm2niix
import nibabel as nib
import numpy as np
from scipy.spatial.transform import Rotation

from pet_spect.cli import main as pet_spect
from pet_spect.model import Volume
from pet_spect.simulate.writers.nm_object import NmHeader, write_nm_recon

SHAPE, MARKER, VOXEL_MM = (24, 28, 20), (6, 9, 15), (4.0, 4.0, 5.0)
START = datetime(2001, 3, 5, 11, 0)
STORED = {"in order": None, "permuted": [1, *range(SHAPE[2], 1, -1)]}


def main() -> None:
    """Write the objects, read them and print the table."""
    print("| SpacingBetweenSlices | frames | plane | by the standard | " + " | ".join(READERS) + " |")
    print("|---" * (4 + len(READERS)) + "|")
    for tilt in (0, 20):
        for sign in (1, -1):
            for stored, vector in STORED.items():
                print(_row(tilt, sign, stored, vector))


def _row(tilt: float, sign: Literal[1, -1], stored: str, vector: Sequence[int] | None) -> str:
    volume = _head(tilt)
    truth = nib.affines.apply_affine(volume.affine, MARKER)
    cells = [f"{sign * VOXEL_MM[2]:+g}", stored, f"oblique {tilt}°" if tilt else "axial", _shown(truth)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        header = NmHeader(START, START + timedelta(hours=3))
        write_nm_recon(folder / "scan" / "object.dcm", volume, header, spacing_sign=sign, slice_vector=vector)
        for number, read in enumerate(READERS.values()):
            out = folder / str(number)
            out.mkdir()
            try:
                found = read(folder / "scan", out)
            except Exception as error:  # what a reader cannot do is a result of this comparison
                cells.append(f"fails ({type(error).__name__})")
                continue
            off = float(np.linalg.norm(found - truth))
            cells.append("right" if off < 0.1 else f"{_shown(found)}: {off:.0f} mm off")
    return "| " + " | ".join(cells) + " |"


def _head(tilt: float) -> Volume:
    """Return a block with one hot voxel to the left, behind and above, rows to the left and columns to the back."""
    data = np.full(SHAPE, 10, dtype=np.float32)
    data[MARKER] = 1000
    affine = np.eye(4)
    turned = Rotation.from_euler("x", tilt, degrees=True).as_matrix()
    affine[:3, :3] = turned @ np.diag([-VOXEL_MM[0], -VOXEL_MM[1], VOXEL_MM[2]])
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    return Volume(data, affine)


def _shown(point: np.ndarray) -> str:
    return " ".join(f"{mm:.0f}" for mm in point + 0.0)


def _hottest(path: Path) -> np.ndarray:
    image = nib.Nifti1Image.from_filename(path)
    data = np.asarray(image.dataobj)
    return nib.affines.apply_affine(image.affine, np.unravel_index(np.argmax(data), data.shape)[:3])


def by_pet_spect(scan: Path, out: Path) -> np.ndarray:
    """Return the marker's place, RAS+ mm; so do the other readers."""
    if pet_spect(["convert", str(scan), "--out", str(out / "image.nii")]):
        raise RuntimeError("refused")
    return _hottest(out / "image.nii")


def by_dcm2niix(scan: Path, out: Path) -> np.ndarray:
    command = [dcm2niix.bin, "-o", out, "-f", "image", "-z", "n", scan]
    subprocess.run(command, check=True, capture_output=True)
    return _hottest(out / "image.nii")


def by_simpleitk(scan: Path, out: Path) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import SimpleITK as sitk  # noqa: N813

    image = sitk.ReadImage(str(scan / "object.dcm"))
    voxels = sitk.GetArrayFromImage(image)
    index = [int(number) for number in np.unravel_index(np.argmax(voxels), voxels.shape)[::-1]]
    return np.array(image.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]


def by_dicom2nifti(scan: Path, out: Path) -> np.ndarray:
    from dicom2nifti.convert_dicom import dicom_series_to_nifti

    dicom_series_to_nifti(str(scan), str(out / "image.nii"), reorient_nifti=True)
    return _hottest(out / "image.nii")


READERS: dict[str, Callable[[Path, Path], np.ndarray]] = {
    "pet_spect": by_pet_spect,
    "SimpleITK": by_simpleitk,
    "dcm2niix": by_dcm2niix,
    "dicom2nifti": by_dicom2nifti,
}


if __name__ == "__main__":
    main()
