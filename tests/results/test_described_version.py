import json

from pet_spect import __version__
from pet_spect.results.dataset import describe_dataset, described_version


def test_the_version_that_made_the_tables_is_read_back(tmp_path):
    describe_dataset(tmp_path)
    assert described_version(tmp_path) == __version__


def test_a_folder_that_does_not_say_it_has_none(tmp_path):
    assert described_version(tmp_path) is None
    for programs in ([], [{"Name": "other", "Version": "9"}], [{"Name": "pet_spect"}], "pet_spect"):
        (tmp_path / "dataset_description.json").write_text(json.dumps({"GeneratedBy": programs}))
        assert described_version(tmp_path) is None
