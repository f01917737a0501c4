import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.normal_uptake import FILLED, PATTERNS, healthy_uptake, region_mask
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.registration.templates.template import make_template

DATA = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data"))


def test_every_region_of_the_atlas_has_a_level():
    names = {region.name for region in load_atlas().regions}
    for pattern in PATTERNS.values():
        assert {*pattern.cortex, *pattern.filled} == names
        assert not set(pattern.cortex) & set(FILLED)


def test_levels_are_relative_to_cortical_grey_matter():
    for pattern in PATTERNS.values():
        assert np.mean(list(pattern.cortex.values())) == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_a_filled_region_has_its_level_throughout():
    atlas = load_atlas()
    uptake = healthy_uptake(PATTERNS["FDG"], atlas, tissue_maps(atlas))
    assert np.unique(uptake[region_mask(atlas, "pons")]) == np.float32(PATTERNS["FDG"].filled["pons"])


@pytest.mark.external
@pytest.mark.parametrize(
    ("tracer", "column", "fwhm_mm"), [("FDG", "fdg_group_mean", 11), ("IMZ", "flumazenil_group_mean", 5)]
)
def test_regional_means_are_those_of_real_scans(tracer, column, fwhm_mm):
    if not DATA.is_dir():
        pytest.skip(f"no reference data in {DATA}")
    real = pd.read_csv(DATA / "patterns" / "regional_uptake.tsv", sep="\t", index_col="region")[column]
    atlas = load_atlas()
    template = make_template(tracer, atlas, fwhm_mm=fwhm_mm)
    masks = {name: region_mask(atlas, name)[::2, ::2, ::2] for name in real.index}
    means = pd.Series({name: template.uptake.data[mask].mean() for name, mask in masks.items()})
    error = (means / means["cerebellum_gray_matter"] / real - 1).abs()
    # within 5 %; regions at the rim of the brain lose a little more, for a template has no scalp
    assert (error <= 0.10).all()
    assert (error <= 0.05).mean() > 0.9
