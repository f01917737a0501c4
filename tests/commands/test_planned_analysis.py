import json
from dataclasses import replace
from pathlib import Path

import pytest

from pet_spect import __version__
from pet_spect.commands.planned_analysis import planned_analysis
from pet_spect.quantify.references import BUILT_IN
from pet_spect.results.analysis_plan import plan_hash, told_changes
from pet_spect.study.atlas_check import AtlasFiles
from pet_spect.study.check import Study


@pytest.fixture
def study(tmp_path):
    labels, table, template = (tmp_path / name for name in ("mine.nii.gz", "mine.tsv", "Doe.nii.gz"))
    for path in (labels, table, template):
        path.write_bytes(path.name.encode())
    config = {
        "analysis": {"primary": {"IMZ": {"reference": "pons"}, "FDG": {"reference": "pons"}}, "sets": ["all"]},
        "tracers": {"FDG": {"label": "a", "template": "FDG"}, "IMZ": {"label": "b", "template": str(template)}},
        "targets": ["precentral"],
        "measure": {"min_coverage": 0.9},
        "pvc": "none",
        "protocol": {},
        "sessions": ["baseline", "year1"],
        "outcome_analysis": {"adverse_event_days": None},
        "within_subject_cv": {},
        "participants": "Doe.tsv",
    }
    return Study(config, dict(BUILT_IN), AtlasFiles(labels, table, "mine", [], {}), {}, {}, [], [], [], [], [], [], [])


def test_the_plan_holds_what_decides_about_results_and_no_path(study, tmp_path):
    plan = planned_analysis(study)
    text = json.dumps(plan)
    assert str(tmp_path) not in text
    assert "Doe" not in text
    assert plan["version"] == __version__
    assert plan["analysis"]["order"] == ["IMZ", "FDG"]
    assert plan["gates"]["rotation_max_deg"] == 45.0
    assert plan["exclusion_rules"]["accepted_by"]["laterality_mirrored"] == "never"
    assert set(plan["references"]) == set(BUILT_IN)


@pytest.mark.parametrize("name", ["mine.nii.gz", "mine.tsv", "Doe.nii.gz"])
def test_another_content_of_a_file_is_another_plan(study, tmp_path, name):
    before = planned_analysis(study)
    (tmp_path / name).write_bytes(b"other")
    after = planned_analysis(study)
    assert plan_hash(before) != plan_hash(after)
    assert len(told_changes(before, after)) == 1


def test_participants_and_decisions_are_no_part_of_the_plan(study):
    more = replace(study, qc=["qc.tsv"], config=study.config | {"participants": "other.tsv", "qc": "qc.tsv"})
    assert plan_hash(planned_analysis(study)) == plan_hash(planned_analysis(more))


def test_the_same_study_elsewhere_has_the_same_plan(study, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = {name: elsewhere / name for name in ("mine.nii.gz", "mine.tsv")}
    for name, path in moved.items():
        path.write_bytes((tmp_path / name).read_bytes())
    atlas = replace(study.atlas, labels=Path(moved["mine.nii.gz"]), table=Path(moved["mine.tsv"]))
    assert planned_analysis(replace(study, atlas=atlas)) == planned_analysis(study)
