"""A mistake in config or tables is one line that says where, before any work."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml

from ..studies import SNAKEMAKE

pytestmark = pytest.mark.workflow

TABLES = "participants: config/participants.tsv\nscans: config/scans.tsv\n"
PEOPLE = "participant_id lesion_side{column}\nsub-01 left{value}\nsub-02 right{other}\n"


def complaint(run: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a run that stopped at once."""
    lines = [line for line in run.stderr.splitlines() if not line.startswith("Using workflow specific profile")]
    assert run.returncode == 1, run.stderr
    assert len(lines) == 1, run.stderr
    assert run.stdout == ""
    return lines[0]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("mesure: {min_coverage: 0.8}", "key 'mesure' is not known; did you mean 'measure'?"),
        ("measure: {min_covrage: 0.8}", "measure: key 'min_covrage' is not known; did you mean 'min_coverage'?"),
        ("measure: {min_coverage: 90}", "measure: min_coverage: found 90, needed a fraction above 0, at most 1"),
        (
            "measure: {common_fwhm_mm: widest}",
            "measure: common_fwhm_mm: found 'widest', needed null, auto, or millimetres above 0, at most 30",
        ),
        ("sessions: [baseline]", "sessions: found ['baseline'], needed two or more different session names"),
        ("sessions: [baseline, year-1]", "sessions: 1: found 'year-1', needed a session name of letters and digits"),
        ("tracers: {FDG: {label: 18F-FDG, datatype: pet}}", "found '18F-FDG', needed a label of letters and digits"),
        ("tracers: {FDG: {label: 18FFDG}}", "tracers: FDG: key 'datatype' is missing"),
        (
            "tracers: {FDG: {label: x1, datatype: pet}, IMZ: {label: x1, datatype: spect}}",
            "tracers: two have the same label",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet}, PIB: {label: c, datatype: pet}}",
            "tracers: PIB: template: PIB is neither FDG nor IMZ nor an existing file",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, frame_window: [40]}}",
            "frame_window: found [40], needed two numbers of minutes after injection, such as [40, 60]",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, frame_window: [60, 40]}}",
            "tracers: FDG: frame_window: found [60, 40], needed the earlier first",
        ),
        ("tracers: {FDG: {label: a, datatype: pet, gate: all}}", "gate: found 'all', needed a whole number from 1 up"),
        (
            "tracers: {FDG: {label: a, datatype: pet, radionuclide: gold}}",
            "tracers: FDG: radionuclide: found 'gold', needed a radionuclide such as F-18 or I-123",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, radiopharmaceutical: []}}",
            "radiopharmaceutical: found [], needed a ",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, radiopharmaceutical: 18}}",
            "radiopharmaceutical: found 18, needed a name such as fluorodeoxyglucose, or a list of different names",
        ),
        ("primary: {FDG: pons}", "primary: tracer IMZ has no primary reference"),
        (
            "primary: {FDG: pons, IMZ: pon}",
            "primary: IMZ: found 'pon', needed one of the references contralateral, cerebellum_ipsilesional, ",
        ),
        ("atlas: {name: Cerebra}", "no atlas 'Cerebra' is shipped; shipped: CerebrA"),
        ("atlas: {labels: a.nii.gz}", "needed the name of a shipped atlas, or the paths of labels and table"),
        ("atlas: {labels: a.nii.gz, table: a.tsv}", "atlas: labels: a.nii.gz does not exist"),
        ("targets: [precentrl]", "'precentrl' is not a region of CerebrA.tsv; did you mean 'precentral'?"),
        ("targets: [pons]", "targets: 'pons' has no left and right side in CerebrA.tsv"),
        (
            "references: {mine: {regions: pons, side: contralesional}}",
            "references: mine: 'pons' has no left and right side in CerebrA.tsv",
        ),
        ("targets: []", "targets: found [], needed a list of one or several different regions"),
        (
            "references: {pons: {regions: bridge, side: both}}",
            "references: pons: 'bridge' is not a region of CerebrA.tsv; leave it out with 'pons: null'",
        ),
        (
            "references: {mine: {regions: [], side: both}}",
            "references: mine: regions: found [], needed a ",
        ),
        (
            "references: {mine: {regions: [pons, pons], side: both}}",
            "references: mine: regions: found ['pons', 'pons'], ",
        ),
        ("references: {mine: {regions: [1, 2], side: both}}", "references: mine: regions: "),
        ("references: {cerebelum: null}", "references: cerebelum: needs regions and side, and may have exclude; only"),
        (
            "references: {mine: {regions: target, side: ipsilesional, exclude: [target]}}",
            "references: mine: nothing is left of the reference without target",
        ),
        ("references: {mine: {regions: pons}}", "references: mine: key 'side' is missing"),
        (
            "references: {mine: {regions: pons, side: left}}",
            "references: mine: side: found 'left', needed ipsilesional, contralesional or both",
        ),
        ("references: {Mine: {regions: pons, side: both}}", "references: found 'Mine', needed a name of small letters"),
        ("references: {pons: null}", "primary: IMZ: found 'pons', needed one of the references"),
        (
            "regions: {target: paracentral, pons: bridge}",
            "regions: is not known since 0.2.0; write instead targets: [paracentral] and"
            " references: {pons: {regions: bridge, side: both}}",
        ),
        ("qc: config/qc2.tsv", "qc: config/qc2.tsv does not exist"),
        ("qc: <results>/qc.tsv", "qc: found '<results>/qc.tsv', needed a path without { } < >, control"),
        ("participants: '{x}.tsv'", "participants: found '{x}.tsv', needed a path without { } < >"),
        ("scans: 'a.tsv '", "scans: found 'a.tsv ', needed a path without { } < >, control characters or blanks at"),
        ("scans: ~/scans.tsv", "scans: found '~/scans.tsv', needed a path without"),
        ("atlas: {labels: a<b>.nii, table: a.tsv}", "atlas: labels: found 'a<b>.nii'"),
        ("atlas: {labels: a.nii, table: '-a.tsv'}", "atlas: table: found '-a.tsv', needed a path without"),
        (
            "tracers: {FDG: {label: a, datatype: pet, template: '<logs>.nii'}}",
            "tracers: FDG: template: found '<logs>.nii', needed a path without",
        ),
        ("sessions: [base, Base]", "sessions: base and Base differ only in capitals; rename one"),
        (
            "tracers: {FDG: {label: a, datatype: pet}, fdg: {label: b, datatype: pet}}",
            "tracers: FDG and fdg differ only in capitals; rename one",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet}, IMZ: {label: A, datatype: spect}}",
            "tracers: label: a and A differ only in capitals; rename one",
        ),
        (
            'tracers: {FDG: {label: "a\\n", datatype: pet}}',
            "tracers: FDG: label: found 'a\\n', needed a label of letters and digits",
        ),
        ('sessions: [a, "b\\n"]', "sessions: 1: found 'b\\n', needed a session name of letters and digits"),
        ("sessions: [b\u0430se, b]", "sessions: 0: found 'b\u0430se', needed a session name of letters and digits"),
        (f"sessions: {['-'] * 200}", "sessions: found ['-', '-', '-', '-', '-' and 195 more], needed two or more"),
        (
            f"sessions: [a, {'b' * 33}]",
            f"found '{'b' * 33}', needed a session name of letters and digits, 32 at the most",
        ),
        ("participants: config/p.tsv", "config/p.tsv: cannot be read (No such file or directory)"),
    ],
)
def test_a_mistake_in_the_config_is_one_line(study, extra, expected):
    config = yaml.safe_load(TABLES) | yaml.safe_load(extra)
    study.write("config/config.yaml", yaml.safe_dump(config))
    assert expected in complaint(study.snakemake("-n"))


