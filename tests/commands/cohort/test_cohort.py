import csv
import json
import math

import pytest

from pet_spect import __version__
from pet_spect.cli import main
from pet_spect.files import write_json
from pet_spect.quantify.cohort.analysis.settings import read_analysis
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.remarks import Remark, read_cell, write_cell, write_remark
from pet_spect.results.analysis_plan import record_plan
from pet_spect.results.tables import columns
from pet_spect.results.typed_json import as_json
from pet_spect.results.uptake.sensitivity_entry import RESPONSE_TERMS
from pet_spect.tsv import read_table, write_table

SESSIONS, TRACERS = ("baseline", "year1"), ("FDG", "IMZ")
QC_COLUMNS = ("participant_id", "session", "tracer", "decision", "code", "reason", "initials", "time", "version")
SCANS_COLUMNS = (
    "participant_id",
    "session",
    "tracer",
    "path",
    "days_since_treatment",
    "glucose_mg_dl",
    "benzodiazepine",
    "uptake_minutes",
)
REFERENCES = {
    **{
        name: {"regions": "cerebellum", "side": side}
        for name, side in (
            ("cerebellum_ipsilesional", "ipsilesional"),
            ("cerebellum_contralesional", "contralesional"),
            ("cerebellum", "both"),
        )
    },
    "hemisphere_contralesional": {"regions": ["motor", "cortex"], "side": "contralesional"},
}
# A left stroke: motor and cortex lower on the left; enough paired regions to compare the visits.
MEANS = {
    ("motor", "left"): 6.0,
    ("motor", "right"): 10.0,
    ("cortex", "left"): 7.0,
    ("cortex", "right"): 10.0,
    ("cerebellum", "left"): 8.0,
    ("cerebellum", "right"): 8.0,
    ("pons", "n/a"): 4.0,
    **{(f"other_{i}", side): 7.0 if side == "left" else 10.0 for i in range(3) for side in ("left", "right")},
}


def scan_facts(session, tracer, **facts):
    return {
        "Session": session,
        "Tracer": tracer,
        "Status": "measured",
        "Stage": None,
        "Code": None,
        "Reason": None,
        "Warnings": [],
        "Unit": "Bq/mL",
        "SUVbwFactor": 0.5,
        "SUVReason": None,
        "AttenuationCorrection": True,
        "CutAt": [],
        "DeficitMl": {"left": 20.0, "right": 0.0},
        "Accepted": [],
        "LesionSeenMl": {"left": 0.0, "right": 0.0},
        "LesionSeenIn": None,
        "Simulated": False,
        "Sensitivities": {},
        "Protocol": as_json(ScanProtocol(start_minutes=180.0 if tracer == "IMZ" else 60.0)),
        **facts,
    }


class Study:
    """A results folder as measure leaves it, and the two tables of the study."""

    def __init__(self, folder):
        self.folder = folder
        self.results = folder / "results"
        self.participants = ["participant_id\tlesion_side"]
        self.decisions = []
        self.scans = []

    def add(self, who, *, lesion_side="left", means=None, facts=None):
        """Add a participant; `means` and `facts` by (session, tracer) depart from the left stroke above."""
        self.participants.append(f"{who}\t{lesion_side}")
        rows, scans = [], []
        for session in SESSIONS:
            for tracer in TRACERS:
                told = scan_facts(session, tracer, **(facts or {}).get((session, tracer), {}))
                scans.append(told)
                values = MEANS | (means or {}).get((session, tracer), {})
                rows += [self.row(who, told, region, side, value) for (region, side), value in values.items()]
                rows += [self.row(who, told, "motor_lesionfree", side, math.nan) for side in ("left", "right")]
        path = self.results / who / f"{who}_seg-toy_uptake.tsv"
        write_table(path, columns.UPTAKE, rows)
        told = {"ResponseTerms": RESPONSE_TERMS, "MisplacementMm": 0.0, "MinCoverage": 0.9, "Scans": scans}
        write_json(path.with_suffix(".json"), {**columns.UPTAKE, **told})

    @staticmethod
    def row(who, told, region, side, value):
        gone = told["Status"] != "measured"
        reason = write_cell([Remark.of("no_lesion_mask")]) if region == "motor_lesionfree" else None
        if gone:
            reason = told["Reason"] if told["Code"] is None else f"{told['Code']}: {told['Reason']}"
        elif math.isnan(value) and reason is None:
            reason = f"low_coverage: 10% of {region} {side} is in view"
        return {
            **dict.fromkeys(columns.UPTAKE),
            "participant_id": who,
            "session": told["Session"],
            "tracer": told["Tracer"],
            "region": region,
            "side": side,
            "mean": math.nan if gone else value,
            "volume_ml": math.nan if gone else 20.0,
            "reason": reason,
        }

    def decide(self, who, session, tracer, decision, code):
        self.decisions.append([who, session, tracer, decision, code, "looked at it", "AB", "2025-01-01", "0.1.0"])

    def list_scan(self, who, session, tracer, *, days="n/a", glucose="n/a", benzodiazepine="n/a", uptake="n/a"):
        path = f"{who}/{session}/{tracer}"
        self.scans.append([who, session, tracer, path, days, glucose, benzodiazepine, uptake])

    def run(self, *more):
        tables = self.folder / "participants.tsv", self.folder / "qc.tsv"
        tables[0].write_text("\n".join(self.participants) + "\n")
        tables[1].write_text("\n".join("\t".join(row) for row in [list(QC_COLUMNS), *self.decisions]) + "\n")
        (self.folder / "scans.tsv").write_text("\n".join("\t".join(row) for row in [SCANS_COLUMNS, *self.scans]) + "\n")
        words = f"cohort --scans {self.folder / 'scans.tsv'} --results {self.results}"
        words += f" --participants {tables[0]} --qc {tables[1]} --atlas-name toy"
        words += " --sessions baseline year1 --tracers FDG IMZ --target motor"
        words += "" if "--analysis" in more else " --primary FDG=cerebellum_ipsilesional IMZ=pons"
        return main([*words.split(), "--references", json.dumps(REFERENCES), *more])

    def table(self, name):
        return read_table(self.results / "tables" / f"{name}.tsv")

    def ratio(self, who, session, tracer, reference="pons", measure="uptake_ratio", region="motor"):
        wanted = {
            "participant_id": who,
            "session": session,
            "tracer": tracer,
            "region": region,
            "measure": measure,
            "reference": reference,
        }
        (row,) = (row for row in self.table("ratios") if wanted.items() <= row.items())
        return row

    def scan(self, who, session, tracer):
        (row,) = (
            row
            for row in self.table("scans")
            if (row["participant_id"], row["session"], row["tracer"]) == (who, session, tracer)
        )
        return row

    def accounted(self):
        return main(["accounted", str(self.results), "--out", str(self.results / "tables" / "accounted.tsv")])


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def test_every_participant_session_and_tracer_has_its_rows(study):
    study.add("sub-01")
    study.add("sub-02", facts={("year1", "IMZ"): {"Status": "missing", "Reason": "no scan listed"}})
    assert study.run() == 0
    assert len(study.table("uptake")) == 2 * 4 * 15
    assert len(study.table("ratios")) == 2 * 4 * (2 * 10 + 1)
    assert len(study.table("change")) == 2 * 2 * (2 * 10 + 1)
    assert len(study.table("scans")) == 2 * 4
    missing = study.ratio("sub-02", "year1", "IMZ")
    assert (missing["value"], missing["qc"], missing["reason"]) == ("n/a", "fail", Remark.of("no_scan").text)
    assert study.scan("sub-02", "year1", "IMZ")["status"] == "missing"
    assert study.accounted() == 0


