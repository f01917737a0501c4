import pytest

from pet_spect.errors import ConfigError
from pet_spect.quantify.cohort.analysis.settings import PrimaryAnalysis, read_analysis

SESSIONS = ["baseline", "month6", "year1"]


def test_the_defaults_are_the_log_ratio_at_the_last_session_as_accepted():
    analysis = read_analysis({"primary": {"FDG": "contralateral"}}, SESSIONS)
    assert analysis.primary["FDG"] == PrimaryAnalysis("contralateral", "uptake_ratio", "log_ratio", "year1")
    assert analysis.sets == ("as_accepted", "per_protocol", "all")
    assert (analysis.missing_data, analysis.multiplicity) == ("bounds", "none")


def test_what_is_said_of_one_tracer_counts_before_what_is_said_of_all():
    primary = {"FDG": "pons", "IMZ": {"reference": "cerebellum", "session": "year1"}}
    analysis = read_analysis({"primary": primary, "session": "month6", "quantity": "change"}, SESSIONS)
    assert analysis.primary["FDG"] == PrimaryAnalysis("pons", "uptake_ratio", "change", "month6")
    assert analysis.primary["IMZ"] == PrimaryAnalysis("cerebellum", "uptake_ratio", "change", "year1")


@pytest.mark.parametrize(
    ("measure", "reference"), [("ratio_minus_one", "pons"), ("asymmetry_index_percent", "contralateral")]
)
def test_a_measure_that_crosses_zero_is_tested_on_its_difference(measure, reference):
    analysis = read_analysis({"primary": {"IMZ": {"measure": measure}}}, SESSIONS)
    assert analysis.primary["IMZ"] == PrimaryAnalysis(reference, measure, "change", "year1")


def test_settings_that_are_written_out_are_read_as_the_same():
    analysis = read_analysis({"primary": {"IMZ": "pons", "FDG": "pons"}, "multiplicity": "fixed"}, SESSIONS)
    assert read_analysis(analysis.as_config(), SESSIONS) == analysis
    assert analysis.family == ("IMZ", "FDG")


def test_an_early_scan_is_no_outcome_of_its_own():
    primary = {"IMZ": {"measure": "late_early_ratio"}, "IMZearly": "contralateral"}
    assert read_analysis({"primary": primary}, SESSIONS, {"IMZ": "IMZearly"}).family == ("IMZ",)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"primary": {"FDG": {"session": "year2"}}},
            "found session 'year2', needed one of the follow-ups month6",
        ),
        ({"primary": {"FDG": {"measure": "suv_mean"}}}, "found measure 'suv_mean', needed one of uptake_ratio"),
        ({"primary": {"FDG": "pons"}, "sets": ["itt"]}, "sets: found 'itt', needed as_accepted or per_protocol or all"),
        ({"primary": {"FDG": "pons"}, "quantity": "percent"}, "found quantity 'percent', needed log_ratio, change"),
    ],
)
def test_settings_that_cannot_be_are_errors(settings, message):
    with pytest.raises(ConfigError, match=message):
        read_analysis(settings, SESSIONS)
