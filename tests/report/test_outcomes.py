"""The section of clinical outcomes, which is there only if their tables are."""

import re

import pytest

from pet_spect.cli import main
from pet_spect.errors import TableError
from pet_spect.quantify.outcomes.imaging import Pair
from pet_spect.report.page import write_report
from pet_spect.report.plots.scatter import HEIGHT, WIDTH, scatter_plot
from pet_spect.report.rounding import rounded
from pet_spect.tsv import read_table

from .outline import Outline
from .test_page import plain

MINUS = "\N{MINUS SIGN}"


def tables(results, people, *, events=False, scales=True):
    """Run the verb on outcomes of these people: NIHSS improves by 0, 1, 2, ...; the last one has withdrawn."""
    folder = results.parent / "clinical"
    folder.mkdir(exist_ok=True)
    lines = ["participant_id session mRS NIHSS withdrawn"]
    for number, person in enumerate(people):
        left = number == len(people) - 1
        lines += [f"{person} baseline 4 {10 + number} no", f"{person} year1 {'n/a n/a yes' if left else '3 10 no'}"]
    texts = {
        "participants": ["participant_id lesion_side", *(f"{person} left" for person in people)],
        "outcomes": lines,
        "adverse_events": ["participant_id days_since_treatment term serious", f"{people[0]} 3 headache no"],
    }
    for name, content in texts.items():
        (folder / f"{name}.tsv").write_text("\n".join(content).replace(" ", "\t") + "\n", encoding="utf-8")
    command = ["outcomes", "--results", str(results), "--participants", str(folder / "participants.tsv")]
    command += ["--sessions", "baseline", "year1"]
    command += ["--outcomes", str(folder / "outcomes.tsv")] if scales else []
    command += ["--adverse-events", str(folder / "adverse_events.tsv")] if events else []
    command += ["--imaging", "FDG", "precentral", "uptake_ratio", "cerebellum_ipsilesional"] if scales else []
    assert main(command) == 0


def page(results, **options):
    text = write_report(results, **options).read_text(encoding="utf-8")
    Outline(text)
    return text


def test_without_tables_nothing_about_them_appears(make_study, tmp_path):
    text = page(make_study(4).write(tmp_path / "results"))
    assert "Clinical" not in text
    assert "mRS" not in text


def test_the_section_says_what_the_tables_say(make_study, tmp_path):
    study = make_study(5)
    results = study.write(tmp_path / "results")
    tables(results, study.people, events=True)
    told = plain(page(results))
    section = told[told.index("mRS: improvement by 1 or more") : told.index("How to read this")]
    assert "year1, complete cases: 4 of 4 improved (100 %, 95 % CI 40 to 100 %)" in section
    assert "year1, missing counted as no improvement: 4 of 5 improved (80 %, 95 % CI 28 to 99 %)" in section
    assert "at least one adverse event: 1 of 5 (20 %, 95 % CI 1 to 72 %); 1 in all, 0.20 per person" in section
    assert "at least one serious adverse event: 0 of 5 (0 %, 95 % CI 0 to 52 %); 0 in all, 0.00 per person" in section
    assert "adverse_events.tsv from day 0 on after the treatment" in section
    assert "Withdrawn people are included in the denominator" in section
    (row,) = [row for row in read_table(results / "tables/outcomes_imaging.tsv") if row["outcome"] == "NIHSS"]
    rho = f"{float(row['spearman_rho']):+.2f}".replace("-", MINUS)
    assert "FDG and NIHSS, year1" in section
    assert f"rho = {rho}, p = {float(row['p']):.4f} (exact), n = 4" in section
    assert "not adjusted for the 2 comparisons" in section


def test_the_first_screen_has_the_headlines(make_study, tmp_path):
    study = make_study(5)
    results = study.write(tmp_path / "results")
    tables(results, study.people, events=True)
    told = plain(page(results))
    screen = told[: told.index("FDG: mean change")]
    mrs = "mRS improved by 1 or more at year1 in 4 of 5 (80 %, 95 % CI 28 to 99 %"
    assert f"{mrs}, the 1 missing counted as not improved)." in screen
    assert "At least one adverse event: 1 of 5 (20 %, 95 % CI 1 to 72 %" in screen
    assert "At least one serious adverse event: 0 of 5 (0 %, 95 % CI 0 to 52 %" in screen


def test_a_tiny_p_is_not_zero(make_study, tmp_path):
    study = make_study(5)
    results = study.write(tmp_path / "results")
    tables(results, study.people)
    path = results / "tables" / "outcomes_imaging.tsv"
    rows = read_table(path)
    p = {row["p"] for row in rows if row["spearman_rho"] != "n/a"}.pop()
    path.write_text(path.read_text(encoding="utf-8").replace(p, "0.00001"), encoding="utf-8")
    assert "p &lt; 0.0001 (exact)" in plain(page(results))


