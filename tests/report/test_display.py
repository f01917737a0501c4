from __future__ import annotations

import pytest

from pet_spect.report.display import cell, table


@pytest.mark.parametrize(
    ("name", "row", "text"),
    [
        ("value", {"value": "0.876543210"}, "0.877"),
        ("change", {"change": "0.05", "measure": "uptake_ratio"}, "+0.050"),
        ("change", {"change": "-0.05", "measure": "uptake_ratio"}, "−0.050"),
        ("change", {"change": "0", "measure": "uptake_ratio"}, "+0.000"),
        ("change_percent", {"change_percent": "6.25"}, "+6.3 %"),
        ("value", {"value": "-12.345", "measure": "asymmetry_index_percent"}, "−12.3 %"),
        ("numerator", {"numerator": "8123.45", "measure": "asymmetry_index_percent"}, "8123"),
        ("mean_change", {"mean_change": "0.00001234", "quantity": "change"}, "+1.2e−05"),
        ("p_sign_flip", {"p_sign_flip": "0.015625", "quantity": "change_percent"}, "0.0156"),
        ("p_wilcoxon", {"p_wilcoxon": "0.00000190734863281"}, "< 0.0001"),
        ("p", {"p": "0"}, "< 0.0001"),
        ("value", {"value": "-224.45"}, "−224.5"),
        ("n", {"n": "8"}, "8"),
        ("n_withdrawn", {"n_withdrawn": "0", "quantity": "mean_improvement"}, "0"),
        ("count", {"count": "8", "quantity": "mean_improvement"}, "8"),
        ("estimate", {"estimate": "3", "quantity": "mean_improvement"}, "+3.000"),
        ("included", {"included": "false"}, "no"),
        ("reason", {"reason": "inf"}, "inf"),
    ],
)
def test_values_are_rounded_for_a_person(name, row, text):
    assert cell(name, row).text == text


def test_the_full_value_is_kept_beside_the_rounded_one():
    assert cell("value", {"value": "0.876543210123"}).full == "0.876543210123"


def test_a_participant_named_like_a_number_stays_as_it_is():
    assert cell("participant_id", {"participant_id": "007"}).text == "007"


def test_missing_is_said():
    shown = cell("value", {"value": "n/a"})
    assert (shown.text, shown.missing) == ("n/a", True)


def test_heads_carry_what_the_dictionary_says():
    dictionary = {"volume_ml": {"Description": "Volume of the region.", "Units": "mL"}}
    (head,) = table(["volume_ml"], [{"volume_ml": "21.4"}], dictionary).columns
    assert (head.name, head.meaning, head.numeric) == ("volume ml", "Volume of the region. [mL]", True)


def test_heads_say_percent_and_interval_as_a_person_writes_them():
    names = ["participant_id", "change_percent", "change_percent_ci95_low", "ci95_high", "follow_up"]
    heads = table(names, [], {}).columns
    assert [head.name for head in heads] == [
        "participant",
        "change %",
        "change %, 95 % CI low",
        "95 % CI high",
        "follow up",
    ]
    assert [head.key for head in heads] == names


def test_the_levels_of_a_column_are_part_of_its_meaning():
    dictionary = {
        "decision": {"Description": "What was decided.", "Levels": {"accept": "known", "exclude": "not used"}}
    }
    (head,) = table(["decision"], [], dictionary).columns
    assert head.meaning == "What was decided. accept: known; exclude: not used"
