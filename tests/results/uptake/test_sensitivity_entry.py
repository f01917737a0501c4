import math

import pytest

from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.results.typed_json import MismatchError
from pet_spect.results.uptake.sensitivity_entry import RESPONSE_TERMS, by_region, sensitivities_of

SENSITIVITY = Sensitivity(math.nan, (0.1, -0.2, 0.3), (1e-9, 0.0, 123456789.04), 0.5)


def test_each_term_is_written_with_nine_digits_and_null_is_not_known():
    written = by_region({("motor", "left"): SENSITIVITY})
    assert written == {"motor": {"left": [None, 0.1, -0.2, 0.3, 1e-9, 0.0, 123456789.0, 0.5]}}
    assert len(written["motor"]["left"]) == len(RESPONSE_TERMS)


def test_what_is_written_is_read_again():
    sensitivities = {("motor", side): Sensitivity(0.25, (1, 2, 3), (4, 5, 6), 7) for side in ("left", "right")}
    assert sensitivities_of(by_region(sensitivities)) == sensitivities


@pytest.mark.parametrize("content", [[], {"motor": []}, {"motor": {"up": [None] * 8}}, {"motor": {"left": [1.0] * 7}}])
def test_anything_else_is_no_entry(content):
    with pytest.raises(MismatchError, match="needed"):
        sensitivities_of(content)