def test_each_pair_is_a_dot_with_its_two_changes(make_study, tmp_path):
    study = make_study(5)
    results = study.write(tmp_path / "results")
    tables(results, study.people)
    text = page(results)
    change = {row["participant_id"]: row for row in read_table(results / "tables/change.tsv") if row["tracer"] == "FDG"}
    titles = re.findall(r"<title>(sub-\d+: [^<]* %, [^<]*)</title>", text)
    percents = [f"{rounded(float(change[person]['change_percent']), 1, signed=True)} %" for person in study.people[:4]]
    expected = [
        f"{who}: {percent}, +{gain}" for gain, (who, percent) in enumerate(zip(study.people[:4], percents, strict=True))
    ]
    assert [title.replace(MINUS, "-") for title in titles] == [expected[0].replace("+0", "0"), *expected[1:]]


def test_adverse_events_alone_make_a_short_section(make_study, tmp_path):
    study = make_study(3)
    results = study.write(tmp_path / "results")
    tables(results, study.people, events=True, scales=False)
    told = plain(page(results))
    assert "at least one adverse event: 1 of 3" in told
    assert "mRS" not in told
    assert "exploratory" not in told


@pytest.mark.parametrize("people", [1, 2, 3])
def test_too_few_people_have_no_mean_and_no_plot(make_study, tmp_path, people):
    study = make_study(people)
    results = study.write(tmp_path / "results")
    tables(results, study.people)
    told = plain(page(results))
    assert "rho = " not in told
    assert f"outcome_no_estimate: no estimate: {people - 1} participant{'' if people == 2 else 's'}" in told


def test_the_workflow_can_leave_out_tables_of_an_earlier_run(make_study, tmp_path):
    study = make_study(4)
    results = study.write(tmp_path / "results")
    tables(results, study.people)
    assert main(["report", str(results), "--no-outcomes"]) == 0
    assert "Clinical outcomes" not in (results / "report/index.html").read_text(encoding="utf-8")
    assert main(["report", str(results)]) == 0
    assert "Clinical outcomes" in (results / "report/index.html").read_text(encoding="utf-8")


def test_tables_of_two_runs_are_refused(make_study, tmp_path):
    study = make_study(5)
    results = study.write(tmp_path / "results")
    tables(results, study.people)
    study.lose("sub-02", "year1", "FDG", "missing", "no scan listed")
    study.write(results)
    with pytest.raises(TableError, match=r"outcomes_imaging\.tsv and change\.tsv belong to different runs"):
        write_report(results)


@pytest.mark.parametrize("text", ["", "outcome\nx\n"])
def test_a_damaged_table_is_one_line(make_study, tmp_path, text):
    study = make_study(4)
    results = study.write(tmp_path / "results")
    tables(results, study.people)
    (results / "tables/outcomes_change.tsv").write_text(text)
    with pytest.raises(TableError, match=r"outcomes_change\.tsv"):
        write_report(results)


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", -5.0, -3.0), ("b", 12.0, 20.0), ("c", 0.0, 0.0)],
        [("a", 0.0, 0.0)] * 3,
        [("a", 3.0, 4.0)] * 3,
        [("a", -1e-7, 1.0), ("b", 2e5, 100.0)],
        [(str(number), number / 7, number) for number in range(1000)],
    ],
)
def test_every_dot_and_zero_lie_inside_the_drawing(pairs):
    plot = scatter_plot([Pair(*pair) for pair in pairs], " %")
    assert len(plot.dots) == len(pairs)
    for x, y in [*((dot.x, dot.y) for dot in plot.dots), (plot.zero_x, plot.zero_y)]:
        assert plot.left <= x <= plot.right < WIDTH
        assert plot.top <= y <= plot.bottom < HEIGHT
    assert 2 <= len(plot.x_ticks) <= 8
    assert all(dot.title for dot in plot.dots) == (len(pairs) <= 50)


def test_more_uptake_lies_to_the_right_and_more_improvement_above():
    low, high = scatter_plot([Pair("a", -1.0, -1.0), Pair("b", 2.0, 3.0)], " %").dots
    assert high.x > low.x
    assert high.y < low.y
    assert low.title == f"a: {MINUS}1.0 %, {MINUS}1"


def test_an_end_of_an_interval_is_0_or_100_only_if_it_is(make_study, tmp_path):
    study = make_study(8)
    results = study.write(tmp_path / "results")
    tables(results, study.people, events=True)
    told = plain(page(results))
    assert "At least one adverse event: 1 of 8 (13 %, 95 % CI 0.3 to 53 %" in told  # 12.5 %, 0.316 to 52.7 %
    assert "At least one serious adverse event: 0 of 8 (0 %, 95 % CI 0 to 37 %" in told
    assert "1 in all, 0.13 per person" in told
