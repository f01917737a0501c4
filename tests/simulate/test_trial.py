import hashlib
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import yaml

from pet_spect.dicom.anatomy.convert import convert_anat
from pet_spect.errors import ConfigError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.simulate import trial as trial_module
from pet_spect.simulate.design import Trial
from pet_spect.simulate.trial import write_trial
from pet_spect.study.participants import read_participants
from pet_spect.study.scans import read_scans
from pet_spect.tsv import read_table

pytestmark = pytest.mark.slow

QUICK = Trial(participants=2, seed=1, step=4, thin=4)


def bytes_of(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "trial"
    names = []
    write_trial(out, QUICK, load_atlas(), done=names.append)
    assert sorted(names) == ["sub-01", "sub-02"]
    return out


def test_tables_are_those_the_workflow_reads(whole):
    people = read_participants(whole / "config" / "participants.tsv")
    scans = read_scans(whole / "config" / "scans.tsv", people, ("baseline", "year1"), ("FDG", "IMZ"))
    assert [person.lesion_side for person in people.values()] == ["left", "right"]
    assert len(scans) == 7
    assert all((whole / scan.path).is_dir() and not scan.path.is_absolute() for scan in scans)
    config = (whole / "config" / "config.yaml").read_text()
    assert yaml.safe_load(config) == {
        name: f"config/{name}.tsv" for name in ("participants", "scans", "outcomes", "adverse_events")
    }


@pytest.mark.parametrize(("kind", "modality"), [("T1w", "MR"), ("CT", "CT")])
def test_an_anatomical_image_for_everybody_changes_no_scan(whole, tmp_path, kind, modality):
    write_trial(tmp_path / "trial", replace(QUICK, anat=kind), load_atlas(), done=lambda _: None)
    without, found = bytes_of(whole), bytes_of(tmp_path / "trial")
    changed = {name for name in without if found[name] != without[name]}
    assert changed == {"config/participants.tsv", "config/participants.json"}
    assert {name.rsplit("/", 1)[0] for name in found.keys() - without} == {"dicom/sub-01/anat", "dicom/sub-02/anat"}
    people = read_participants(tmp_path / "trial/config/participants.tsv")
    for person in people.values():
        assert convert_anat(tmp_path / "trial" / person.anat)[1]["Modality"] == modality


def test_truth_lacks_only_the_scan_that_was_not_made(whole):
    rows = read_table(whole / "truth.tsv")
    assert list(rows[0]) == [
        "participant_id",
        "session",
        "tracer",
        "lesion_side",
        "region",
        "reference",
        "ratio_scanner",
        "ratio_ideal",
    ]
    scans = {(row["participant_id"], row["session"], row["tracer"]) for row in rows}
    assert len(scans) == 7
    assert ("sub-02", "year1", "IMZ") not in scans
    assert len(rows) == 7 * 6
    assert {row["region"] for row in rows} == {"precentral"}


def test_same_seed_gives_same_bytes_alone_or_in_parallel(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(trial_module, "_cpus", lambda: 1)
    write_trial(tmp_path / "trial", QUICK, load_atlas(), done=lambda _: None)
    assert bytes_of(tmp_path / "trial") == bytes_of(whole)


def test_another_seed_gives_another_truth(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(trial_module, "_cpus", lambda: 1)
    other = Trial(participants=1, seed=2, step=4, thin=4)
    write_trial(tmp_path / "trial", other, load_atlas(), done=lambda _: None)
    assert (tmp_path / "trial" / "truth.tsv").read_text().splitlines()[1] not in (whole / "truth.tsv").read_text()


def test_interrupted_run_is_started_again_and_nothing_foreign_is_touched(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(trial_module, "_cpus", lambda: 1)
    out = tmp_path / "trial"
    out.mkdir()
    (out / "notes.txt").write_text("mine")

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_trial(out, QUICK, load_atlas(), done=interrupt)
    assert not (out / "truth.tsv").exists()
    (out / "dicom" / "sub-01" / "left-over").write_text("half a file")
    write_trial(out, QUICK, load_atlas(), done=lambda _: None)
    assert bytes_of(out).keys() - bytes_of(whole).keys() == {"notes.txt"}
    assert (out / "notes.txt").read_text() == "mine"


def test_killed_run_leaves_no_process_that_goes_on_writing(tmp_path):
    code = (
        "from pathlib import Path; from pet_spect.imaging.atlases import load_atlas\n"
        "from pet_spect.simulate import trial; trial._cpus = lambda: 2\n"
        "from pet_spect.simulate.design import Trial\n"
        f"trial.write_trial(Path({str(tmp_path / 'trial')!r}), Trial(40, 1, 2, 2), load_atlas(), done=lambda _: None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as run:
        deadline = time.monotonic() + 60
        while not any(tmp_path.rglob("FDG")) and time.monotonic() < deadline:
            time.sleep(0.1)
        run.kill()
    time.sleep(1)
    before = bytes_of(tmp_path)
    time.sleep(1)
    assert before
    assert bytes_of(tmp_path) == before


def test_whole_trial_is_not_overwritten(whole):
    before = bytes_of(whole)
    with pytest.raises(ConfigError, match=r"truth\.tsv exists: a complete trial is already there"):
        write_trial(whole, QUICK, load_atlas(), done=lambda _: None)
    assert bytes_of(whole) == before


@pytest.mark.parametrize("folder", ["dicom", "config"])
def test_folder_of_somebody_else_is_not_removed(tmp_path, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "config.yaml").write_text("participants: mine.tsv\n")
    with pytest.raises(ConfigError, match="was not written by pet-spect simulate"):
        write_trial(tmp_path, QUICK, load_atlas(), done=lambda _: None)
    assert (tmp_path / folder / "config.yaml").read_text() == "participants: mine.tsv\n"
