import json

import pytest

from pet_spect.errors import TableError
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.results.uptake.uptake_facts import read_uptake_facts
from pet_spect.results.uptake.uptake_record import write_uptake
from pet_spect.results.uptake.uptake_scan import CommonResolution, UptakeScan, missing_scan

PROTOCOL = ScanProtocol(model="Biograph", dose_mbq=200.0)


def test_what_measure_wrote_is_read(tmp_path):
    path = tmp_path / "sub-01_seg-CerebrA_uptake.tsv"
    resolution = CommonResolution(estimated_mm=6.0, estimated_sd_mm=0.2, blur_mm=4.5)
    scan = UptakeScan(
        session="baseline", tracer="FDG", status="measured", suv_factor=0.5, protocol=PROTOCOL, resolution=resolution
    )
    write_uptake(path, [], [scan, missing_scan("year1", "FDG")], 0.8, 0.9)
    facts = read_uptake_facts(path)
    assert (facts.misplacement_mm, facts.min_coverage, facts.surroundings) == (0.8, 0.9, None)
    measured, missing = facts.scans
    assert (measured.blur_mm, measured.suv_factor, measured.protocol) == (4.5, 0.5, PROTOCOL)
    assert (missing.status, missing.blur_mm, missing.protocol) == ("missing", None, None)


def test_a_sidecar_of_another_make_is_refused(tmp_path):
    path = tmp_path / "x_uptake.tsv"
    path.with_suffix(".json").write_text(json.dumps({"Scans": []}))
    with pytest.raises(TableError, match="run measure again"):
        read_uptake_facts(path)
