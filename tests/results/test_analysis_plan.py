import json

import pytest

from pet_spect.errors import TableError
from pet_spect.results.analysis_plan import (
    MOST_CHANGES,
    PLAN_FILE,
    plan_hash,
    plan_line,
    plan_statement,
    read_plans,
    record_plan,
    recorded_statement,
    told_changes,
    with_statement,
)

FIRST = {"analysis": {"primary": {"FDG": {"reference": "contralateral"}}, "sets": ["as_accepted"]}, "pvc": "none"}
LATER = {"analysis": {"primary": {"FDG": {"reference": "pons"}}, "sets": ["as_accepted"]}, "pvc": "none"}


def edited(results, edit):
    content = json.loads((results / PLAN_FILE).read_text())
    edit(content["Plans"])
    (results / PLAN_FILE).write_text(json.dumps(content))


def test_the_hash_is_that_of_canonical_json():
    # printf '{"a":1.0,"b":[true,null,"x"]}' | sha256sum
    assert plan_hash({"b": (True, None, "x"), "a": 1}) == (
        "395b5f2b6d4da0659180310fed7e02c320b86a333cdd6d8d42c8f3a2c4315b7e"
    )


def test_the_same_plan_is_recorded_once(tmp_path):
    record_plan(tmp_path, FIRST)
    before = (tmp_path / PLAN_FILE).read_bytes()
    record_plan(tmp_path, {"pvc": "none", **FIRST})
    assert (tmp_path / PLAN_FILE).read_bytes() == before
    (plan,) = read_plans(tmp_path)
    assert (plan.contents, plan.changed, plan.results_existed) == (FIRST, (), False)


def test_another_plan_is_added_with_what_changed_and_the_first_is_kept(tmp_path):
    record_plan(tmp_path, FIRST)
    record_plan(tmp_path, LATER)
    first, later = read_plans(tmp_path)
    assert first.contents == FIRST
    assert later.changed == ("analysis.primary.FDG.reference: from contralateral to pons",)
    statement = plan_statement((first, later), later.sha256)
    assert not statement.as_planned
    assert statement.changed == later.changed
    assert statement.statement.startswith("Made under another analysis plan (")


def test_going_back_to_the_first_plan_is_as_planned_and_tells_of_the_other(tmp_path):
    for contents in (FIRST, LATER, FIRST):
        plans = record_plan(tmp_path, contents)
    assert [plan.sha256 == plans[0].sha256 for plan in plans] == [True, False, True]
    statement = plan_statement(plans, plans[-1].sha256)
    assert statement.as_planned
    assert statement.statement.endswith("Other plans that were recorded later: 1.")


def test_a_plan_that_came_after_the_results_says_so(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "summary.tsv").touch()
    plans = record_plan(tmp_path, FIRST)
    statement = plan_statement(plans, plans[0].sha256)
    assert not statement.as_planned
    assert statement.statement.endswith("The first plan was recorded when results existed already.")


def test_uptake_of_one_person_is_a_result(tmp_path):
    (tmp_path / "sub-01").mkdir()
    (tmp_path / "sub-01" / "sub-01_seg-CerebrA_uptake.tsv").touch()
    assert record_plan(tmp_path, FIRST)[0].results_existed


@pytest.mark.parametrize(
    ("edit", "which"),
    [
        (lambda plans: plans[0]["Contents"].update(pvc="gtm"), "plan 1 of 3"),
        (lambda plans: plans[1].update(Changed=[]), "plan 2 of 3"),
        (lambda plans: plans[2].update(Changed=["pvc: from none to gtm", "and no more"]), "plan 3 of 3"),
        (lambda plans: plans[0].update(ResultsExisted=True), "plan 1 of 3"),
        (lambda plans: plans[2].update(ResultsExisted=True), "plan 3 of 3"),
        (lambda plans: plans[2].update(EntrySha256="0" * 64), "plan 3 of 3"),
        (lambda plans: plans[0]["Contents"].update(pvc=float("nan")), "plan 1 of 3"),
        (lambda plans: plans[0]["Contents"].update(pvc="\ud800"), "plan 1 of 3"),
        (lambda plans: plans[0]["Contents"].update({"\ud800": 1}), "plan 1 of 3"),
        (lambda plans: plans[0]["Contents"].update(pvc=10**400), "plan 1 of 3"),
        (lambda plans: plans[0]["Contents"].update(pvc=json.loads("[" * 450 + "]" * 450)), "plan 1 of 3"),
        (lambda plans: plans.pop(0), "plan 1 of 2"),
        (lambda plans: plans.pop(1), "plan 2 of 2"),
        (lambda plans: plans.insert(0, plans.pop(1)), "plan 1 of 3"),
    ],
)
def test_an_altered_removed_or_exchanged_plan_is_found(tmp_path, edit, which):
    for contents in (FIRST, LATER, {**FIRST, "pvc": "gtm"}):
        record_plan(tmp_path, contents)
    edited(tmp_path, edit)
    with pytest.raises(TableError, match=f"{which} is not as it was recorded"):
        record_plan(tmp_path, FIRST)


