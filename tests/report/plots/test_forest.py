from __future__ import annotations

import math

import pytest

from pet_spect.report.plots.forest import ForestLine, forest_plot

NAN = math.nan


def line(mean, low, high):
    return ForestLine("pons", "sensitivity", False, mean, low, high, "", "", "8", "")


def test_all_rows_share_one_axis_that_holds_zero():
    plot = forest_plot([line(3.0, 1.0, 5.0), line(6.0, 5.0, 7.0)])
    first, second = plot.rows
    assert plot.zero == plot.left < first.low < first.x < first.high == second.low < second.x
    assert plot.ticks[0] == (plot.zero, "0")


def test_a_row_without_an_estimate_keeps_its_place_in_the_list():
    rows = forest_plot([line(3.0, 1.0, 5.0), line(NAN, NAN, NAN)]).rows
    assert len(rows) == 2
    assert (rows[1].x, rows[1].low, rows[1].high) == (None, None, None)


def test_an_estimate_without_an_interval_is_a_mark_alone():
    (row,) = forest_plot([line(3.0, NAN, NAN)]).rows
    assert row.x is not None
    assert row.low is None


@pytest.mark.parametrize("values", [(0.0, 0.0, 0.0), (NAN, NAN, NAN), (-90.0, -99.0, 1e4), (1e-7, -1e-7, 2e-7)])
def test_everything_lies_inside_the_drawing(values):
    plot = forest_plot([line(*values)])
    (row,) = plot.rows
    assert all(plot.left <= each <= plot.right < plot.width for each in (row.x, row.low, row.high) if each is not None)
    assert 2 <= len(plot.ticks) <= 8
