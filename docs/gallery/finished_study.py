"""A new region on a finished study, without running the workflow again.

The folder ``results`` of a run contains the ids, the sides of the stroke, the transforms, the weights, the lesions and
the decisions. Values that the workflow measured are those of ``ratios.tsv``. Another target, reference or atlas is
measured in the converted scans, as the workflow would do it.

Usage: ``python finished_study.py results``
"""

import sys

import pet_spect

results = sys.argv[1]

as_the_workflow = pet_spect.measure(results)  # the rows of results/tables/ratios.tsv

new = pet_spect.measure(results, targets="postcentral", references="contralateral", measures="uptake_ratio")
print(new[["participant_id", "session", "tracer", "region", "value", "value_sd", "qc", "reason"]])

scan = {"participant": new["participant_id"][0], "session": new["session"][0], "tracer": new["tracer"][0]}
display = pet_spect.plot_uptake(results, **scan, output_file="uptake.png")
