import math

from pet_spect.quantify.cohort.analysis.sets import PROTOCOL_FLAGS, divide
from pet_spect.quantify.cohort.change import changes
from pet_spect.quantify.ratios import Ratio
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import CATALOGUE


def ratio(who, session, value, qc="pass", reason=""):
    return Ratio(who, session, "IMZ", "left", "motor", "uptake_ratio", "pons", value, math.nan, math.nan, qc, reason)


def members():
    flag = Remark.of("scanner_differs", found="B", reference="A", session="baseline").line
    wrong_side = "laterality_disagree: the other side"
    visits = {
        "sub-01": (ratio("sub-01", "baseline", 1.0), ratio("sub-01", "year1", 1.1)),
        "sub-02": (ratio("sub-02", "baseline", 1.0), ratio("sub-02", "year1", 1.2, "warn", flag)),
        "sub-03": (ratio("sub-03", "baseline", 1.0, "fail", wrong_side), ratio("sub-03", "year1", 1.3)),
        "sub-04": (
            ratio("sub-04", "baseline", 1.0),
            ratio("sub-04", "year1", math.nan, "fail", Remark.of("no_scan").text),
        ),
        "sub-05": (
            ratio("sub-05", "baseline", 1.0, "warn", flag),
            ratio("sub-05", "year1", math.nan, "fail", Remark.of("no_scan").text),
        ),
        "sub-06": (
            ratio("sub-06", "baseline", 1.0, "fail", wrong_side),
            ratio("sub-06", "year1", math.nan, "fail", Remark.of("no_scan").text),
        ),
    }
    return [change for pair in visits.values() for change in changes(pair, ["baseline", "year1"])]


def who(divided):
    return [change.participant_id[-2:] for change in divided.included]


def test_as_accepted_holds_what_checks_and_decisions_let_through():
    divided = divide(members(), "as_accepted")
    assert (who(divided), divided.apart) == (["01", "02"], 0)
    assert divided.missing_reasons == "laterality_disagree (baseline): 2, no_scan (year1): 2"


def test_per_protocol_leaves_out_who_has_a_flag_of_the_protocol():
    divided = divide(members(), "per_protocol")
    assert (who(divided), len(divided.missing), divided.apart) == (["01"], 4, 1)


def test_all_holds_everybody_with_a_value():
    divided = divide(members(), "all")
    assert (who(divided), divided.missing_reasons) == (["01", "02", "03"], "no_scan (year1): 3")


def test_every_set_accounts_for_everybody():
    for analysis_set in ("as_accepted", "per_protocol", "all"):
        divided = divide(members(), analysis_set)
        assert len(divided.included) + len(divided.missing) + divided.apart == 6


def test_the_flags_of_the_protocol_are_those_of_its_page():
    page = next(kind.docs for code, kind in CATALOGUE.items() if code == "scanner_differs")
    of_page = {code for code, kind in CATALOGUE.items() if kind.docs == page}
    assert of_page == PROTOCOL_FLAGS
