"""What a mistaken visit does to the change."""

from __future__ import annotations

import pytest

from ..studies import rows

pytestmark = pytest.mark.workflow


def changes(study):
    """Return change and change in percent of sub-01, NaN where there is none."""
    return {
        (row["tracer"], row["region"], row["measure"], row["reference"]): [
            float(row[name].replace("n/a", "nan")) for name in ("change", "change_percent")
        ]
        for row in rows(study.results / "tables/change.tsv")
        if row["participant_id"] == "sub-01"
    }


def test_swapped_visits_negate_every_change(finished):
    before = changes(finished)
    table = finished.folder / "config/scans.tsv"
    other = {"baseline": "year1", "year1": "baseline"}
    head, *lines = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line[0] == "sub-01":
            line[1] = other[line[1]]
    table.write_text("".join("\t".join(line) + "\n" for line in [head, *lines]), encoding="utf-8")
    run = finished.snakemake("--until", "cohort")
    assert run.returncode == 0, run.stderr
    after = changes(finished)
    assert before.keys() == after.keys()
    assert sum(change == change for change, _ in before.values()) > 10
    for key, (change, percent) in before.items():
        assert after[key][0] == pytest.approx(-change, rel=1e-6, nan_ok=True), key
        assert after[key][1] == pytest.approx(-percent / (1 + percent / 100), rel=1e-6, nan_ok=True), key
