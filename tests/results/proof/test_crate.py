import json
from pathlib import Path

import pytest

from pet_spect.cli import main
from pet_spect.digests import file_sha256
from pet_spect.errors import TableError
from pet_spect.results.proof.crate import PROFILE, write_crate
from pet_spect.results.proof.manifest import DERIVED, MANIFEST, read_manifest

from ...small_proof import write_proven_study

pytest.importorskip("rocrate")


@pytest.fixture
def results(tmp_path):
    return write_proven_study(tmp_path / "study")


@pytest.fixture
def crate(results, tmp_path):
    write_crate(results, tmp_path / "crate")
    return tmp_path / "crate"


def entities(crate):
    graph = json.loads((crate / "ro-crate-metadata.json").read_text())["@graph"]
    return {entity["@id"]: entity for entity in graph}


def test_the_root_names_its_profile_and_its_run(crate, results):
    run = read_manifest(results).run_id
    root = entities(crate)["./"]
    assert root["conformsTo"] == {"@id": PROFILE}
    assert root["mentions"] == {"@id": f"#run-{run[:12]}"}
    assert run in root["description"]


def test_the_run_has_software_inputs_and_every_file_as_its_result(crate, results):
    known = entities(crate)
    (action,) = [entity for entity in known.values() if entity["@type"] == "CreateAction"]
    assert known[action["instrument"]["@id"]]["softwareVersion"] == read_manifest(results).version
    values = {known[each["@id"]]["name"] for each in action["object"]}
    assert {"config of the study", "scans and masks of sub-01"} <= values
    files = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()}
    assert {each["@id"] for each in action["result"]} == files - {"ro-crate-metadata.json"}
    assert {MANIFEST, *DERIVED} <= files


def test_hashes_are_those_of_the_files(crate):
    known = entities(crate)
    for path in ("tables/summary.tsv", "report/index.html", MANIFEST):
        assert known[path]["sha256"] == file_sha256(crate / path)


def test_no_path_leads_out_of_the_crate_and_no_image_is_in_it(crate, tmp_path):
    text = (crate / "ro-crate-metadata.json").read_text()
    assert str(tmp_path) not in text
    assert "dicom" not in text
    assert not list(crate.rglob("*.nii.gz"))


def test_results_without_a_manifest_have_no_crate(results, tmp_path):
    (results / MANIFEST).unlink()
    with pytest.raises(TableError, match=r"manifest\.json"):
        write_crate(results, tmp_path / "crate")


def test_a_file_that_cannot_be_read_leaves_no_crate(results, tmp_path, monkeypatch):
    def stop(self, base):
        (Path(base) / "half").parent.mkdir(parents=True, exist_ok=True)
        (Path(base) / "half").touch()
        raise OSError("gone")

    monkeypatch.setattr("rocrate.rocrate.ROCrate.write", stop)
    with pytest.raises(OSError, match="gone"):
        write_crate(results, tmp_path / "crate")
    assert not (tmp_path / "crate").exists()
    assert not list(tmp_path.glob(".partial-*"))


def test_export_writes_a_crate(results, tmp_path, capsys):
    assert main(["export", str(results), "--out", str(tmp_path / "out"), "--crate"]) == 0
    assert (tmp_path / "out/ro-crate-metadata.json").is_file()
    assert main(["export", str(results), "--out", str(tmp_path / "out")]) == 1
    assert "--excel or --crate is needed" in capsys.readouterr().err
