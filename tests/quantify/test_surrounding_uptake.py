import math

import numpy as np
import pytest

from pet_spect.model import Atlas, Region, Volume
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.quantify.surrounding_uptake import SurroundingRegions, sensitivities_and_surroundings
from pet_spect.remarks import Remark

SITE = ("treatment_site",)


def atlas(name, first):
    """Return an atlas of one region of 3 by 3 by 3 voxels that begins at x = first."""
    labels = np.zeros((30, 3, 3), dtype=np.uint8)
    labels[first : first + 3] = 1
    return Atlas("toy", labels, np.eye(4), (Region(1, name, "left"),))


REGIONS = ParticipantRegions(atlas("motor", 1))
SCAN = measure_scan(Volume(np.full((6, 3, 3), 60.0, dtype=np.float32), np.eye(4)), REGIONS)


def test_surroundings_are_measured_in_the_same_scan_with_sensitivities_of_their_own():
    around = SurroundingRegions(SITE, ParticipantRegions(atlas("treatment_site", 2)))
    sensitivities, (uptake,) = sensitivities_and_surroundings(SCAN, None, REGIONS, [around])
    assert [(each.region, each.side, each.mean, each.coverage) for each in uptake] == [
        ("treatment_site", "left", 60.0, 1.0)
    ]
    assert set(sensitivities) == {("motor", "left"), ("treatment_site", "left")}
    assert around.reason(uptake[0], ()) is None


def test_surroundings_out_of_view_say_so_and_stop_nothing():
    around = SurroundingRegions(SITE, ParticipantRegions(atlas("treatment_site", 20)))
    sensitivities, (uptake,) = sensitivities_and_surroundings(SCAN, None, REGIONS, [around])
    (site,) = uptake
    assert (site.region, site.side, site.coverage, math.isnan(site.mean)) == ("treatment_site", "left", 0.0, True)
    assert around.reason(site, ("front",)).text == (
        "0% of treatment_site left is in view, 90% is needed; the brain is cut at the front"
    )
    assert set(sensitivities) == {("motor", "left")}


def test_who_has_none_has_a_row_and_the_reason():
    absent = SurroundingRegions(SITE, absence=Remark.of("no_treatment_site"))
    _, (uptake,) = sensitivities_and_surroundings(SCAN, None, REGIONS, [absent])
    assert [(each.region, each.side) for each in uptake] == [("treatment_site", "n/a")]
    assert absent.reason(uptake[0], ()) == Remark.of("no_treatment_site")


def test_an_absence_without_a_reason_is_a_bug():
    with pytest.raises(ValueError, match="the reason for their absence"):
        SurroundingRegions(SITE)
