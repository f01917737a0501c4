"""An atlas of your own: two spheres in the hand area, with a table as BIDS has it.

An atlas is a label image in MNI152NLin2009cSym and a table. Both may be files (``atlas=("dseg.nii.gz", "dseg.tsv")``)
or in memory, as here. The names say the side: ``hand_L`` and ``hand_R`` are the left and the right of one region.
"""

import nibabel as nib
import numpy as np
import pandas as pd
from example_scan import example_scan

import pet_spect

scan = example_scan(ratio=0.7)

standard = pet_spect.load_atlas("CerebrA")  # for its grid
points = np.moveaxis(np.indices(standard.labels.shape), 0, -1) @ standard.affine[:3, :3].T + standard.affine[:3, 3]
labels = np.zeros(standard.labels.shape, dtype=np.uint8)
for index, centre in ((1, (-38, -22, 56)), (2, (38, -22, 56))):
    labels[np.linalg.norm(points - centre, axis=-1) <= 8] = index

atlas = pet_spect.load_atlas(
    nib.Nifti1Image(labels, standard.affine),
    pd.DataFrame({"index": [1, 2], "name": ["hand_L", "hand_R"]}),
)
table = pet_spect.measure(scan, atlas, targets="hand", lesion_side="left")
print(table[["region", "reference", "value", "coverage", "qc"]])