def test_values_of_a_left_stroke(study):
    study.add("sub-01", means={("year1", "IMZ"): {("motor", "left"): 7.0}})
    assert study.run() == 0
    row = study.ratio("sub-01", "baseline", "IMZ")
    assert (row["value"], row["numerator"], row["denominator"], row["qc"]) == ("1.5", "6", "4", "pass")
    assert study.ratio("sub-01", "baseline", "FDG", "none", "suv_mean")["value"] == "3"
    (change,) = (
        row
        for row in study.table("change")
        if (row["tracer"], row["region"], row["reference"], row["measure"]) == ("IMZ", "motor", "pons", "uptake_ratio")
    )
    assert (change["change"], change["included"]) == ("0.25", "true")
    assert float(change["change_percent"]) == pytest.approx(100 / 6)


def test_every_table_has_its_dictionary(study):
    study.add("sub-01")
    study.run()
    for name in ("uptake", "ratios", "change", "summary", "scans"):
        path = study.results / "tables" / f"{name}.tsv"
        with path.open() as stream:
            header = next(csv.reader(stream, delimiter="\t"))
        dictionary = json.loads(path.with_suffix(".json").read_text())
        assert list(dictionary) == header
        assert all(entry["Description"] for entry in dictionary.values())


def test_the_summary_names_its_primary_rows(study):
    for number in range(1, 9):
        study.add(f"sub-0{number}", means={("year1", "FDG"): {("motor", "left"): 6.0 + number / 10}})
    study.run()
    primary = [row for row in study.table("summary") if row["role"] == "primary"]
    assert [(row["tracer"], row["reference"], row["quantity"]) for row in primary] == [
        ("FDG", "cerebellum_ipsilesional", "log_ratio"),
        ("IMZ", "pons", "log_ratio"),
    ]
    assert [row["role"] for row in study.table("summary") if row["primary"] == "true"] == ["primary", "primary"]
    fdg = primary[0]
    assert (fdg["n"], fdg["n_missing"], fdg["p_wilcoxon"], fdg["p_smallest"]) == ("8", "0", "0.0078125", "0.0078125")
    assert float(fdg["mean_change"]) == pytest.approx(sum(math.log(1 + number / 60) for number in range(1, 9)) / 8)


def declared(**settings):
    return json.dumps({"primary": {"FDG": "cerebellum_ipsilesional", "IMZ": "pons"}} | settings)


def statement(study, table="summary"):
    dictionary = json.loads((study.results / "tables" / f"{table}.json").read_text())
    return next(iter(dictionary.values()))["AnalysisPlan"]


def test_the_declared_analysis_decides_what_is_primary_and_how_p_is_adjusted(study):
    for number in range(1, 9):
        gain = {("motor", "left"): 6.0 + number / 10}
        study.add(f"sub-0{number}", means={("year1", "FDG"): gain, ("year1", "IMZ"): gain})
    assert study.run("--analysis", declared(quantity="change", multiplicity="holm", sets=["per_protocol"])) == 0
    primary = [row for row in study.table("summary") if row["primary"] == "true"]
    assert {(row["quantity"], row["analysis_set"]) for row in primary} == {("change", "per_protocol")}
    assert [float(row["p_adjusted"]) for row in primary] == pytest.approx([2 * float(row["p"]) for row in primary])


