import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.errors import ConfigError
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv, read_within_subject_cv, reliable_change

CV = {"value": 5.0, "kind": "total", "source": "made up"}


def cv(value, kind):
    return WithinSubjectCv(value, kind, "made up")


@pytest.mark.parametrize(
    ("kind", "measured", "expected"),
    [
        ("total", 0.01, 2.772 * 0.05),  # the CV contains the noise
        ("total", 0.08, 1.96 * 0.08),  # these scans are worse than those of its source
        ("biological", 0.0, 2.772 * 0.05),
        ("biological", 0.08, 1.96 * math.sqrt(2 * 0.05**2 + 0.08**2)),
    ],
)
def test_the_limits_worked_by_hand(kind, measured, expected):
    found = reliable_change(0.8, 0.8, measured, cv(5.0, kind))
    assert found.high_percent == pytest.approx(100 * (math.exp(expected) - 1), rel=1e-3)
    assert found.low_percent == pytest.approx(100 * (math.exp(-expected) - 1), rel=1e-3)
    assert found.verdict == "not shown"


@pytest.mark.parametrize(
    ("percent", "verdict"),
    [(14.9, "improved"), (14.8, "not shown"), (0.0, "not shown"), (-12.9, "not shown"), (-13.0, "declined")],
)
def test_more_uptake_is_better_and_the_limits_are_those_of_the_log_scale(percent, verdict):
    # 2.772 * 5 %: exp(0.1386) = 1.1487, exp(-0.1386) = 0.8706
    assert reliable_change(0.8, 0.8 * (1 + percent / 100), 0.01, cv(5.0, "total")).verdict == verdict


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.sampled_from(["total", "biological"]))
def test_exchanging_the_visits_exchanges_improved_and_declined(first, second, kind):
    there, back = (reliable_change(*pair, 0.03, cv(4.0, kind)) for pair in ((first, second), (second, first)))
    exchanged = {"improved": "declined", "declined": "improved", "not shown": "not shown"}
    assert back.verdict == exchanged[there.verdict]


@pytest.mark.parametrize("missing", [(math.nan, 1.0, 0.01), (1.0, math.nan, 0.01), (1.0, 1.0, math.nan)])
def test_what_is_not_known_has_no_verdict(missing):
    assert reliable_change(*missing, cv(5.0, "total")) is None


@pytest.mark.parametrize("kind", ["total", "biological"])
@pytest.mark.parametrize("noise", [0.01, 0.06])
def test_five_of_a_hundred_unchanged_people_are_called_changed(kind, noise):
    generator = np.random.default_rng(16)
    people, percent = 4000, 4.0
    biological = percent / 100
    if kind == "total":  # what is left of it without the noise; nothing where these scans are noisier
        biological = math.sqrt(max(biological**2 - noise**2, 0.0))
    spread = math.hypot(biological, noise)
    before, after = (0.8 * np.exp(generator.normal(0, spread, people)) for _ in range(2))
    verdicts = [
        reliable_change(one, other, math.sqrt(2) * noise, cv(percent, kind)).verdict
        for one, other in zip(before, after, strict=True)
    ]
    rates = [verdicts.count(verdict) / people for verdict in ("improved", "declined")]
    assert rates == pytest.approx([0.025, 0.025], abs=0.01)


def test_a_configuration_is_read():
    assert read_within_subject_cv({"FDG": CV}) == {"FDG": WithinSubjectCv(5.0, "total", "made up")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": 0.05}, "FDG: value: found 0.05, needed percent, 0.5 to 50, such as 5 for 5 %"),
        ({"value": 51}, "FDG: value: found 51, needed percent"),
        ({"value": True}, "FDG: value: found True, needed percent"),
        ({"value": "5"}, "FDG: value: found '5', needed percent"),
        ({"value": math.nan}, "FDG: value: found nan, needed percent"),
        ({"kind": "Total"}, "FDG: kind: found 'Total', needed total or biological"),
        ({"kind": ["total"]}, "FDG: kind: found ['total'], needed total or biological"),
        ({"source": ""}, "FDG: source: found '', needed where the value is from"),
        ({"source": "two\nlines"}, "FDG: source: found 'two\\nlines', needed where the value is from, in one line"),
        ({"source": "half\ud800"}, "needed where the value is from, in one line"),
        ({"source": "x" * 201}, "needed where the value is from, in one line of at most 200 characters"),
        ({"page": 3}, "FDG: found {'value': 5.0, 'kind': 'total', 'source': 'made up', 'page': 3}, needed value"),
    ],
)
def test_a_mistake_in_it_is_told(change, message):
    with pytest.raises(ConfigError) as caught:
        read_within_subject_cv({"FDG": CV | change})
    assert message in str(caught.value)


@pytest.mark.parametrize("entries", [None, [CV], {"FDG": 5.0}, {"FDG": {"value": 5.0, "kind": "total"}}])
def test_something_else_than_tracers_with_all_three_is_an_error(entries):
    with pytest.raises(ConfigError, match="value, kind and source"):
        read_within_subject_cv(entries)
