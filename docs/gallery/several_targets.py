"""Several targets in one call: each region on its own, and some joined as one.

``precentral+paracentral`` is the mean of both, weighted by their volumes. Every region must have a left and a right
side; an unknown name is refused, and the message gives the most similar name.
"""

from example_scan import example_scan

import pet_spect

scan = example_scan(ratio=0.8)

table = pet_spect.measure(
    scan,
    targets=["precentral", "postcentral", "precentral+paracentral"],
    references="contralateral",
    lesion_side="left",
)
print(table[["region", "value", "numerator", "denominator"]])
