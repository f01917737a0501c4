import shutil

import pytest

from pet_spect.cli import main
from pet_spect.commands.verify import recompute
from pet_spect.errors import ConfigError
from pet_spect.results.proof.manifest_part import write_part

from ...small_proof import IMAGE, STEM, write_proven_study


@pytest.fixture
def results(tmp_path):
    return write_proven_study(tmp_path / "study")


@pytest.fixture
def workflow(results, monkeypatch):
    """Stand in for the workflow: it makes the same files again, but for those that a test changes."""

    def use(change=lambda folder: None):
        def run(snakefile, folder, configs, targets):
            assert targets == ["results/sub-01/sub-01_manifest.json"]
            assert (folder / "dicom/first/one").read_text() == "first slice"
            assert not (folder / "results/sub-01").exists()
            shutil.copytree(results / "sub-01", folder / "results/sub-01")
            change(folder / "results")
            write_part(folder / "results", "sub-01", [STEM], {})

        monkeypatch.setattr(recompute, "_run", run)

    return use


def test_files_that_come_out_the_same_pass(results, workflow, capsys):
    workflow()
    assert main(["verify", str(results), "--recompute", "3"]) == 0
    assert capsys.readouterr().err == "making again: sub-01\n"


def test_a_file_that_comes_out_otherwise_is_named(results, workflow, capsys):
    workflow(lambda folder: (folder / IMAGE).write_text("another image"))
    assert main(["verify", str(results), "--recompute", "1"]) == 1
    assert capsys.readouterr().out == f"{IMAGE}: comes out otherwise when it is made again\n"


def test_a_file_that_is_not_made_any_more_is_named(results, workflow, capsys):
    workflow(lambda folder: (folder / IMAGE).unlink())
    assert main(["verify", str(results), "--recompute", "1"]) == 1
    assert capsys.readouterr().out == f"{IMAGE}: is not made any more\n"


def test_the_seed_chooses_the_people(monkeypatch, results):
    class Record:
        inputs = dict.fromkeys(f"sub-{number:02}" for number in range(50))

    monkeypatch.setattr(recompute, "read_run_record", lambda results: Record)
    first = recompute.chosen(results, 3, 1)
    assert first == recompute.chosen(results, 3, 1) == sorted(first)
    assert first != recompute.chosen(results, 3, 2)
    assert len(recompute.chosen(results, 99, 1)) == 50


def test_without_a_workflow_it_says_which_flag_is_needed(results, tmp_path):
    with pytest.raises(ConfigError, match="--snakefile is needed"):
        recompute.recomputed(results, [], ["sub-01"], tmp_path / "Snakefile")
