from __future__ import annotations

import math
from dataclasses import replace

import pytest

from pet_spect.report.plots.changes import change_plot

from .people import person

NAN = math.nan


def test_the_highest_change_comes_first_and_who_is_not_in_the_mean_last():
    people = [person("a", 1, 2), person("b", 1, 4, kind="out"), person("c", 1, 3)]
    plot = change_plot(people, 1.5, 1.0, 2.0)
    assert [row.person.participant for row in plot.rows] == ["c", "a", "b"]
    assert plot.rows[0].y < plot.rows[1].y < plot.rows[2].y < plot.mean_y < plot.bottom


def test_more_uptake_lies_to_the_right_and_zero_is_always_in_view():
    plot = change_plot([person("a", 0.8, 0.9, half=0.02)], 0.1, 0.05, 0.15)
    (row,) = plot.rows
    assert plot.left == plot.zero < row.interval.low < row.interval.x < row.interval.high <= plot.right
    assert (plot.zero, "0.00") in plot.ticks


def test_mean_and_changes_share_the_axis():
    plot = change_plot([person("a", 0.0, 1.0, half=0.5)], 1.0, 0.5, 1.5)
    assert plot.mean == plot.rows[0].interval


def test_a_change_without_an_interval_is_a_dot_alone():
    (row,) = change_plot([person("a", 0.8, 0.9)], 0.1, NAN, NAN).rows
    assert row.interval.x is not None
    assert row.interval.low is None


def test_who_has_no_change_has_no_row():
    plot = change_plot([person("a", 0.8, NAN, kind="out")], NAN, NAN, NAN)
    assert plot.rows == []
    assert plot.mean.x is None
    assert plot.ticks


def test_equal_changes_of_zero_do_not_divide_by_zero():
    plot = change_plot([person("a", 0.8, 0.8, half=0.0)], 0.0, 0.0, 0.0)
    assert plot.left < plot.zero < plot.right


def test_many_participants_are_two_paths_of_a_kind_and_the_mean_stays_clear_of_them():
    people = [person(f"sub-{number}", 0.8, 0.9, half=0.1, kind="up") for number in range(1000)]
    plot = change_plot(people, 0.1, 0.0, 0.2)
    ((kind, lines, dots),) = plot.crowds
    assert (plot.rows, kind) == ([], "up")
    assert (lines.count("M"), dots.count("M")) == (1000, 1000)
    assert len(lines) + len(dots) < 40 * 1000
    assert max(float(dot.split("h")[0].split(" ")[1]) for dot in dots.split("M")[1:]) < plot.mean_y - 10


def test_everything_lies_inside_the_drawing():
    people = [person(str(number), 1.0, 1.0 + number * 3.7, half=5.0) for number in range(-9, 9)]
    plot = change_plot(people, -40.0, -90.0, 10.0)
    ends = [end for row in (*(row.interval for row in plot.rows), plot.mean) for end in (row.low, row.x, row.high)]
    assert all(plot.left <= end <= plot.right < plot.width for end in ends)
    assert plot.rows[-1].y < plot.bottom < plot.height


@pytest.mark.parametrize("number", [24, 25])
def test_up_to_24_participants_are_named(number):
    plot = change_plot([person(str(each), 1.0, 2.0) for each in range(number)], 1.0, NAN, NAN)
    assert bool(plot.rows) == (number == 24)


def test_a_warned_one_in_a_crowd_is_marked():
    people = [replace(person(f"sub-{number}", 1.0, 1.1), warned=number == 3) for number in range(30)]
    kind, lines, dots = change_plot(people, 0.1, 0.0, 0.2).crowds[0]
    assert (kind, lines, dots.count("M")) == ("warned", "", 1)