def test_every_table_says_which_plan_it_was_made_under(study):
    study.add("sub-01")
    analysis = read_analysis(json.loads(declared()), SESSIONS).as_config()
    plan = record_plan(study.results, {"analysis": analysis})[0].sha256
    assert study.run("--analysis", declared(), "--plan", plan) == 0
    assert main(["accounted", str(study.results), "--out", str(study.results / "tables" / "accounted.tsv")]) == 0
    for table in ("uptake", "ratios", "change", "summary", "scans", "checks", "decisions", "decided", "accounted"):
        assert statement(study, table)["Sha256"] == plan
    other = record_plan(study.results, {"analysis": analysis, "pvc": "none"})[-1].sha256
    assert study.run("--analysis", declared(), "--plan", other) == 0
    assert statement(study)["Changed"] == ["pvc: from nothing to none"]
    assert statement(study)["AsPlanned"] is False


def test_tables_made_by_hand_say_so(study):
    study.add("sub-01")
    assert study.run() == 0
    assert statement(study)["Statement"].endswith("the command was run by hand.")


def test_an_analysis_that_is_not_that_of_the_plan_is_an_error(study, capsys):
    study.add("sub-01")
    analysis = read_analysis(json.loads(declared()), SESSIONS).as_config()
    plan = record_plan(study.results, {"analysis": analysis})[0].sha256
    assert study.run("--analysis", declared(multiplicity="holm"), "--plan", plan) == 1
    assert f"--analysis: is not that of the plan {plan[:12]}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("planned", "flag"),
    [
        ({"pvc": "gtm"}, "--pvc"),
        ({"protocol": {"FDG": {"min_uptake_minutes": 45}}}, "--protocol"),
        ({"references": {}}, "--references"),
        ({"sessions": ["baseline", "month6", "year1"]}, "--sessions"),
        ({"targets": ["postcentral"]}, "--target"),
        ({"within_subject_cv": {"FDG": {"value": 5, "kind": "total", "source": "a study"}}}, "--within-subject-cv"),
        ({"within_subject_cv": 3}, "--within-subject-cv"),
        ({"tracers": {"FDG": {"label": "18FFDG"}}}, "--tracers"),
        ({"tracers": {"FDG": {"early": "IMZ"}, "IMZ": {}}}, "--early"),
        ({"measure": {"max_cerebellum_asymmetry_percent": 90}}, "--max-cerebellum-asymmetry"),
        ({"atlas": {"name": "mine"}}, "--atlas-name"),
    ],
)
def test_a_setting_that_is_not_that_of_the_plan_is_an_error(study, capsys, planned, flag):
    study.add("sub-01")
    analysis = read_analysis(json.loads(declared()), SESSIONS).as_config()
    plan = record_plan(study.results, {"analysis": analysis, **planned})[0].sha256
    assert study.run("--analysis", declared(), "--plan", plan) == 1
    assert f"{flag}: is not that of the plan {plan[:12]}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("analysis", "message"),
    [
        ('{"primary": {"FDG": 3}}', "--analysis: primary: FDG: a reference or its settings are needed, as text"),
        ('{"primary": ["FDG"]}', "--analysis: primary: references or settings by tracer are needed"),
        ('{"primary": {"PIB": "pons"}}', "--analysis: primary: PIB: pons: a tracer of FDG, IMZ and a reference of"),
        ('{"sets": ["itt"]}', "--analysis: sets: found 'itt', needed as_accepted or per_protocol or all"),
        ('{"primary": {"FDG": {"session": "year9"}}}', "found session 'year9', needed one of the follow-ups year1"),
        ('{"sets": []}', "--analysis: sets: found [], needed"),
        ('{"sets": null}', "--analysis: sets: found None, needed"),
        ('{"primary": {"FDG": {"measure": ["pons"]}}}', "--analysis: primary: FDG: a reference or its settings"),
        ('{"primary": {"FDG": {"reference": ["pons"]}}}', "--analysis: primary: FDG: a reference or its settings"),
    ],
)
def test_an_analysis_that_cannot_be_is_told_in_one_line(study, capsys, analysis, message):
    study.add("sub-01")
    assert study.run("--analysis", analysis) == 1
    assert message in capsys.readouterr().err


def test_a_participant_without_a_table_stops_everything_by_name(study, capsys):
    study.add("sub-01")
    study.participants.append("sub-02\tright")
    assert study.run() == 1
    assert "so sub-02 (1 of 2 participants) would be lost" in capsys.readouterr().err
    assert not (study.results / "tables").exists()


def test_a_table_of_another_participant_is_an_error(study, capsys):
    study.add("sub-01")
    study.participants.append("sub-02\tleft")
    for ending in ("tsv", "json"):
        (study.results / "sub-02").mkdir(exist_ok=True)
        source = study.results / "sub-01" / f"sub-01_seg-toy_uptake.{ending}"
        (study.results / "sub-02" / f"sub-02_seg-toy_uptake.{ending}").write_bytes(source.read_bytes())
    assert study.run() == 1
    assert "is not one that measure of this version wrote for sub-02" in capsys.readouterr().err
    assert not [path for path in (study.results / "tables").glob("*") if path.is_file()]


def test_a_session_the_tables_do_not_know_is_an_error(study, capsys):
    study.add("sub-01")
    assert study.run("--sessions", "baseline", "year2") == 1
    assert "has no scan year2 FDG" in capsys.readouterr().err


