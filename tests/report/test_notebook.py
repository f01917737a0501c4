import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

import pet_spect
from pet_spect.errors import ImageError, PetSpectError, TableError

from ..small_study import simulated_scan

pytestmark = pytest.mark.slow

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def image():
    scan = simulated_scan("left", 0.8, 0, 6)
    return nib.Nifti1Image(scan.data, scan.affine)


def texts(display):
    return [text.get_text() for text in display.frame_axes.figure.findobj(mpl.text.Text) if text.get_text()]


def test_a_scan_shows_its_sides_and_its_ratio(image, tmp_path):
    path = tmp_path / "scan.png"
    display = pet_spect.plot_uptake(image, lesion_side="left", output_file=path)
    written = texts(display)
    assert {"L", "R"} <= set(written)
    assert any(text.startswith("image  precentral 0.8") and text.endswith("(contralateral)") for text in written)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_a_side_there_is_no_ratio_and_an_image_elsewhere_is_refused(image):
    assert not any("precentral" in text for text in texts(pet_spect.plot_uptake(image, title="a scan")))
    away = nib.Nifti1Image(image.dataobj, image.affine + np.diag([9.0, 0, 0, 0])[:, [1, 2, 3, 0]])
    with pytest.raises(ImageError, match="its brain lies"):
        pet_spect.plot_uptake(away)
    with pytest.raises(ImageError, match="one image is needed; found 2"):
        pet_spect.plot_uptake([image, image])


def test_a_scan_of_a_study_has_the_ratio_of_its_table(small_results):
    display = pet_spect.plot_uptake(small_results, participant="sub-02")
    ratios = pet_spect.measure(small_results).set_index(["participant_id", "session", "region", "measure", "reference"])
    value = ratios.loc[("sub-02", "baseline", "precentral", "uptake_ratio", "contralateral"), "value"]
    assert any(f"sub-02 baseline FDG  precentral {value:.3f}" in text for text in texts(display))


@pytest.mark.parametrize("targets", [None, "postcentral"])
def test_an_excluded_scan_of_a_study_shows_why_in_place_of_a_ratio(small_results, tmp_path, targets):
    results = tmp_path / "results"
    shutil.copytree(small_results, results)
    path = results / "tables" / "scans.tsv"
    scans = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    columns = ["status", "stage", "code", "reason"]
    scans.loc[scans["participant_id"] == "sub-02", columns] = ["excluded", "decision", "excluded", "moved"]
    scans.to_csv(path, sep="\t", index=False)
    written = texts(pet_spect.plot_uptake(results, participant="sub-02", session="baseline", targets=targets))
    assert "sub-02 baseline FDG  excluded: moved" in written


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({}, r"hold 3 such scans \(sub-01 baseline FDG, sub-01 year1 FDG, sub-02 baseline FDG\); choose one with"),
        ({"participant": "sub-1"}, "participant 'sub-1' has no scan in these results; .*did you mean 'sub-01'"),
        ({"participant": "sub-02", "session": "year1"}, "session 'year1' has no scan"),
    ],
)
def test_a_choice_of_no_scan_or_several_is_refused(small_results, choice, message):
    with pytest.raises(TableError, match=message):
        pet_spect.plot_uptake(small_results, **choice)


def changes(**more):
    return pd.DataFrame(
        {
            "participant_id": ["sub-01", "sub-02", "sub-03"],
            "tracer": "FDG",
            "region": "precentral",
            "measure": "uptake_ratio",
            "reference": "contralateral",
            "session": "year1",
            "baseline": [0.8, 0.7, 0.9],
            "follow_up": [0.9, 0.8, 0.5],
            "change": [0.1, 0.1, -0.4],
            "included": [True, True, False],
        }
        | more
    )


def test_the_slope_plot_shows_everybody_and_the_mean_of_those_included(tmp_path):
    path = tmp_path / "change.svg"
    axes = pet_spect.plot_change(changes(), output_file=path)
    *people, mean = axes.get_lines()
    assert [list(line.get_ydata()) for line in people] == [[0.8, 0.9], [0.7, 0.8], [0.9, 0.5]]
    assert list(mean.get_ydata()) == pytest.approx([0.75, 0.85])
    assert people[2].get_linestyle() == "--"
    assert [text.get_text() for text in axes.texts] == ["sub-01", "sub-02", "sub-03"]
    assert "<svg" in path.read_text()


def test_a_picture_that_cannot_be_written_to_the_end_is_not_written(tmp_path, monkeypatch):
    def stop(self, path):
        Path(path).write_text("<svg half")
        raise OSError("disk full")

    monkeypatch.setattr(mpl.figure.Figure, "savefig", stop)
    with pytest.raises(OSError, match="disk full"):
        pet_spect.plot_change(changes(), output_file=tmp_path / "change.svg")
    assert not list(tmp_path.iterdir())


def test_the_slope_plot_takes_ratios_and_tables_that_pandas_read_back(tmp_path):
    changes().to_csv(tmp_path / "change.csv", index=False)
    read = pd.read_csv(tmp_path / "change.csv").assign(included=["true", "true", "false"])
    _, axes = pyplot.subplots()
    assert pet_spect.plot_change(read, axes=axes, title="t") is axes
    ratios = pd.DataFrame(
        {
            "participant_id": "sub-01",
            "session": ["a", "b"],
            "tracer": "FDG",
            "region": "m",
            "measure": "uptake_ratio",
            "reference": "pons",
            "value": [1.0, 2.0],
        }
    )
    assert list(pet_spect.plot_change(ratios).get_lines()[0].get_ydata()) == [1.0, 2.0]


def test_a_slope_plot_of_no_or_several_changes_is_refused():
    both = pd.concat([changes(), changes(tracer="IMZ")])
    with pytest.raises(TableError, match="changes of several kinds; choose with tracer=, one of FDG, IMZ"):
        pet_spect.plot_change(both)
    assert len(pet_spect.plot_change(both, tracer="IMZ").get_lines()) == 4
    with pytest.raises(TableError, match="reference 'pons' has no change; found contralateral"):
        pet_spect.plot_change(changes(), reference="pons")
    with pytest.raises(TableError, match="holds no change"):
        pet_spect.plot_change(changes().head(0))
    with pytest.raises(PetSpectError, match="no column 'tracer'"):
        pet_spect.plot_change(changes().drop(columns="tracer"))


def test_only_drawing_imports_matplotlib():
    code = (
        "import sys, pet_spect; pet_spect.measure; pet_spect.change_table;"
        "sys.exit(any(name in sys.modules for name in ('matplotlib', 'nilearn', 'sklearn', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
