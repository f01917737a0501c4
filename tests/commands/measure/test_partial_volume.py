"""Partial volume correction from the command line, in a small finished study with a drawn infarct."""

import json
import math
import shutil

import pytest

from pet_spect.cli import main
from pet_spect.results import layout
from pet_spect.tsv import parse_float, read_table

SESSIONS = "baseline", "year1"
WHO = "sub-01"


def measured(results, *flags):
    images = []
    for session in SESSIONS:
        image = results / layout.scan_image(WHO, session, "18FFDG", "pet")
        images += ["--scan", session, "FDG", str(image)]
    out = results / layout.uptake_table(WHO, "CerebrA")
    visits = ["--sessions", *SESSIONS, "--tracers", "FDG"]
    command = ["measure", "--participant", WHO, "--results", str(results), *images, *visits, "--out", str(out)]
    mask = ["--lesion-mask", str(results / layout.lesion_mask(WHO))]
    assert main([*command, *mask, "--min-coverage", "0.8", "--record-refusal", *flags]) == 0
    return out


@pytest.fixture(scope="module")
def study(small_results, tmp_path_factory):
    """The table without correction, and the results with it."""
    results = tmp_path_factory.mktemp("pvc") / "results"
    shutil.copytree(small_results, results)
    shutil.copytree(small_results.parent / "config", results.parent / "config")
    before = (results / layout.uptake_table(WHO, "CerebrA")).read_text()
    out = measured(results, "--pvc", "gtm", "--lesion-rings", "left")
    return before, out, results


def rows_of(table):
    return {(row["session"], row["region"], row["side"]): row for row in read_table(table, required=("mean",))}


def test_the_rows_that_there_were_stay_as_they_are(study):
    before, out, _ = study
    kept = [line for line in out.read_text().splitlines() if "_gtm\t" not in line and "\tlesion_ring_" not in line]
    assert kept == before.splitlines()


def test_surroundings_are_measured_as_well_and_are_not_corrected(study):
    _, out, _ = study
    rings = {region: row for (_, region, _), row in rows_of(out).items() if region.startswith("lesion_ring_")}
    assert len(rings) == 4  # two rings and their mirror images
    assert all(parse_float(row["mean"]) > 0 for row in rings.values())


def test_each_region_has_a_corrected_row_with_its_sensitivity(study):
    _, out, _ = study
    rows = rows_of(out)
    plain = [key for key in rows if not key[1].endswith(("_gtm", "_lesionfree")) and "lesion_ring" not in key[1]]
    assert all((session, f"{region}_gtm", side) in rows for session, region, side in plain)
    for session in SESSIONS:
        seen, corrected = (
            parse_float(rows[session, region, "right"]["mean"]) for region in ("precentral", "precentral_gtm")
        )
        assert corrected > 1.1 * seen
    sidecar = json.loads(out.with_suffix(".json").read_text())
    for scan in sidecar["Scans"]:
        assert 1 < scan["PartialVolume"]["Condition"] < 1000
        assert scan["PartialVolume"]["Warnings"] == []
        noise = (scan["Sensitivities"][region]["right"][0] for region in ("precentral", "precentral_gtm"))
        seen, corrected = noise
        assert corrected > seen > 0


def test_ratios_changes_and_summary_have_rows_of_the_corrected_target(study):
    _, _, results = study
    config = results.parent / "config"
    command = ["cohort", "--results", str(results), "--participants", str(config / "participants.tsv")]
    more = ["--scans", str(config / "scans.tsv"), "--sessions", *SESSIONS, "--tracers", "FDG", "--pvc", "gtm"]
    assert main([*command, *more]) != 0  # sub-02 was measured without
    table = results / layout.uptake_table("sub-02", "CerebrA")
    one = config / "one.tsv"
    one.write_text("participant_id\tlesion_side\nsub-01\tleft\n")
    scans = config / "one_scans.tsv"
    lines = (config / "scans.tsv").read_text().splitlines()
    scans.write_text("\n".join([lines[0], *(line for line in lines if line.startswith(WHO))]) + "\n")
    command[4], more[1] = str(one), str(scans)
    assert main([*command, *more]) == 0
    assert table.is_file()
    found = read_table(results / "tables" / "change.tsv", required=("region",))
    change = {
        row["region"]: parse_float(row["change_percent"])
        for row in found
        if (row["measure"], row["reference"]) == ("uptake_ratio", "contralateral")
    }
    # the true change is 12.5 %; the scanner shows less of it
    assert math.isfinite(change["precentral_gtm"])
    assert abs(change["precentral_gtm"] - 12.5) < abs(change["precentral"] - 12.5)
    assert math.isfinite(change["lesion_ring_0_10"])
    summary = read_table(results / "tables" / "summary.tsv", required=("region",))
    assert {row["primary"] for row in summary if row["region"] == "precentral_gtm"} == {"false"}
    from pet_spect import measure

    assert "precentral_gtm" in set(measure(results)["region"])