def test_a_region_the_atlas_lacks_is_an_error(study, capsys):
    study.add("sub-01")
    assert study.run("--references", json.dumps(REFERENCES | {"pons": {"regions": "bridge", "side": "both"}})) == 1
    assert "region 'bridge'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"mine": 1}', '{"mine": {"regions": [["x"]], "side": "both"}}', "[" * 9999]
)
def test_references_that_are_none_are_an_error_of_usage(study, capsys, text):
    study.add("sub-01")
    with pytest.raises(SystemExit) as caught:
        study.run("--references", text)
    assert caught.value.code == 2
    assert "argument --references: " in capsys.readouterr().err


def test_a_tracer_without_a_primary_reference_needs_the_other_side(study, capsys):
    study.add("sub-01")
    without = json.dumps(REFERENCES | {"contralateral": None})
    assert study.run("--references", without) == 0
    assert study.run("--references", without, "--primary", "FDG=pons") == 1
    assert "tracer IMZ has none, and the references lack contralateral" in capsys.readouterr().err


def test_a_refused_scan_keeps_its_reason_and_must_be_signed_off(study, capsys):
    refusal = {"Status": "refused", "Stage": "convert", "Code": "mixed_orientation", "Reason": "two orientations"}
    study.add("sub-01", facts={("year1", "IMZ"): refusal})
    assert study.run() == 0
    assert study.ratio("sub-01", "year1", "IMZ")["reason"] == "mixed_orientation: two orientations"
    assert study.accounted() == 1
    assert capsys.readouterr().err == (
        "sub-01_ses-year1 IMZ (mixed_orientation: two orientations)\n"
        "pet-spect accounted: 1 scan is not usable; correct the scan or its line in scans.tsv and run again, or decide"
        " in config/qc.tsv\n"
    )
    study.decide("sub-01", "year1", "IMZ", "accept", "mixed_orientation")
    assert study.run() == 0
    assert study.ratio("sub-01", "year1", "IMZ")["value"] == "n/a"
    assert study.accounted() == 0


def test_accepting_one_fault_does_not_accept_another(study, capsys):
    refusal = {"Status": "refused", "Stage": "convert", "Code": "mixed_orientation", "Reason": "two orientations"}
    study.add("sub-01", facts={("year1", "IMZ"): refusal})
    study.decide("sub-01", "year1", "IMZ", "accept", "low_coverage")
    study.run()
    assert study.accounted() == 1
    assert "(qc.tsv accepts low_coverage only)" in capsys.readouterr().err


def test_a_scan_without_its_primary_ratio_must_be_signed_off(study, capsys):
    study.add("sub-01", facts={("year1", "IMZ"): {"AttenuationCorrection": False}})
    study.run()
    row = study.scan("sub-01", "year1", "IMZ")
    assert (row["status"], row["stage"], row["code"]) == ("refused", "measure", "no_attenuation_correction")
    assert study.ratio("sub-01", "year1", "IMZ", "contralateral")["qc"] == "pass"
    assert study.accounted() == 1
    study.decide("sub-01", "year1", "IMZ", "accept", "no_attenuation_correction")
    study.run()
    assert study.accounted() == 0


def test_a_target_out_of_view_must_be_signed_off(study):
    study.add("sub-01", means={("baseline", "FDG"): {("motor", "left"): math.nan}})
    study.run()
    assert study.scan("sub-01", "baseline", "FDG")["code"] == "low_coverage"


def test_a_wrong_lesion_side_fails_every_ratio_but_shows_the_values(study, capsys):
    study.add("sub-01", lesion_side="right")
    study.run()
    row = study.ratio("sub-01", "baseline", "IMZ", "contralateral")
    assert float(row["value"]) == pytest.approx(10 / 6)
    assert row["qc"] == "fail"
    assert row["reason"].startswith(
        "laterality_disagree: the scan shows a lesion of 20 mL on the left and of 0 mL on the right,"
        " participants.tsv says right"
    )
    assert "so does every scan of this participant" in row["reason"]
    assert {row["included"] for row in study.table("change")} == {"false"}
    counts = {(row["analysis_set"], row["n"]) for row in study.table("summary")}
    assert counts == {("as_accepted", "0"), ("per_protocol", "0"), ("all", "1")}
    scan = study.scan("sub-01", "baseline", "FDG")
    assert (scan["status"], scan["code"], scan["decision"]) == ("excluded", "laterality_disagree", "n/a")
    assert study.accounted() == 1
    assert "\npet-spect accounted: 4 scans are not usable;" in capsys.readouterr().err


@pytest.mark.parametrize("seen_in", ["anat:T1w", "FDG"])
def test_an_accepted_laterality_is_used_with_a_warning_if_the_anatomical_image_agrees(study, seen_in):
    seen = {"LesionSeenMl": {"left": 0.0, "right": 12.0}, "LesionSeenIn": seen_in}
    visits = [(session, tracer) for session in SESSIONS for tracer in TRACERS]
    study.add("sub-01", lesion_side="right", facts=dict.fromkeys(visits, seen))
    for session in SESSIONS:
        for tracer in TRACERS:
            study.decide("sub-01", session, tracer, "accept", "laterality_disagree")
    study.run()
    row, scan = study.ratio("sub-01", "baseline", "IMZ"), study.scan("sub-01", "baseline", "IMZ")
    signed = "accept laterality_disagree: looked at it (AB, 2025-01-01, version 0.1.0)"
    if seen_in == "FDG":
        assert (row["qc"], scan["status"], scan["decision"]) == ("fail", "excluded", "n/a")
        assert "does not count: a drawn lesion mask, or an anatomical image that shows the lesion" in row["reason"]
        assert scan["sign_off"] == f"{signed}, but the scan is not used"
        assert study.accounted() == 1
        return
    assert row["qc"] == "warn"
    assert row["reason"].endswith("(accepted: looked at it)")
    assert (scan["status"], scan["decision"], scan["sign_off"]) == ("measured", "accept", signed)
    assert study.accounted() == 0


