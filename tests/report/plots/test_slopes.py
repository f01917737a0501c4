from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from pet_spect.report.plots.slopes import slope_plot

from .people import person

NAN = math.nan


def test_a_rise_goes_up_the_page_and_a_fall_down():
    rise, fall = slope_plot([person("a", 0.8, 0.9), person("b", 0.9, 0.8)]).lines
    assert rise.after < rise.before
    assert fall.after > fall.before


def test_height_is_linear_between_the_ticks():
    plot = slope_plot([person("a", 0.0, 1.0), person("b", 0.5, 0.5)])
    first, second = plot.lines
    assert second.before == pytest.approx((first.before + first.after) / 2)
    assert [text for _, text in plot.ticks] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]


def test_participant_with_one_visit_is_drawn_as_a_point():
    alone, _ = slope_plot([person("a", 0.8, NAN, kind="out"), person("b", 0.7, 0.9)]).lines
    assert alone.before is not None
    assert alone.after is None


def test_without_any_value_there_is_still_a_drawing():
    plot = slope_plot([person("a", NAN, NAN, kind="out")])
    assert plot.lines == []
    assert plot.ticks


def test_equal_values_do_not_divide_by_zero():
    plot = slope_plot([person("a", 0.8, 0.8)])
    assert 0 < plot.lines[0].before < plot.bottom


def test_names_are_pushed_apart():
    plot = slope_plot([person(name, 0.8, 0.9) for name in "abcdef"] + [person("z", 0.1, 0.2)])
    heights = sorted(line.name_y for line in plot.lines)
    assert min(upper - lower for lower, upper in itertools.pairwise(heights)) >= 12.9


def test_every_name_of_the_most_people_fits_into_the_drawing():
    plot = slope_plot([person(f"sub-{number}", 0.8, 0.9) for number in range(24)])
    assert all(0 < line.name_y <= plot.bottom for line in plot.lines)


def test_many_participants_are_two_paths_of_a_kind_without_names():
    people = [person(f"sub-{number}", 0.8, 0.9, kind=("up", "out")[number % 2]) for number in range(1000)]
    plot = slope_plot(people)
    assert plot.lines == []
    assert [kind for kind, _, _ in plot.crowds] == ["up", "out"]
    assert sum(dots.count("M") for _, _, dots in plot.crowds) == 2000
    assert sum(len(lines) + len(dots) for _, lines, dots in plot.crowds) < 60 * 1000


def test_a_warned_one_in_a_crowd_is_marked():
    people = [replace(person(f"sub-{number}", 1.0, 1.1), warned=number == 3) for number in range(30)]
    kind, lines, dots = slope_plot(people).crowds[0]
    assert (kind, lines, dots.count("M")) == ("warned", "", 1)
