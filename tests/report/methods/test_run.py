import json

from pet_spect.report.methods.run import packages_of, read_run
from pet_spect.report.page import write_report
from pet_spect.report.results_folder import read_results
from pet_spect.results.analysis_plan import plan_statement, record_plan, with_statement
from pet_spect.results.tables.columns import SUMMARY

PLANNED = {"sessions": ["baseline", "year1"], "measure": {"misplacement_mm": "auto"}}


def read(results):
    return read_run(results, read_results(results))


def with_plan(results, plans):
    told = with_statement(SUMMARY, plan_statement(plans, plans[-1].sha256))
    (results / "tables" / "summary.json").write_text(json.dumps(told))


def test_a_folder_that_records_little_is_read_with_nothing_claimed(make_study, tmp_path):
    run = read(make_study().write(tmp_path))
    assert (run.plan, run.statement, run.version, run.atlas) == (None, None, None, None)
    assert (run.uptakes, run.outcomes, run.readers) == ([], [], False)
    assert len(run.records) == 4
    assert run.sessions == ["baseline", "year1"]
    assert packages_of(run) == {}


def test_primaries_come_in_the_order_of_the_tracers(make_study, tmp_path):
    assert [row["tracer"] for row in read(make_study().write(tmp_path)).primaries] == ["FDG", "IMZ"]


def test_the_plan_is_that_of_the_tables_also_if_a_later_one_was_recorded(make_study, tmp_path):
    results = make_study().write(tmp_path)
    plans = record_plan(results, PLANNED)
    with_plan(results, plans)
    record_plan(results, PLANNED | {"sessions": ["baseline"]})
    assert read(results).planned("sessions") == ["baseline", "year1"]
    assert read(results).planned("measure", "misplacement_mm") == "auto"
    assert read(results).planned("measure", "misplacement_mm", "x") is None


def test_a_lost_or_altered_file_of_plans_is_a_fault_not_a_crash(make_study, tmp_path):
    results = make_study().write(tmp_path)
    with_plan(results, record_plan(results, PLANNED))
    path = results / "tables" / "analysis_plan.json"
    path.write_text(path.read_text().replace("auto", "3"))
    assert (read(results).plan, read(results).plan_fault) == (None, True)
    path.unlink()
    assert (read(results).plan, read(results).plan_fault) == (None, True)


def test_the_page_holds_methods_and_provenance_once_each(make_study, tmp_path):
    page = write_report(make_study().write(tmp_path)).read_text("utf-8")
    for name in ("methods", "provenance", "methods-text"):
        assert page.count(f'id="{name}"') == 1
    assert 'data-copy="methods-text"' in page
    assert "<mark>[antspyx version]</mark>" in page


def test_the_date_is_all_that_differs_on_another_day(make_study, tmp_path, monkeypatch):
    results = make_study().write(tmp_path)
    pages = []
    for epoch in ("0", "86400"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        pages.append(write_report(results).read_text("utf-8"))
    assert pages[0] != pages[1]
    assert pages[0].replace("1970-01-01", "1970-01-02") == pages[1]


def test_markup_in_what_a_study_names_stays_text(make_study, tmp_path):
    study = make_study()
    for rows in (study.scans, study.ratios, study.change, study.summary):
        for row in rows:
            if row["tracer"] == "IMZ":
                row["tracer"] = "<b>x"
    for row in study.scans:
        if row["tracer"] == "<b>x":
            row.update(status="missing")
    page = write_report(study.write(tmp_path)).read_text("utf-8")
    assert "<b>x" not in page