def test_an_accepted_registration_is_used_with_a_warning_and_its_signature(study):
    fault = {"Code": "gate_overlap", "Reason": "overlap is 0.66, 0.70 is needed (accepted in qc.tsv)"}
    study.add("sub-01", facts={("year1", "FDG"): {"Warnings": [fault], "Accepted": [fault]}})
    study.decide("sub-01", "year1", "FDG", "accept", "gate_overlap")
    study.decide("sub-01", "year1", "FDG", "accept", "gate_of_long_ago")
    study.run()
    row, scan = study.ratio("sub-01", "year1", "FDG"), study.scan("sub-01", "year1", "FDG")
    assert (row["qc"], row["reason"]) == ("warn", "gate_overlap: overlap is 0.66, 0.70 is needed (accepted in qc.tsv)")
    assert (scan["status"], scan["stage"], scan["code"], scan["decision"]) == (
        "measured",
        "normalise",
        "gate_overlap",
        "accept",
    )
    assert scan["sign_off"] == (
        "accept gate_overlap: looked at it (AB, 2025-01-01, version 0.1.0);"
        " accept gate_of_long_ago: looked at it (AB, 2025-01-01, version 0.1.0),"
        " without effect: the scan does not show gate_of_long_ago"
    )
    assert study.accounted() == 0


@pytest.mark.parametrize("left", [0.0, 5.0])
def test_an_undetermined_side_is_a_warning_and_included(study, left):
    small = {"DeficitMl": {"left": left, "right": 0.0}}
    visits = [(session, tracer) for session in SESSIONS for tracer in TRACERS]
    study.add("sub-01", lesion_side="right", facts=dict.fromkeys(visits, small))
    study.run()
    row = study.ratio("sub-01", "baseline", "IMZ")
    assert (row["qc"], row["reason"].split(":")[0]) == ("warn", "laterality_undetermined")
    assert study.accounted() == 0


def test_an_atlas_of_too_few_paired_regions_says_which_check_was_not_possible(study):
    gone = {(f"other_{i}", side): math.nan for i in range(3) for side in ("left", "right")}
    study.add("sub-01", means={(session, tracer): gone for session in SESSIONS for tracer in TRACERS})
    study.run()
    scan = study.scan("sub-01", "baseline", "FDG")
    assert scan["status"] == "measured"
    assert read_cell(scan["warnings"])[0].line == Remark.of("likeness_not_possible", fewest=5).line


def test_the_cerebellum_has_no_say_whatever_the_atlas_calls_it(study):
    study.add("sub-01")
    cerebellum = {"cerebellum": {"regions": "other_0", "side": "both"}}  # one of the five pairs
    study.run("--references", json.dumps(REFERENCES | cerebellum))
    assert "fewer than 5 paired regions are shared" in study.scan("sub-01", "baseline", "FDG")["warnings"]


def test_an_excluded_scan_is_shown_but_not_used(study):
    study.add("sub-01")
    study.decide("sub-01", "year1", "FDG", "exclude", "motion")
    study.run()
    row = study.ratio("sub-01", "year1", "FDG")
    assert (row["value"], row["qc"], row["reason"]) == ("1.5", "fail", "excluded: looked at it")
    scan = study.scan("sub-01", "year1", "FDG")
    assert (scan["status"], scan["code"], scan["decision"]) == ("excluded", "motion", "exclude")
    assert {row["included"] for row in study.table("change") if row["tracer"] == "FDG"} == {"false"}
    assert study.accounted() == 0


def test_a_scan_left_out_of_normalise_by_decision_is_excluded_and_signed_off(study):
    left_out = {"Status": "refused", "Stage": "decision", "Code": "excluded", "Reason": "looked at it"}
    study.add("sub-01", facts={("year1", "FDG"): left_out})
    study.decide("sub-01", "year1", "FDG", "exclude", "n/a")
    study.run()
    row = study.ratio("sub-01", "year1", "FDG")
    assert (row["value"], row["qc"], row["reason"]) == ("n/a", "fail", "excluded: looked at it")
    scan = study.scan("sub-01", "year1", "FDG")
    assert (scan["status"], scan["stage"], scan["decision"]) == ("excluded", "decision", "exclude")
    assert study.scan("sub-01", "baseline", "FDG")["status"] == "measured"
    assert study.accounted() == 0


def test_a_decision_about_an_unknown_scan_is_an_error(study, capsys):
    study.add("sub-01")
    study.decide("sub-01", "year9", "FDG", "exclude", "motion")
    assert study.run() == 1
    assert "decides about sub-01 year9 FDG, which the study does not have" in capsys.readouterr().err


def test_warnings_of_earlier_steps_are_passed_on(study):
    study.add("sub-01", facts={("year1", "FDG"): {"Warnings": [{"Code": "brain_cut", "Reason": "at the top"}]}})
    study.run()
    row = study.ratio("sub-01", "year1", "FDG")
    assert (row["qc"], row["reason"]) == ("warn", "brain_cut: at the top")


