import argparse

import pytest

from pet_spect.commands.measure.resolutions import common_fwhm


def test_the_flag_takes_a_number_or_auto():
    assert (common_fwhm("8.5"), common_fwhm("auto")) == (8.5, "auto")
    for text in ("0", "-3", "nan", "inf", "wide"):
        with pytest.raises(argparse.ArgumentTypeError, match="neither auto nor a number of mm above 0"):
            common_fwhm(text)