def test_a_config_without_its_tables_is_told_which_is_missing(study):
    study.write("config/config.yaml", "participants: config/participants.tsv\n")
    assert "config.yaml: key 'scans' is missing" in complaint(study.snakemake("-n"))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("height_m", "172", "line 2, height_m: found '172', needed metres, 0.4 to 2.6"),
        (
            "lesion_mask",
            "a_space-MNI152NLin2009cSym_mask.nii",
            "sub-01: lesion_mask a_space-MNI152NLin2009cSym_mask.nii does",
        ),
        ("lesion_mask", "mask.img", "line 2, lesion_mask: found 'mask.img', needed the path of a NIfTI image"),
        ("sex", "female", "line 2, sex: found 'female', needed M or F or O"),
        ("anat", "t1.nii.gz", "sub-01: anat t1.nii.gz does not exist"),
        ("treatment_mask", "mask.nii.gz", "needed n/a (not supported yet in this version)"),
    ],
)
def test_a_mistake_among_the_participants_is_one_line(study, column, value, expected):
    study.write("config/participants.tsv", PEOPLE.format(column=f" {column}", value=f" {value}", other=" n/a"))
    assert expected in complaint(study.snakemake("-n"))


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ("participant_id lesion_side\nsub-01 Left\nsub-02 right\n", "found 'Left', needed left or right (did you mean"),
        ("participant_id lesion_side\nsub-01 left\n", "found 'sub-02', needed somebody participants.tsv lists"),
        ("participant_id lesion_side\nsub-01 left\nsub-02 right\n02 left\n", "line 4, participant_id: found '02'"),
        ("participant_id lesion_side\n", "config/participants.tsv: not filled in yet"),
    ],
)
def test_a_participant_is_known_by_a_proper_name_and_a_side(study, people, expected):
    study.write("config/participants.tsv", people)
    assert expected in complaint(study.snakemake("-n"))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("sub-01 baseline FDG dicom/01/baseline/FDG n/a n/a", "sub-01 baseline FDG is a duplicate of line 2"),
        ("sub-01 year2 FDG dicom n/a n/a", "line 3, session: found 'year2', needed baseline or year1"),
        ("sub-01 year1 FDG dicom/nowhere n/a n/a", "sub-01 year1 FDG: path dicom/nowhere does not exist"),
        ("sub-01 year1 FDG other 70000 n/a", "line 3, weight_kg: found '70000', needed kilograms, 1 to 400"),
        (
            "sub-01 year1 FDG dicom/01/baseline n/a n/a",
            "holds that of line 2; each scan needs its own, or both",
        ),
        ("sub-01 year1 FDG other n/a 9.30", "line 3, injection_time: found '9.30', needed a clock time such as 09:30"),
    ],
)
def test_a_mistake_among_the_scans_is_one_line(study, row, expected):
    header = "participant_id session tracer path weight_kg injection_time"
    first = "sub-01 baseline FDG dicom/01/baseline/FDG n/a n/a"
    study.write("config/scans.tsv", f"{header}\n{first}\n{row}\n")
    assert expected in complaint(study.snakemake("-n"))


