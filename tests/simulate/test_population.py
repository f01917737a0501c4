import numpy as np
import pytest

from pet_spect.simulate.design import PET_SCANNERS, SPECT_SCANNERS, Trial
from pet_spect.simulate.population import draw_person, draw_scanner

pytestmark = pytest.mark.slow


def test_what_is_drawn_depends_on_the_seed_alone(head):
    (one, traits), (two, others) = (draw_person(head, np.random.default_rng(7)) for _ in range(2))
    assert traits == others
    np.testing.assert_array_equal(one.head.labels, two.head.labels)
    np.testing.assert_array_equal(one.head.uptake["IMZ"], two.head.uptake["IMZ"])


@pytest.mark.parametrize(
    ("tracer", "scanners", "fwhm", "scatter"),
    [("FDG", PET_SCANNERS, (4, 9), (0, 0.04)), ("IMZ", SPECT_SCANNERS, (8, 14), (0.03, 0.12))],
)
def test_scanners_span_their_ranges_and_keep_their_grid(tracer, scanners, fwhm, scatter):
    rng = np.random.default_rng(0)
    drawn = [draw_scanner(scanners["SIEMENS"], tracer, rng) for _ in range(300)]
    for name, (least, most) in {"fwhm_mm": fwhm, "scatter": scatter, "noise_to_psf": (0.5, 1.0)}.items():
        values = np.array([getattr(scanner, name) for scanner in drawn])
        reach = 0.02 * (most - least)
        assert least <= values.min() < least + reach
        assert most - reach < values.max() <= most
    assert {(scanner.shape, scanner.voxel_mm, scanner.noise) for scanner in drawn} == {
        (scanners["SIEMENS"].shape, scanners["SIEMENS"].voxel_mm, scanners["SIEMENS"].noise)
    }


def test_a_participant_has_one_scanner_per_tracer_whatever_the_thinning():
    whole, thin = Trial(), Trial(thin=2)
    assert whole.scanner(3, "FDG").fwhm_mm == thin.scanner(3, "FDG").fwhm_mm
    assert len({whole.scanner(index, tracer).fwhm_mm for index in range(8) for tracer in ("FDG", "IMZ")}) == 16
