from __future__ import annotations

from pet_spect.report.answer.forest_lines import forest_lines

RESULT = {
    "tracer": "FDG",
    "region": "precentral",
    "measure": "uptake_ratio",
    "reference": "contralateral",
    "session": "year1",
    "quantity": "change_percent",
    "analysis_set": "as_accepted",
    "role": "secondary",
    "n": "8",
    "mean_change": "2.634",
    "ci95_low": "-0.431",
    "ci95_high": "5.794",
    "note": "n/a",
}
TESTED = RESULT | {"quantity": "log_ratio", "role": "primary"}


def like(**more):
    return RESULT | {"role": "sensitivity"} | more


def names(*others, shown=RESULT):
    return [line.name for line in forest_lines([TESTED, shown, *others], shown, TESTED)]


def test_the_result_comes_first_with_its_role_and_digits_of_its_own():
    first, second = forest_lines(
        [like(reference="pons", mean_change="13.5", ci95_low="-9.4", ci95_high="42.3"), RESULT], RESULT, TESTED
    )
    assert (first.name, first.role, first.is_primary) == ("contralateral motor cortex", "primary result", True)
    assert (first.estimate, first.interval, first.n) == ("+2.6 %", "−0.4 % to +5.8 %", "8")
    assert (second.name, second.role, second.is_primary) == ("pons", "sensitivity", False)
    assert (second.estimate, second.interval) == ("+14 %", "−9 % to +42 %")


def test_a_row_differs_in_one_thing_only():
    assert names(
        like(reference="cerebellum_ipsilesional"),
        like(reference="white_matter"),
        like(analysis_set="per_protocol"),
        like(region="precentral_lesionfree"),
    ) == [
        "contralateral motor cortex",
        "ipsilesional cerebellum",
        "white matter",
        "set: per protocol",
        "target without the lesion",
    ]
    assert (
        names(
            like(reference="pons", analysis_set="all"),
            like(reference="pons", session="year2"),
            like(reference="pons", tracer="IMZ"),
            like(reference="pons", quantity="change"),
            like(reference="none", measure="suv_mean"),
            like(region="precentral_contralesional"),
        )
        == []
    )


def test_who_is_empty_has_no_row():
    assert names(like(reference="pons", n="0")) == []


def test_a_quantity_in_its_own_unit_is_not_compared_across_references():
    shown = RESULT | {"quantity": "change"}
    others = [like(reference="pons", quantity="change"), like(analysis_set="all", quantity="change")]
    assert names(*others, shown=shown) == ["contralateral motor cortex", "set: all with a value"]


def test_without_an_interval_the_row_says_why():
    gone = {
        "mean_change": "n/a",
        "ci95_low": "n/a",
        "ci95_high": "n/a",
        "n": "2",
        "note": "no estimate: 2 participants",
    }
    _, line = forest_lines([RESULT, like(reference="pons", **gone)], RESULT, TESTED)
    assert (line.estimate, line.interval, line.note) == ("n/a", "no interval", "no estimate: 2 participants")


def test_nothing_is_drawn_if_nothing_is_estimated():
    nothing = RESULT | {"mean_change": "n/a", "ci95_low": "n/a", "ci95_high": "n/a", "n": "2"}
    assert names(nothing | {"reference": "pons"}, shown=nothing) == []