def test_a_warning_of_convert_is_in_every_row_of_that_scan_and_no_other(study):
    warning = {"Code": "orientation_declared", "Reason": "the orientation LPS is declared; the header has none"}
    study.add("sub-01", facts={("year1", "IMZ"): {"Warnings": [warning]}})
    study.run()
    told = "orientation_declared: the orientation LPS is declared; the header has none"
    for row in study.table("ratios"):
        assert (told in row["reason"]) == ((row["session"], row["tracer"]) == ("year1", "IMZ"))
    for row in study.table("change"):
        assert (told in row["reason"]) == (row["tracer"] == "IMZ")
    assert study.ratio("sub-01", "year1", "IMZ")["qc"] == "warn"
    assert study.scan("sub-01", "year1", "IMZ")["warnings"] == told
    assert study.scan("sub-01", "year1", "FDG")["warnings"] == "n/a"


def test_a_warning_does_not_hide_why_a_scan_has_no_primary_ratio(study):
    warned = {"AttenuationCorrection": False, "Warnings": [{"Code": "orientation_declared", "Reason": "LPS"}]}
    study.add("sub-01", facts={("year1", "IMZ"): warned})
    study.run()
    scan = study.scan("sub-01", "year1", "IMZ")
    assert (scan["code"], scan["warnings"]) == ("no_attenuation_correction", "orientation_declared: LPS")
    assert scan["reason"] == Remark.of("no_attenuation_correction").text


def test_a_doubt_about_the_weight_flags_the_suv_alone(study):
    warning = {"Code": "weight_conflict", "Reason": "70 and 71 kg"}
    study.add("sub-01", facts={("year1", "FDG"): {"Warnings": [warning]}})
    study.run()
    assert study.ratio("sub-01", "year1", "FDG")["qc"] == "pass"
    assert study.ratio("sub-01", "year1", "FDG", "none", "suv_mean")["reason"] == "weight_conflict: 70 and 71 kg"


def test_benzodiazepine_and_high_glucose_are_warnings_and_change_no_value(study):
    study.add("sub-01")
    study.run()
    before = study.table("ratios")
    study.list_scan("sub-01", "year1", "IMZ", benzodiazepine="yes")
    study.list_scan("sub-01", "baseline", "FDG", glucose="160.5", benzodiazepine="no")
    study.list_scan("sub-01", "year1", "FDG", glucose="160")
    study.run()
    assert [row["value"] for row in study.table("ratios")] == [row["value"] for row in before]
    drugged, sweet = study.ratio("sub-01", "year1", "IMZ"), study.ratio("sub-01", "baseline", "FDG")
    assert (drugged["qc"], drugged["reason"].split(":")[0]) == ("warn", "benzodiazepine")
    assert (sweet["qc"], sweet["reason"].split(":")[0]) == ("warn", "glucose_high")
    assert study.ratio("sub-01", "year1", "FDG")["qc"] == "pass"
    assert study.scan("sub-01", "year1", "IMZ")["status"] == "measured"


def test_exchanged_visits_are_warned_of_at_both(study):
    study.add("sub-01")
    for session, tracer, days in (("baseline", "FDG", "365"), ("year1", "FDG", "-5"), ("year1", "IMZ", "364")):
        study.list_scan("sub-01", session, tracer, days=days)
    study.run()
    text = "visit_order: days since treatment are 365 at baseline and -5 at year1; are the two visits exchanged?"
    first, second = (study.ratio("sub-01", session, "FDG")["reason"] for session in SESSIONS)
    assert [remark.code for remark in read_cell(first)] == ["baseline_after_treatment", "visit_order"]
    assert text in first
    assert second == text
    assert study.ratio("sub-01", "year1", "IMZ")["qc"] == "pass"
    assert [row["days_since_treatment"] for row in study.table("scans")] == ["365", "n/a", "-5", "364"]


def protocol(minutes, **facts):
    return {"Protocol": as_json(ScanProtocol(start_minutes=minutes, **facts))}


def test_an_early_iomazenil_scan_is_shown_and_not_used_until_it_is_signed(study):
    study.add("sub-01", facts={("baseline", "IMZ"): protocol(20.0)})
    study.run()
    text = "uptake_window: the scan began 20 min after the injection, the protocol needs 165 to 225 min"
    row, scan = study.ratio("sub-01", "baseline", "IMZ"), study.scan("sub-01", "baseline", "IMZ")
    assert (row["value"], row["qc"], row["reason"]) == ("1.5", "fail", text)
    assert (scan["status"], scan["stage"], scan["code"]) == ("excluded", "protocol", "uptake_window")
    assert (scan["uptake_minutes"], scan["decision"]) == ("20", "n/a")
    assert not any(row["included"] == "true" for row in study.table("change") if row["tracer"] == "IMZ")
    assert study.accounted() == 1
    study.decide("sub-01", "baseline", "IMZ", "accept", "uptake_window")
    study.run()
    row, scan = study.ratio("sub-01", "baseline", "IMZ"), study.scan("sub-01", "baseline", "IMZ")
    assert (row["qc"], row["reason"]) == ("warn", f"{text} (accepted: looked at it)")
    assert (scan["status"], scan["decision"]) == ("measured", "accept")
    assert study.accounted() == 0


