"""Another tracer: a scan that is neither FDG nor IMZ, such as flumazenil-PET or HMPAO-SPECT.

The measurement does not depend on the tracer. Name the tracer: the name appears in the table. Choose a reference in
which the tracer does not bind: the pons for flumazenil. `ratio_minus_one` is then a proxy of the binding potential.
"""

from example_scan import example_scan

import pet_spect

scan = example_scan(ratio=0.8, grey=2.0, white=0.4)

table = pet_spect.measure(
    {"sub-01_ses-baseline": scan},
    tracer="FMZ",
    lesion_side="left",
    references=["pons", "contralateral"],
    measures=["uptake_ratio", "ratio_minus_one"],
)
print(table[["participant_id", "session", "tracer", "measure", "reference", "value"]])
