"""Many scans to a table of changes and its plot.

The keys of the dict say whose scan it is: participant, session, tracer. If there are two scans of one participant and
tracer, the count noise is estimated from them. Then every value has a standard deviation (`value_sd`) and an interval.
"""

from example_scan import example_scan

import pet_spect

scans = {
    ("sub-01", "baseline", "FDG"): example_scan(ratio=0.70, seed=1),
    ("sub-01", "year1", "FDG"): example_scan(ratio=0.85, seed=2),
    ("sub-02", "baseline", "FDG"): example_scan(ratio=0.80, seed=3),
    ("sub-02", "year1", "FDG"): example_scan(ratio=0.80, seed=4),
}
table = pet_spect.measure(scans, references="contralateral", lesion_side={"sub-01": "left", "sub-02": "left"})
print(table[["participant_id", "session", "value", "value_sd"]])

changes = pet_spect.change_table(table, ["baseline", "year1"])
print(changes[["participant_id", "baseline", "follow_up", "change_percent"]])

axes = pet_spect.plot_change(changes, output_file="change.png")