def test_a_clock_that_the_table_contradicts_does_not_pass_the_window(study):
    apart = Remark.of("injection_time_conflict", minutes=150, source="header")
    study.add("sub-01", facts={("year1", "IMZ"): {"Warnings": [write_remark(apart)]}})
    study.list_scan("sub-01", "baseline", "IMZ", uptake="25")
    study.run()
    for session in SESSIONS:
        assert study.scan("sub-01", session, "IMZ")["code"] == "uptake_window"


def test_a_window_of_the_config_is_applied_to_its_tracer(study):
    study.add("sub-01", facts={("year1", "FDG"): protocol(30.0)})
    study.run("--protocol", '{"FDG": {"start_minutes": [45, 75], "start_apart_minutes": 60}}')
    assert study.scan("sub-01", "year1", "FDG")["code"] == "uptake_window"
    assert study.scan("sub-01", "baseline", "FDG")["status"] == "measured"


def test_a_visit_made_otherwise_than_the_first_is_warned_of_and_says_what_it_could_not_compare(study):
    study.add(
        "sub-01",
        facts={
            ("baseline", "FDG"): protocol(60.0, dose_mbq=200.0, scatter="applied"),
            ("year1", "FDG"): protocol(80.0, dose_mbq=100.0, model="Biograph"),
        },
    )
    study.run()
    row, scan = study.ratio("sub-01", "year1", "FDG"), study.scan("sub-01", "year1", "FDG")
    assert (row["qc"], [remark.code for remark in read_cell(row["reason"])]) == (
        "warn",
        ["uptake_time_differs", "dose_differs"],
    )
    assert scan["warnings"] == row["reason"]
    assert "dose is 100 MBq, at baseline it was 200 MBq; the limit is 20 % of their mean" in row["reason"]
    assert scan["not_compared"].startswith("scanner, reconstruction, filter, attenuation, scatter, ")
    assert study.ratio("sub-01", "baseline", "FDG")["qc"] == "pass"
    assert study.scan("sub-01", "baseline", "FDG")["not_compared"] == "n/a"


def test_a_scan_without_times_is_used_and_says_so(study):
    study.add("sub-01", facts={("year1", "IMZ"): {"Protocol": as_json(ScanProtocol())}})
    study.run()
    row = study.ratio("sub-01", "year1", "IMZ")
    assert (row["qc"], row["reason"].split(":")[0]) == ("warn", "uptake_time_unknown")
    assert study.scan("sub-01", "year1", "IMZ")["uptake_minutes"] == "n/a"


def test_a_protocol_that_no_tracer_can_have_is_an_error(study, capsys):
    study.add("sub-01")
    assert study.run("--protocol", '{"IMZ": {"start_minutes": [10, 40]}}') == 1
    assert "--protocol: IMZ: start_minutes: found [10, 40], needed two times from 150" in capsys.readouterr().err


def test_a_tracer_with_an_early_scan_has_the_quotient_in_all_tables(study):
    missing = {"Status": "missing", "Reason": "no scan listed"}
    study.add("sub-01", means={("year1", "IMZ"): {("motor", "left"): 9.0}})
    study.add("sub-02", facts={("year1", "FDG"): missing})
    assert study.run("--early", "IMZ=FDG") == 0
    row = study.ratio("sub-01", "year1", "IMZ", measure="late_early_ratio")
    assert (row["value"], row["numerator"], row["denominator"], row["qc"]) == ("1.5", "2.25", "1.5", "pass")
    absent = study.ratio("sub-02", "year1", "IMZ", measure="late_early_ratio")
    assert (absent["value"], absent["qc"]) == ("n/a", "fail")
    assert absent["reason"] == "no_early_value: no early scan (FDG) is listed"
    (change,) = (
        row
        for row in study.table("change")
        if (row["participant_id"], row["region"], row["measure"], row["reference"])
        == ("sub-01", "motor", "late_early_ratio", "pons")
    )
    assert (change["tracer"], change["change_percent"], change["included"]) == ("IMZ", "50", "true")
    assert {row["quantity"] for row in study.table("summary") if row["measure"] == "late_early_ratio"} == {
        *("change", "change_percent", "log_ratio")
    }
    assert study.run("--early", "IMZ=IMZ") == 1


def test_results_are_a_bids_dataset_that_names_nobody(study):
    study.add("sub-01")
    study.run()
    described = json.loads((study.results / "dataset_description.json").read_text())
    assert described["DatasetType"] == "derivative"
    assert described["GeneratedBy"] == [{"Name": "pet_spect", "Version": __version__}]
    assert "/tables" in (study.results / ".bidsignore").read_text().splitlines()


def test_each_mistake_of_a_table_is_a_line(study, capsys):
    study.add("sub-01")
    study.participants[:] = ["participant_id\tlesion_side\theight_m", "sub-01\tLeft\tn/a", "sub-02\tleft\ttall"]
    assert study.run() == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.partition("participants.tsv: ")[2] for line in told] == [
        "line 2, lesion_side: found 'Left', needed left or right (did you mean 'left'?)",
        "line 3, height_m: found 'tall', needed a number such as 72.5, with a point and without a unit, or n/a",
    ]
    assert all(line.startswith("pet-spect cohort: ") for line in told)


def test_a_primary_that_is_no_reference_is_an_error(study, capsys):
    study.add("sub-01")
    assert study.run("--primary", "FDG=thalamus") == 1
    assert "--primary FDG=thalamus: TRACER=REFERENCE is needed" in capsys.readouterr().err


