import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.normal_uptake import VENTRICLES
from pet_spect.imaging.normal_variation import (
    ASYMMETRY_CORRELATION,
    ASYMMETRY_GROUPS,
    FOLLOWS,
    GROUPS,
    PEOPLE_OVER_PATTERN,
    UPTAKE_CORRELATION,
    UPTAKE_GROUPS,
    correlation,
)
from pet_spect.simulate.heads.regional_factors import UNMEASURED_CV_PERCENT, regional_factors

pytestmark = pytest.mark.slow

DATA = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data"))
DRAWS = 4000


@pytest.fixture(scope="module")
def indices():
    by_region = {}
    for region in load_atlas().regions:
        by_region.setdefault(region.name, {})[region.side] = region.index
    return by_region


def drawn(indices, tracer):
    rng = np.random.default_rng(0)
    return np.log([regional_factors(indices, rng, tracer=tracer) for _ in range(DRAWS)]).astype(float)


@pytest.fixture(scope="module", params=["FDG", "IMZ"])
def logs(request, indices):
    return request.param, drawn(indices, request.param)


def levels(logs, indices, groups):
    return np.stack([np.mean([logs[:, i] for i in indices[g.regions[0]].values()], axis=0) for g in groups], axis=1)


def asymmetries(logs, indices, groups):
    return np.stack([logs[:, of["left"]] - logs[:, of["right"]] for of in (indices[g.regions[0]] for g in groups)], 1)


def test_every_region_varies_with_one_group_except_ventricles(indices):
    named = [region for group in GROUPS for region in group.regions] + [*FOLLOWS, *VENTRICLES]
    assert sorted(named) == sorted(indices)
    assert set(FOLLOWS.values()) <= {group.name for group in GROUPS}


def test_uptake_over_cerebellum_varies_as_in_the_table(logs, indices):
    found = levels(logs[1], indices, UPTAKE_GROUPS)
    cv = np.exp(found).std(axis=0) / np.exp(found).mean(axis=0) * 100
    np.testing.assert_allclose(cv, [group.cv_percent for group in UPTAKE_GROUPS], rtol=0.05)
    np.testing.assert_allclose(np.exp(found).mean(axis=0), 1, atol=0.01)
    np.testing.assert_allclose(np.corrcoef(found.T), UPTAKE_CORRELATION, atol=0.06)


def test_sides_differ_as_in_the_table(logs, indices):
    tracer, values = logs
    found = 100 * asymmetries(values, indices, ASYMMETRY_GROUPS)
    np.testing.assert_allclose(found.std(axis=0), [g.asymmetry_sd_percent for g in ASYMMETRY_GROUPS], rtol=0.05)
    mean = [g.asymmetry_mean_percent * (tracer == "FDG") for g in ASYMMETRY_GROUPS]
    np.testing.assert_allclose(found.mean(axis=0), mean, atol=0.25)  # four standard errors
    np.testing.assert_allclose(np.corrcoef(found.T), ASYMMETRY_CORRELATION, atol=0.06)


def test_what_the_table_lacks_follows_the_rest_and_varies_by_itself(logs, indices):
    tracer, values = logs
    common = levels(values, indices, UPTAKE_GROUPS).mean(axis=1)
    for name in VENTRICLES:
        of = values[:, list(indices[name].values())]
        assert (of == of[:, :1]).all()  # no asymmetry
        assert np.corrcoef(of[:, 0], common)[0, 1] > 0.7
        assert (of[:, 0] - common).std() == pytest.approx(UNMEASURED_CV_PERCENT / 100, rel=0.1)
    vermis = values[:, indices["vermal_lobules_i_v"]["n/a"]]  # follows the reference region, which does not vary
    assert vermis.std() == pytest.approx(UNMEASURED_CV_PERCENT / 100, rel=0.05)
    assert abs(np.corrcoef(vermis, common)[0, 1]) < 0.06
    assert vermis.mean() == pytest.approx(np.log(PEOPLE_OVER_PATTERN if tracer == "FDG" else 1), abs=0.003)


def test_without_strength_nobody_differs(indices):
    np.testing.assert_array_equal(regional_factors(indices, np.random.default_rng(0), tracer="FDG", strength=0), 1)


def test_a_matrix_that_is_no_correlation_is_made_one():
    fixed = correlation("100\n90 100\n-90 90 100")
    assert np.linalg.eigvalsh(fixed)[0] > 0
    np.testing.assert_allclose(np.diag(fixed), 1)


@pytest.mark.external
def test_constants_are_those_of_the_source():
    folder = DATA / "patterns"
    if not folder.is_dir():
        pytest.skip(f"no reference data in {DATA}")
    table = pd.read_csv(folder / "fdg_between_person.tsv", sep="\t", index_col="region")
    assert [group.name for group in GROUPS] == list(table.index)
    for group in GROUPS:
        row = table.loc[group.name]
        assert ",".join(group.regions) == row["cerebra_regions"]
        assert group.cv_percent == row["between_person_cv_percent"]
        told = [row["left_right_log_mean_percent"], row["left_right_log_sd_percent"]]
        assert [group.asymmetry_mean_percent, group.asymmetry_sd_percent] == list(np.nan_to_num(told))
    for groups, matrix, name in (
        (UPTAKE_GROUPS, UPTAKE_CORRELATION, "fdg_correlation_uptake.tsv"),
        (ASYMMETRY_GROUPS, ASYMMETRY_CORRELATION, "fdg_correlation_asymmetry.tsv"),
    ):
        source = pd.read_csv(folder / name, sep="\t", index_col="region")
        assert [group.name for group in groups] == list(source.index)
        np.testing.assert_allclose(matrix, source.to_numpy(), atol=0.005)
