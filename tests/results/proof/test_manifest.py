import pytest

from pet_spect.digests import file_sha256
from pet_spect.errors import TableError
from pet_spect.results.proof.manifest import DERIVED, MANIFEST, manifest_line, read_manifest, tables_of, write_manifest
from pet_spect.results.proof.manifest_entries import FileEntry, files_below, verb_of
from pet_spect.results.proof.manifest_part import read_part, write_figures_part, write_part, write_tables_part

from ...small_proof import IMAGE, RECORD, STEM, write_proven_study


@pytest.fixture
def results(tmp_path):
    return write_proven_study(tmp_path / "study")


def test_every_file_is_listed_but_the_manifest_and_what_follows_from_other_tables(results):
    listed = [entry.path for entry in read_manifest(results).files]
    assert listed == sorted(listed)
    assert set(files_below(results)) - set(listed) == {MANIFEST, *DERIVED}


def test_an_entry_says_hash_size_and_verb(results):
    entry = next(one for one in read_manifest(results).files if one.path == IMAGE)
    size = (results / IMAGE).stat().st_size
    assert entry == FileEntry(path=IMAGE, sha256=file_sha256(results / IMAGE), size=size, verb="convert")


def test_the_same_results_give_the_same_bytes(results):
    before = (results / MANIFEST).read_bytes()
    write_manifest(results, with_outcomes=False)
    assert (results / MANIFEST).read_bytes() == before


def test_hashes_of_a_part_are_taken_as_they_are(results):
    before = next(one for one in read_manifest(results).files if one.path == IMAGE)
    (results / IMAGE).write_text("altered behind the back of the run")
    write_manifest(results, with_outcomes=False)
    assert next(one for one in read_manifest(results).files if one.path == IMAGE) == before  # so verify names it


def test_pictures_with_a_part_are_not_hashed_again(results):
    picture = f"figures/sub-01/{STEM}_registration.png"
    write_figures_part(results, "sub-01")
    before = file_sha256(results / picture)
    (results / picture).write_text("another picture")
    write_manifest(results, with_outcomes=False)
    listed = {entry.path: entry.sha256 for entry in read_manifest(results).files}
    assert listed[picture] == before
    assert "figures/sub-01/sub-01_manifest.json" in listed


def test_a_table_that_was_altered_after_cohort_is_not_taken_as_it_is(results):
    write_tables_part(results, "cohort", tables_of("cohort"))
    before = file_sha256(results / "tables/summary.tsv")
    (results / "tables/summary.tsv").write_text("another table")
    write_manifest(results, with_outcomes=False)
    listed = {entry.path: entry.sha256 for entry in read_manifest(results).files}
    assert listed["tables/summary.tsv"] == before
    assert "tables/cohort_manifest.json" in listed


def test_a_part_lists_the_scans_of_this_run_only(results):
    old = results / IMAGE.replace("ses-baseline", "ses-old")
    old.parent.mkdir(parents=True)
    old.write_text("scan that scans.tsv no longer lists")
    (results / "sub-01/notes.txt").write_text("foreign")
    write_part(results, "sub-01", [STEM], {})
    listed = [entry.path for entry in read_part(results, "sub-01").files]
    assert IMAGE in listed
    assert RECORD in listed
    assert not [path for path in listed if "old" in path or "notes" in path]


def test_tables_made_by_hand_have_no_manifest(results):
    (results / "tables/run.json").unlink()
    with pytest.raises(TableError, match="have no run id"):
        write_manifest(results)


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        (IMAGE, "convert"),
        (IMAGE.replace("_pet.", "_space-MNI152NLin2009cSym_pet."), "normalise"),
        ("sub-01/anat/sub-01_anat.json", "convert"),
        (RECORD, "normalise"),
        ("sub-01/sub-01_seg-CerebrA_uptake.tsv", "measure"),
        ("figures/sub-01/x.png", "figures"),
        ("report/index.html", "report"),
        ("tables/outcomes_change.tsv", "outcomes"),
        ("tables/change.tsv", "cohort"),
        ("tables/analysis_plan.json", "snakemake"),
    ],
)
def test_the_verb_of_a_file(path, verb):
    assert verb_of(path) == verb


def test_the_terminal_says_the_hash_of_the_manifest(results):
    assert manifest_line(results).endswith(f"manifest.json, SHA-256 {file_sha256(results / MANIFEST)}")


def test_the_manifest_of_a_large_study_can_be_read(results):
    write_manifest(results)
    path = results / MANIFEST
    small = read_manifest(results)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(" " * (2**26 + 1))
    assert read_manifest(results) == small