def test_the_tables_say_how_sure_ratios_and_changes_are(study):
    def told(noise):
        still = [0.0] * 7
        return {"motor": {"left": [noise, *still], "right": [0.0, *still]}, "pons": {"n/a": [0.0, *still]}}

    study.add(
        "sub-01",
        facts={("baseline", "FDG"): {"Sensitivities": told(0.3)}, ("year1", "FDG"): {"Sensitivities": told(0.4)}},
    )
    assert study.run() == 0
    ratio = study.ratio("sub-01", "baseline", "FDG")
    assert (ratio["value"], ratio["value_sd"], ratio["placement_sd"]) == ("1.5", "0.075", "0")  # 6 / 4, 0.3 / 4
    assert (ratio["noise_sd"], ratio["own_sd"]) == ("0.075", "0.075")
    assert float(ratio["repeat_ci95_low"]) == pytest.approx(1.5 - 1.96 * 0.075, abs=1e-5)
    (change,) = [
        row
        for row in study.table("change")
        if (row["tracer"], row["region"], row["measure"], row["reference"]) == ("FDG", "motor", "uptake_ratio", "pons")
    ]
    assert float(change["value_sd"]) == pytest.approx(0.125)  # 0.3 / 4 and 0.4 / 4 in quadrature
    assert float(change["change_percent_ci95_high"]) == pytest.approx(100 * math.expm1(1.96 * 0.125 / 1.5), rel=1e-4)
    unknown = study.ratio("sub-01", "baseline", "FDG", reference="cerebellum")
    assert (unknown["value_sd"], unknown["repeat_ci95_low"], unknown["ci95_low"]) == ("n/a", "n/a", "n/a")


CV = '{"FDG": {"value": 5, "kind": "total", "source": "made up"}}'


def test_nothing_is_said_of_reliable_change_without_a_cv(study):
    study.add("sub-01")
    assert study.run() == 0
    assert "reliable" not in (study.results / "tables/change.tsv").read_text(encoding="utf-8")
    assert "eliable" not in (study.results / "tables/change.json").read_text(encoding="utf-8")


def test_a_cv_gives_every_change_a_verdict_and_the_dictionary_its_source(study):
    still = {"motor": {"left": [0.01, *[0.0] * 7], "right": [0.01, *[0.0] * 7]}, "pons": {"n/a": [0.0] * 8}}
    better = {("year1", "FDG"): {("motor", "left"): 7.5}}
    facts = {(session, "FDG"): {"Sensitivities": still} for session in SESSIONS}
    study.add("sub-01", means=better, facts=facts)
    assert study.run("--within-subject-cv", CV) == 0
    verdicts = {
        (row["tracer"], row["measure"], row["reference"]): row["reliable_change"]
        for row in study.table("change")
        if row["region"] == "motor"
    }
    assert verdicts["FDG", "uptake_ratio", "pons"] == "improved"
    assert verdicts["FDG", "asymmetry_index_percent", "contralateral"] == "n/a"
    assert {verdict for (tracer, _, _), verdict in verdicts.items() if tracer == "IMZ"} == {"n/a"}
    dictionary = json.loads((study.results / "tables/change.json").read_text(encoding="utf-8"))
    assert dictionary["reliable_change"]["WithinSubjectCV"] == json.loads(CV)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (CV.replace("5", "0.05"), "value: found 0.05, needed percent"),
        ("[1]", "a JSON object is needed"),
    ],
)
def test_a_wrong_cv_is_a_usage_error(study, capsys, cv, message):
    study.add("sub-01")
    with pytest.raises(SystemExit) as caught:
        study.run("--within-subject-cv", cv)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_a_cv_of_a_tracer_that_the_study_lacks_is_an_error(study, capsys):
    study.add("sub-01")
    assert study.run("--within-subject-cv", CV.replace("FDG", "PIB")) == 1
    assert "--within-subject-cv: tracer PIB is not one of FDG, IMZ" in capsys.readouterr().err


def test_a_lesion_that_a_later_scan_shows_larger_is_flagged_there(study):
    study.add("sub-01", facts={("year1", "IMZ"): {"DeficitMl": {"left": 45.0, "right": 0.0}}})
    assert study.run() == 0
    flagged = {(row["session"], row["tracer"]) for row in study.table("scans") if "lesion_larger" in row["warnings"]}
    assert flagged == {("year1", "IMZ")}
    changed = {row["tracer"] for row in study.table("change") if "lesion_larger" in row["reason"]}
    assert changed == {"IMZ"}


def test_a_lesion_on_the_other_side_does_not_count_as_larger(study):
    study.add("sub-01", facts={("year1", "IMZ"): {"DeficitMl": {"left": 20.0, "right": 15.0}}})
    study.run()
    assert not any("lesion_larger" in row["warnings"] for row in study.table("scans"))


def test_the_facts_of_the_study_describe_the_dataset(study):
    study.add("sub-01")
    assert study.run("--study", '{"title": "Cells after stroke"}') == 0
    assert json.loads((study.results / "dataset_description.json").read_text())["Name"] == "Cells after stroke"


def test_a_fact_of_the_study_that_is_no_line_is_wrong_usage(study, capsys):
    study.add("sub-01")
    with pytest.raises(SystemExit, match="2"):
        study.run("--study", json.dumps({"title": "a\nb"}))
    assert r"--study: title: found 'a\nb', needed one line of at most 200 characters" in capsys.readouterr().err
