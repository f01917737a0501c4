"""The worked examples of docs/gallery, run as a user would."""

import runpy
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

mpl.use("Agg")

SCRIPTS = "own_atlas", "other_tracer", "several_targets", "own_reference", "many_scans", "finished_study"


@pytest.fixture
def example(repository, monkeypatch, tmp_path):
    """Return a function that runs an example in an empty folder and returns its variables."""
    gallery = repository / "docs/gallery"
    monkeypatch.syspath_prepend(gallery)
    monkeypatch.chdir(tmp_path)

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        return runpy.run_path(str(gallery / f"{name}.py"), run_name="__main__")

    yield run
    pyplot.close("all")


def test_every_example_is_tested_and_shown(repository):
    found = {path.stem for path in (repository / "docs/gallery").glob("*.py")}
    assert found == {*SCRIPTS, "example_scan"}
    page = (repository / "docs/reference/gallery.rst").read_text()
    assert all(f"../gallery/{name}.py" in page for name in found)


def values(table, column="reference"):
    return dict(zip(table[column], table["value"], strict=True))


@pytest.mark.slow
def test_an_atlas_of_ones_own(example):
    assert values(example("own_atlas")["table"]) == pytest.approx({"contralateral": 0.86}, abs=0.04)


@pytest.mark.slow
def test_another_tracer(example):
    table = example("other_tracer")["table"].set_index(["measure", "reference"])
    assert set(table["tracer"]) == {"FMZ"}
    ratio, minus_one = table.loc[("uptake_ratio", "pons"), "value"], table.loc[("ratio_minus_one", "pons"), "value"]
    assert minus_one == ratio - 1 > 0


@pytest.mark.slow
def test_several_targets(example):
    table = example("several_targets")["table"]
    assert table["region"].tolist() == ["precentral", "postcentral", "precentral+paracentral"]
    assert table["value"][0] < table["value"][2] < table["value"][1]


@pytest.mark.slow
def test_a_reference_of_ones_own(example):
    table = example("own_reference")["table"]
    assert table["reference"].tolist() == ["thalamus_contralesional", "all_but_the_target", "occipital"]
    assert np.isfinite(table["value"]).all()


@pytest.mark.slow
def test_many_scans_to_a_change_table(example, tmp_path):
    found = example("many_scans")
    changes = found["changes"].set_index("participant_id")["change"]
    assert changes["sub-01"] > 0.05
    assert abs(changes["sub-02"]) < 0.02
    assert (found["table"]["value_sd"] > 0).all()
    assert (tmp_path / "change.png").stat().st_size > 1000


@pytest.mark.slow
def test_a_new_region_on_a_finished_study(example, small_results, tmp_path):
    new = example("finished_study", small_results)["new"]
    assert set(new["participant_id"]) == {"sub-01", "sub-02", "sub-03"}  # who has no scan
    assert new["value"].notna().sum() >= 3
    assert (tmp_path / "uptake.png").stat().st_size > 1000
