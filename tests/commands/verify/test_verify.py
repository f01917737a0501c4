import json
import random
import shutil

import pytest

from pet_spect.cli import main
from pet_spect.digests import file_sha256
from pet_spect.results import layout
from pet_spect.results.proof.manifest import read_manifest, write_manifest
from pet_spect.results.proof.manifest_part import read_part
from pet_spect.results.proof.run_record import read_run_record

from ...small_proof import DICOM, IMAGE, RECORD, write_proven_study


@pytest.fixture
def results(tmp_path):
    return write_proven_study(tmp_path / "study")


@pytest.fixture
def verify(results, capsys):
    def run(*flags):
        status = main(["verify", str(results), *flags])
        return status, capsys.readouterr().out.splitlines()

    return run


def test_a_study_as_its_run_left_it_passes(results, verify):
    status, (line,) = verify()
    run_id = read_manifest(results).run_id
    assert status == 0
    assert line.endswith("are as the run left them (results, inputs, configuration and tables of the study)")
    assert f"of run {run_id[:12]}" in line


def every_file(study):
    return sorted(path for path in study.rglob("*") if path.is_file() and not path.name.endswith(".lock"))


def test_one_changed_byte_of_any_file_is_found_and_named(results, verify):
    study, dice = results.parent, random.Random(1)
    named = {f"{DICOM}/one": "sub-01 baseline FDG", f"{DICOM}/two": "sub-01 baseline FDG"}
    named |= {"masks/mask.nii.gz": "sub-01 lesion_mask"}
    missed = []
    for path in every_file(study):
        content = path.read_bytes()
        altered = bytearray(content)
        altered[dice.randrange(len(content))] ^= dice.randrange(1, 256)
        path.write_bytes(altered)
        status, lines = verify()
        path.write_bytes(content)
        inside = path.relative_to(study).as_posix()
        name = named.get(inside, inside.removeprefix("results/"))
        if status != 1 or not any(name in line.partition(": ")[0] for line in lines):
            missed.append((inside, lines))
    assert missed == []
    assert verify()[0] == 0


def test_a_removed_file_of_any_kind_is_found(results, verify):
    study, missed = results.parent, []
    for path in every_file(study):
        content = path.read_bytes()
        path.unlink()
        missed += [path.name] if verify()[0] != 1 else []
        path.write_bytes(content)
    assert missed == []


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "sub-01/sub-01_ses-year1_trc-18FFDG_pet.nii.gz",
        "sub-02/sub-02_uptake.tsv",
        "tables/other.tsv",
        "tables/.hidden",
        "report/people/sub-02.html",
    ],
)
def test_a_foreign_file_is_named(results, verify, name):
    (results / name).parent.mkdir(parents=True, exist_ok=True)
    (results / name).write_text("foreign")
    assert verify() == (1, [f"{name}: foreign: the run did not make it"])


@pytest.mark.parametrize("name", ["figures/sub-01/.snakemake_timestamp", "tables/.decisions_log.tsv.lock"])
def test_files_of_snakemake_and_locks_are_not_foreign(results, verify, name):
    (results / name).touch()
    assert verify()[0] == 0


def test_what_makes_a_file_again_is_said(results, verify):
    (results / IMAGE).unlink()
    (results / layout.scan_to_participant("sub-01", "baseline", "18FFDG")).unlink()
    _, lines = verify()
    assert lines[-1].startswith("To make them again, add to the command of the run: ")
    assert lines[-1].endswith(f" --forcerun results/{IMAGE} results/{RECORD}")


@pytest.mark.parametrize("damaged", ["tables/scans.tsv", "tables/run.json", "manifest.json"])
def test_a_derived_table_is_named_whatever_else_is_damaged(results, verify, damaged):
    (results / damaged).write_bytes(b"\xff")
    (results / "tables/accounted.json").write_text("{}")
    names = {line.partition(": ")[0] for line in verify()[1]}
    assert {damaged, "tables/accounted.json"} <= names