def test_an_uptake_time_that_convert_would_not_take_is_one_line(study):
    header = "participant_id session tracer path uptake_minutes"
    study.write("config/scans.tsv", f"{header}\nsub-01 year1 FDG dicom/01/year1/FDG 0\n")
    assert "line 2, uptake_minutes: found '0', needed minutes, above 0" in complaint(study.snakemake("-n"))


def test_a_draft_of_the_index_stops_until_a_person_has_completed_it(study):
    study.write("config/participants.tsv", "participant_id lesion_side\nsub-01 n/a\n")
    header = "participant_id session tracer path series orientation"
    study.write("config/scans.tsv", f"{header}\nsub-01 n/a n/a dicom/01 n/a ?\n")
    assert "participants.tsv: line 2, lesion_side: found 'n/a', needed left or right" in complaint(
        study.snakemake("-n")
    )
    study.write("config/participants.tsv", "participant_id lesion_side\nsub-01 left\n")
    assert "scans.tsv: line 2, session: found 'n/a', needed baseline or year1" in complaint(study.snakemake("-n"))
    study.write("config/scans.tsv", f"{header}\nsub-01 year1 n/a dicom/01 n/a ?\n")
    assert "scans.tsv: line 2, tracer: found 'n/a', needed FDG or IMZ" in complaint(study.snakemake("-n"))
    study.write("config/scans.tsv", f"{header}\nsub-01 year1 FDG dicom/01 n/a ?\n")
    assert "line 2, orientation: found '?', needed three letters such as LPS" in complaint(study.snakemake("-n"))


def test_a_sign_off_of_a_scan_nobody_knows_is_one_line(study):
    header = "participant_id session tracer decision code reason initials time version"
    study.write("config/qc.tsv", f"{header}\nsub-09 year1 FDG exclude n/a moved AB 2026-11-23 0.1.0\n")
    assert "config/qc.tsv: sub-09 year1 FDG is not a scan of this study" in complaint(study.snakemake("-n"))


def test_accepting_what_nobody_can_accept_is_one_line(study):
    header = "participant_id session tracer decision code reason initials time version"
    study.write("config/qc.tsv", f"{header}\nsub-01 year1 FDG accept gate_mirrored_visit seen AB 2026-11-28 0.2.0\n")
    assert "config/qc.tsv: line 2: gate_mirrored_visit cannot be accepted: left and right" in complaint(
        study.snakemake("-n")
    )


