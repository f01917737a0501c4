from hashlib import sha256

import pytest

from pet_spect.digests import file_sha256, json_sha256, source_sha256


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scan/deep").mkdir(parents=True)
    (tmp_path / "scan/one").write_text("1")
    (tmp_path / "scan/deep/two").write_text("2")
    return tmp_path / "scan"


def test_a_folder_is_the_sorted_list_of_the_hashes_of_its_files(folder):
    hashes = sorted(sha256(text).hexdigest() for text in (b"1", b"2"))
    assert source_sha256(folder) == sha256("".join(f"{one}\n" for one in hashes).encode()).hexdigest()


def test_names_are_no_part_of_it(folder):
    before = source_sha256(folder)
    (folder / "one").rename(folder / "deep/DOE^JANE")
    (folder / ".hidden").write_text("3")
    assert source_sha256(folder) == before


def test_a_copy_of_a_file_in_its_folder_counts(folder):
    before = source_sha256(folder)
    (folder / "again").write_text("1")
    assert source_sha256(folder) != before


def test_a_nifti_image_counts_with_the_json_beside_it(tmp_path):
    image = tmp_path / "scan.nii.gz"
    image.write_text("image")
    assert source_sha256(image) == file_sha256(image)
    (tmp_path / "scan.json").write_text("{}")
    alone = source_sha256(image)
    (tmp_path / "scan.json").write_text("{ }")
    assert len({file_sha256(image), alone, source_sha256(image)}) == 3


def test_json_has_one_hash_however_it_is_ordered():
    assert json_sha256({"b": [1, 2], "a": "é"}) == json_sha256({"a": "é", "b": [1, 2]})
