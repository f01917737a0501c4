from __future__ import annotations

import itertools
import math

import pytest

from pet_spect.report.plots.slopes import Visit, slope_plot

NAN = math.nan


def visit(name, before, after, *, included=True):
    return Visit(name, before, after, after - before, included)


def test_a_rise_goes_up_the_page_and_a_fall_down():
    plot = slope_plot([visit("a", 0.8, 0.9), visit("b", 0.9, 0.8)], 0.0, NAN, NAN)
    rise, fall = plot.lines
    assert (rise.kind, fall.kind) == ("up", "down")
    assert rise.after < rise.before
    assert fall.after > fall.before
    assert rise.change < plot.zero < fall.change


def test_height_is_linear_between_the_ticks():
    plot = slope_plot([visit("a", 0.0, 1.0), visit("b", 0.5, 0.5)], 0.5, 0.0, 1.0)
    first, second = plot.lines
    assert second.before == pytest.approx((first.before + first.after) / 2)
    assert [text for _, text in plot.value_ticks] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]


def test_change_axis_always_shows_zero():
    plot = slope_plot([visit("a", 0.8, 0.9)], 0.1, 0.05, 0.15)
    assert (plot.bottom, "0.00") in plot.change_ticks
    assert plot.zero == plot.bottom


def test_mean_and_interval_stand_on_the_change_axis():
    plot = slope_plot([visit("a", 0.0, 1.0)], 1.0, 0.5, 1.5)
    assert plot.high < plot.mean < plot.low
    assert plot.mean == plot.lines[0].change


def test_participant_with_one_visit_is_drawn_as_a_point():
    plot = slope_plot([visit("a", 0.8, NAN, included=False), visit("b", 0.7, 0.9)], 0.2, NAN, NAN)
    (alone, _) = plot.lines
    assert alone.kind == "out"
    assert alone.before is not None
    assert alone.after is None
    assert alone.change is None
    assert alone.name_y is not None


def test_without_any_value_there_is_still_a_drawing():
    plot = slope_plot([visit("a", NAN, NAN, included=False)], NAN, NAN, NAN)
    assert plot.lines[0].before is None
    assert plot.mean is None
    assert plot.value_ticks


def test_equal_values_do_not_divide_by_zero():
    plot = slope_plot([visit("a", 0.8, 0.8)], 0.0, 0.0, 0.0)
    assert plot.top < plot.lines[0].before < plot.bottom


def test_names_are_pushed_apart_and_dots_do_not_hide_each_other():
    plot = slope_plot([visit(name, 0.8, 0.9) for name in "abcdef"] + [visit("z", 0.1, 0.2)], 0.1, NAN, NAN)
    heights = sorted(line.name_y for line in plot.lines)
    assert min(upper - lower for lower, upper in itertools.pairwise(heights)) >= 12.9
    assert len({line.change_x for line in plot.lines}) == 7


def test_names_are_left_to_the_table_when_there_are_many():
    plot = slope_plot([visit(f"sub-{number}", 0.8, 0.9) for number in range(40)], 0.1, NAN, NAN)
    assert {line.name_y for line in plot.lines} == {None}


def test_many_participants_are_drawn_small_and_stay_clear_of_the_mean():
    plot = slope_plot([visit(f"sub-{number}", 0.8, 0.9) for number in range(500)], 0.1, NAN, NAN)
    assert plot.crowded
    assert all(abs(line.change_x - plot.change_x) < 40 for line in plot.lines)