def test_a_reason_that_looks_like_a_flag_is_one_line(study):
    header = "participant_id session tracer decision code reason initials time version"
    study.write("config/qc.tsv", f"{header}\nsub-01 year1 FDG exclude n/a -moved AB 2026-11-23 0.1.0\n")
    assert "line 2, reason: found '-moved', needed why, in words that do not begin with a dash" in complaint(
        study.snakemake("-n")
    )


def test_a_path_too_long_to_exist_is_one_line(study):
    study.write("config/scans.tsv", f"participant_id session tracer path\nsub-01 year1 FDG {'x' * 300}\n")
    assert "x does not exist; correct the path" in complaint(study.snakemake("-n"))


def test_of_many_places_that_are_not_there_five_are_named(study):
    people = "".join(f"sub-{n} left\n" for n in range(200))
    study.write("config/participants.tsv", f"participant_id lesion_side\n{people}")
    lines = "".join(f"sub-{n} year1 FDG nowhere/{n}\n" for n in range(200))
    study.write("config/scans.tsv", f"participant_id session tracer path\n{lines}")
    assert complaint(study.snakemake("-n")) == (
        "pet_spect: config/scans.tsv: "
        + ", ".join(f"sub-{n} year1 FDG: path nowhere/{n}" for n in range(5))
        + " and 195 more do not exist; correct the paths (relative ones start at the folder the workflow runs in)"
    )


def test_aliases_that_stand_for_a_billion_values_are_one_line_where_snakemake_read_them_first(study):
    bomb = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    study.write("config/config.yaml", f"{TABLES}a0: &a0 [x, x]\n{bomb}sessions: *a11\n")
    assert "its aliases stand for more than 10000 values" in complaint(study.snakemake("-n"))


def test_code_in_a_config_is_not_run(repository, study):
    code = f"""__use_yte__: true\n?__import__("pathlib").Path("{study.folder}/ran").touch(): x\n"""
    study.write("config/config.yaml", TABLES + code)
    assert "key '__use_yte__' would run code" in complaint(plan_here(repository, study.folder))
    assert not (study.folder / "ran").exists()


def plan_here(repository, folder):
    """Plan as a user does who stands in the study's folder."""
    command = [str(SNAKEMAKE), "-s", str(repository / "Snakefile"), "-n"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "needed keys with values, such as 'participants: config/participants.tsv'"),
        (b"# nothing yet\n", "needed keys with values, such as 'participants: config/participants.tsv'"),
        (b"- participants\n", "needed keys with values, such as 'participants: config/participants.tsv'"),
        (b"sessions: [baseline\nscans: a: b\n", "cannot be read as YAML (line 2)"),
        (b"\xff\xfea", "cannot be read as YAML"),
    ],
    ids=["empty", "comment", "list", "not_yaml", "not_text"],
)
def test_a_config_that_is_no_config_is_one_line(repository, study, content, expected):
    (study.folder / "config/config.yaml").write_bytes(content)
    assert complaint(plan_here(repository, study.folder)) == f"pet_spect: config/config.yaml: {expected}"


def test_a_folder_without_a_study_is_one_line(repository, tmp_path):
    assert complaint(plan_here(repository, tmp_path)) == (
        "pet_spect: config/config.yaml does not exist here; run where it is, or name it with --configfile"
    )


def test_the_unfilled_study_says_what_to_fill(repository, tmp_path):
    shutil.copytree(repository / "config", tmp_path / "config")
    command = [str(SNAKEMAKE), "-s", str(repository / "Snakefile"), "--cores", "1"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert complaint(run) == (
        "pet_spect: config/participants.tsv and config/scans.tsv: not filled in yet; one line per participant and one"
        " per scan are needed (config/README.md explains the columns)"
    )


def test_every_key_and_column_stands_in_the_manual(repository):
    def keys(schema):
        for key, entry in schema.get("properties", {}).items():
            yield key
            yield from keys(entry)
            yield from keys(entry.get("additionalProperties") or {})

    manual = (repository / "config/README.md").read_text(encoding="utf-8")
    for path in sorted((repository / "workflow/schemas").iterdir()):
        missing = [key for key in keys(yaml.safe_load(path.read_text())) if f"`{key}`" not in manual]
        assert missing == [], path.name
