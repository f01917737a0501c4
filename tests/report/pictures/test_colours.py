from __future__ import annotations

import numpy as np
import pytest

from pet_spect.report.pictures.colours import OUT_OF_VIEW, difference_colours, uptake_colours


def brightness(pixels):
    """Return the relative luminance, 0 to 1."""
    linear = (pixels / 255) ** 2.2
    return linear @ [0.2126, 0.7152, 0.0722]


def test_more_uptake_is_brighter_all_along_the_scale():
    pixels = uptake_colours().paint(np.linspace(0, 1.4, 96), 0.0, 1.4)
    assert (np.diff(brightness(pixels)) > 0).all()
    assert pixels[0].max() < 8


def test_more_is_blue_less_is_orange_and_zero_is_pale():
    less, none, more = difference_colours().paint(np.array([-10.0, 0.0, 10.0]), -20.0, 20.0).astype(int)
    assert less[0] > less[2] + 50
    assert more[2] > more[0] + 50
    assert none.min() > 230


def test_differences_of_one_size_are_equally_strong():
    colours = difference_colours()
    less, more = (brightness(colours.paint(np.array([sign * 10.0]), -20.0, 20.0))[0] for sign in (-1, 1))
    assert less == pytest.approx(more, abs=0.12)


def test_what_lies_beyond_the_ends_has_a_colour_of_its_own():
    colours = difference_colours()
    below, above = colours.paint(np.array([-20.1, 20.1]), -20.0, 20.0).tolist()
    assert (below, above) == (list(colours.under), list(colours.over))
    assert below not in colours.colours.tolist()
    assert above not in colours.colours.tolist()


def test_outside_the_field_of_view_is_no_number():
    assert uptake_colours().paint(np.array([np.nan]), 0.0, 1.0).tolist() == [list(OUT_OF_VIEW)]


@pytest.mark.parametrize("colours", [uptake_colours(), difference_colours()])
def test_every_colour_fits_into_the_palette_of_a_picture(colours):
    painted = colours.paint(np.linspace(-3, 3, 1000), -2.0, 2.0)
    assert {tuple(pixel) for pixel in painted.tolist()} <= set(colours.palette())
    assert len(colours.palette()) <= 110
