"""A reference of your own: some regions of the atlas, on the side with the stroke, without it, or on both.

``exclude`` leaves out the target, its mirror image or the voxels of a lesion mask.
"""

from example_scan import example_scan

import pet_spect

scan = example_scan(ratio=0.8)

references = {
    "thalamus_contralesional": pet_spect.Reference(("thalamus",), "contralesional"),
    "all_but_the_target": pet_spect.Reference(("all",), "both", ("target", "target_mirror")),
    "occipital": {"regions": ["cuneus", "lingual", "pericalcarine"], "side": "both"},
}
table = pet_spect.measure(scan, references=references, lesion_side="left")
print(table[["reference", "value", "denominator"]])