def test_a_file_that_is_nested_too_deeply_is_an_error(tmp_path):
    record_plan(tmp_path, FIRST)
    path = tmp_path / PLAN_FILE
    for depth in (200, 400, 600, 900, 2000, 100_000):
        path.write_text(path.read_text().replace('"none"', "[" * depth + "]" * depth, 1))
        with pytest.raises(TableError, match=r"analysis_plan\.json: "):
            read_plans(tmp_path)
        (tmp_path / PLAN_FILE).unlink()
        record_plan(tmp_path, FIRST)


@pytest.mark.parametrize("left", [2, 1, 0])
def test_plans_that_are_missing_at_the_end_are_found_once_tables_were_made(tmp_path, left):
    for contents in (FIRST, LATER, {**FIRST, "pvc": "gtm"}):
        plans = record_plan(tmp_path, contents)
    columns = with_statement({"tracer": {"Description": "Tracer."}}, plan_statement(plans, plans[-1].sha256))
    (tmp_path / "tables" / "summary.json").write_text(json.dumps(columns))
    assert read_plans(tmp_path) == plans
    edited(tmp_path, lambda plans: plans.__delitem__(slice(left, None)))
    if not left:
        (tmp_path / PLAN_FILE).unlink()
    with pytest.raises(TableError, match=f"holds {left} of the 3 plans"):
        record_plan(tmp_path, FIRST)


def test_a_dictionary_that_tells_of_no_plans_asks_for_none(tmp_path):
    (tmp_path / "tables").mkdir()
    for content in ("{", "{}", '{"tracer": {"AnalysisPlan": 3}}'):
        (tmp_path / "tables" / "summary.json").write_text(content)
        assert read_plans(tmp_path) == ()


@pytest.mark.parametrize("content", ["{}", "[]", '{"Plans": [{}]}', "{", '{"Plans": [1]}', '{"Plans": {}}'])
def test_a_file_that_holds_no_plans_is_an_error_and_is_kept(tmp_path, content):
    (tmp_path / "tables").mkdir()
    (tmp_path / PLAN_FILE).write_text(content)
    with pytest.raises(TableError, match=r"analysis_plan\.json"):
        record_plan(tmp_path, FIRST)
    assert (tmp_path / PLAN_FILE).read_text() == content


def test_settings_that_came_and_went_are_told():
    assert told_changes({"a": {"b": 1, "c": [1, 2]}}, {"a": {"b": 1.0, "d": {}}}) == (
        "a.c: from [1, 2] to nothing",
        "a.d: from nothing to {}",
    )


def test_entries_of_an_empty_setting_are_told_once():
    filled, line = {"protocol": {"FDG": {"window": 1}}, "a": 1}, "protocol.FDG.window: from nothing to 1"
    assert told_changes({"protocol": {}, "a": 1}, filled) == (line,)
    assert told_changes(filled, {"protocol": {}, "a": 1}) == ("protocol.FDG.window: from 1 to nothing",)


def test_many_changes_are_counted():
    told = told_changes({}, {f"key{number:02d}": number for number in range(MOST_CHANGES + 5)})
    assert len(told) == MOST_CHANGES + 1
    assert told[-1] == "and 5 more"


def test_a_statement_goes_through_a_dictionary(tmp_path):
    plans = record_plan(tmp_path, FIRST)
    statement = plan_statement(plans, plans[0].sha256)
    columns = with_statement({"tracer": {"Description": "Tracer."}, "n": {"Description": "Number."}}, statement)
    assert recorded_statement(json.loads(json.dumps(columns))) == statement
    assert recorded_statement({"tracer": {"Description": "Tracer."}}) is None
    with pytest.raises(TableError, match="does not tell the analysis plan"):
        recorded_statement({"tracer": {"AnalysisPlan": {"Statement": 3}}})


def test_a_run_without_a_plan_says_so():
    statement = plan_statement((), None)
    assert statement.statement == "Not made under a recorded analysis plan: the command was run by hand."
    assert not statement.as_planned


def test_the_terminal_says_whether_the_plan_is_the_first_one(tmp_path):
    plans = record_plan(tmp_path, FIRST)
    assert plan_line(plans, plans[0].sha256).endswith("as recorded first")
    assert "not the first one" in plan_line(plans, plan_hash(LATER))