def test_added_bytes_are_told_apart_from_changed_ones(results, verify):
    with (results / IMAGE).open("a") as stream:
        stream.write("more")
    assert verify()[1][0] == f"{IMAGE}: altered: 4 bytes were added to its end"


def test_a_new_slice_in_a_folder_of_dicom_is_found(results, verify):
    (results.parent / DICOM / "three").write_text("third slice")
    wrong = "altered: its files are not those that the run was made from"
    assert verify() == (1, [f"sub-01 baseline FDG: {wrong}"])


def test_renamed_and_hidden_files_of_dicom_change_nothing(results, verify):
    (results.parent / DICOM / "one").rename(results.parent / DICOM / "first")
    (results.parent / DICOM / ".DS_Store").write_text("of a file browser")
    assert verify()[0] == 0


def test_a_copy_of_the_results_is_checked_alone(results, tmp_path, capsys):
    copy = shutil.copytree(results, tmp_path / "copy")
    assert main(["verify", str(copy), "--results-only"]) == 0
    assert capsys.readouterr().out.endswith("(results)\n")
    assert main(["verify", str(copy)]) == 1
    assert "config: missing: the run was made with one" in capsys.readouterr().out


def test_a_manifest_made_anew_is_found_by_its_hash_elsewhere(results, verify):
    written_down = file_sha256(results / "manifest.json")
    assert verify("--manifest-sha256", written_down)[0] == 0
    (results / "report/index.html").write_text("<p>another page</p>")
    write_manifest(results, with_outcomes=False)
    assert verify()[0] == 0  # who can write everything can write the manifest
    status, lines = verify("--manifest-sha256", written_down.upper())
    assert (status, lines[0].split(":")[0]) == (1, "manifest.json")


def test_a_table_of_another_run_is_found_though_the_manifest_lists_it(results, verify):
    dictionary = results / "tables/summary.json"
    run_id = read_run_record(results).run_id
    dictionary.write_text(dictionary.read_text().replace(run_id, "f" * 64))
    write_manifest(results, with_outcomes=False)
    assert verify()[1][0] == "tables/summary.json: belongs to another run than the manifest"


def test_an_image_that_was_exchanged_after_the_registration_is_found_though_the_manifest_lists_it(results, verify):
    (results / IMAGE).write_text("another image")
    part = results / "sub-01/sub-01_manifest.json"
    before = next(entry for entry in read_part(results, "sub-01").files if entry.path == IMAGE)
    text = part.read_text().replace(before.sha256, file_sha256(results / IMAGE))
    part.write_text(text.replace(f'"Size": {before.size}', f'"Size": {len("another image")}'))
    write_manifest(results, with_outcomes=False)
    status, lines = verify()
    assert status == 1
    assert f"{RECORD}: was made from another baseline FDG image than the one that is there" in lines


def test_a_manifest_that_is_laid_out_otherwise_is_altered(results, verify):
    path = results / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert verify()[1][0] == "manifest.json: altered: its content does not have the hash that it states"


def test_without_a_manifest_nothing_is_proven(results, verify):
    (results / "manifest.json").unlink()
    status, lines = verify()
    assert (status, lines[0]) == (1, "manifest.json: missing: run the workflow again")


def test_without_a_manifest_the_files_of_participants_are_checked_by_their_parts(results, verify):
    (results / "manifest.json").unlink()
    (results / IMAGE).write_text("another image")
    assert [line.partition(": ")[0] for line in verify()[1][:2]] == ["manifest.json", IMAGE]


def test_a_participant_without_a_part_is_unfinished(results, verify):
    (results / "sub-01/sub-01_manifest.json").unlink()
    write_manifest(results, with_outcomes=False)
    assert "sub-01: was not finished in this run: run the workflow again" in verify()[1]


def test_results_only_goes_with_nothing_that_needs_the_study(results, capsys):
    assert main(["verify", str(results), "--results-only", "--recompute", "1"]) == 1
    assert "--results-only: goes with neither" in capsys.readouterr().err
