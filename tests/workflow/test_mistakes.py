"""Each mistake in config or tables is one line that says where, before any work.

Which mistakes there are is tested without Snakemake: `tests/study/test_check.py`.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml

from ..studies import SNAKEMAKE

pytestmark = pytest.mark.workflow

TABLES = "participants: config/participants.tsv\nscans: config/scans.tsv\n"


def complaints(run: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines of a run that stopped at once."""
    lines = [line for line in run.stderr.splitlines() if not line.startswith("Using workflow specific profile")]
    assert run.returncode == 1, run.stderr
    assert run.stdout == ""
    return lines


def complaint(run: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a run that stopped at once."""
    (line,) = complaints(run)
    return line


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "config.yaml",
            f"{TABLES}measure: {{min_coverage: 90}}\n",
            "line 3, measure: min_coverage: found 90, needed a fraction above 0, at most 1",
        ),
        ("config.yaml", "participants: config/participants.tsv\n", "key 'scans' is missing"),
        (
            "participants.tsv",
            "participant_id lesion_side\nsub-01 Left\nsub-02 right\n",
            "line 2, lesion_side: found 'Left', needed left or right (did you mean 'left'?)",
        ),
        (
            "scans.tsv",
            "participant_id session tracer path\nsub-01 year1 FDG dicom/nowhere\n",
            "line 2, path: dicom/nowhere does not exist, relative to the working directory; correct the path",
        ),
        (
            "qc.tsv",
            "participant_id session tracer decision code reason initials time version\n"
            "sub-09 year1 FDG exclude n/a moved AB 2026-11-23 0.1.0\n",
            "line 2: sub-09 year1 FDG is not a scan of this study",
        ),
    ],
)
def test_a_mistake_is_one_line(study, file, text, expected):
    study.write(f"config/{file}", text)
    line = complaint(study.snakemake("-n"))
    assert line.startswith("pet_spect: ")
    assert line.endswith(f"config/{file}: {expected}")


def test_a_mistake_of_the_command_line_is_said_to_be_there(study):
    run = study.snakemake("-n", "--config", "sessions=[baseline]")
    assert complaint(run) == (
        "pet_spect: --config: sessions: found ['baseline'], needed two or more different session names of letters and"
        " digits, the reference first"
    )


def test_mistakes_of_config_and_tables_are_told_at_once(study):
    study.write("config/config.yaml", f"{TABLES}mesure: {{}}\ntargets: [precentrl]\n")
    study.write("config/participants.tsv", "participant_id lesion_side\nsub-01 n/a\nsub-02 right\n")
    study.write("config/scans.tsv", "participant_id session tracer path orientation\nsub-01 n/a n/a nowhere ?\n")
    config = study.folder / "config/config.yaml"
    assert complaints(study.snakemake("-n")) == [
        f"pet_spect: {config}: line 3: key 'mesure' is not known; did you mean 'measure'?",
        f"pet_spect: {config}: line 4, targets: 'precentrl' is not a region of CerebrA.tsv; did you mean 'precentral'?",
        "pet_spect: config/participants.tsv: line 2, lesion_side: found 'n/a', needed left or right",
        "pet_spect: config/scans.tsv: line 2, session: found 'n/a', needed baseline or year1",
        "pet_spect: config/scans.tsv: line 2, tracer: found 'n/a', needed FDG or IMZ",
        "pet_spect: config/scans.tsv: line 2, orientation: found '?', needed three letters such as LPS, one each of L"
        " or R, A or P, S or I",
        "pet_spect: config/scans.tsv: line 2, path: nowhere does not exist, relative to the working directory; correct"
        " the path",
    ]


def test_of_many_places_that_are_not_there_twenty_are_named(study):
    people = "".join(f"sub-{n} left\n" for n in range(200))
    study.write("config/participants.tsv", f"participant_id lesion_side\n{people}")
    lines = "".join(f"sub-{n} year1 FDG nowhere/{n}\n" for n in range(200))
    study.write("config/scans.tsv", f"participant_id session tracer path\n{lines}")
    told = complaints(study.snakemake("-n"))
    assert len(told) == 21
    assert told[19].startswith("pet_spect: config/scans.tsv: line 21, path: nowhere/19 does not exist")
    assert told[20] == "pet_spect: and 180 more"


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
        (
            b"sessions: [baseline\nscans: a: b\n",
            "cannot be read as YAML (line 2); check this line and the one before: a colon and a blank follow each key,"
            " keys of one level begin in one column, quotes are closed",
        ),
        (b"\xff\xfea", "cannot be read as YAML, because it is not UTF-8 text; save it as UTF-8"),
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
    ours = shutil.ignore_patterns("participants.tsv", "scans.tsv", "qc.tsv")
    shutil.copytree(repository / "config", tmp_path / "config", ignore=ours)
    command = [str(SNAKEMAKE), "-s", str(repository / "Snakefile"), "--cores", "1"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert complaint(run) == (
        "pet_spect: config/participants.tsv and config/scans.tsv: do not exist; copy config/participants.example.tsv"
        " and config/scans.example.tsv to these names and fill them in, as config/README.md says"
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
