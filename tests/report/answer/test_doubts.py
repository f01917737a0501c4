from __future__ import annotations

from pet_spect.report.answer.doubts import doubts_of


def row(person, *, qc="pass", reason="n/a", included="true"):
    more = {"analysis_set": "as_accepted", "tested_quantity": "log_ratio", "baseline": "1", "follow_up": "1.1"}
    return {"participant_id": person, "qc": qc, "reason": reason, "included": included, "change": "0.1"} | more


def test_who_gives_no_cause_for_doubt_is_not_named():
    doubts = doubts_of([row("sub-01"), row("sub-02")])
    assert (doubts.groups, doubts.count) == ([], 0)


def test_who_is_not_in_the_mean_comes_first_and_one_reason_is_said_once():
    side = "laterality_undetermined: the side is not shown"
    doubts = doubts_of(
        [
            row("sub-01", qc="warn", reason=f"baseline: {side}; year1: {side}"),
            row("sub-02", qc="fail", reason="year1: no scan listed", included="false"),
            row("sub-03", qc="warn", reason=f"year1: {side}"),
        ]
    )
    assert [(doubt.reason, doubt.is_in) for doubt in doubts.groups] == [
        ("year1: no scan listed", False),
        ("the side is not shown", True),
    ]
    assert doubts.groups[1].people == [("sub-01", "people/sub-01.html"), ("sub-03", "people/sub-03.html")]
    assert (doubts.out, doubts.warned, doubts.count) == (1, 2, 3)


def test_whose_registration_nobody_could_see_is_named_with_the_other_reasons():
    rows = [
        row("sub-01"),
        row("sub-02", qc="warn", reason="year1: scanner_differs: two"),
        row("sub-03", included="false"),
    ]
    doubts = doubts_of(rows, unseen={"sub-01", "sub-02", "sub-03"})
    assert [(doubt.reason, doubt.is_in) for doubt in doubts.groups] == [
        ("no reason given", False),
        ("registration not seen: figures did not finish", True),
        ("registration not seen: figures did not finish; two", True),
    ]


def test_a_reason_has_no_code_and_is_short():
    (doubt,) = doubts_of(
        [row("sub-01", reason="year1: gate_overlap: too little " + "of it " * 40, included="false")]
    ).groups
    assert doubt.reason.startswith("year1: too little of it")
    assert doubt.reason.endswith(" …")
    assert len(doubt.reason) <= 90


def test_a_value_without_a_logarithm_is_in_doubt():
    (doubt,) = doubts_of([row("sub-01") | {"follow_up": "0"}]).groups
    assert not doubt.is_in
    assert doubt.reason == "the log ratio is not defined, because a value is not above zero"


def test_a_warning_without_a_reason_is_still_a_warning():
    (doubt,) = doubts_of([row("sub-01", qc="warn")]).groups
    assert doubt.is_in
    assert doubt.reason == "no reason given"
