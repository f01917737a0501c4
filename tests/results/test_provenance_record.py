import json
import platform

import numpy
import pytest

from pet_spect import __version__
from pet_spect.errors import ImageError
from pet_spect.results.provenance_record import (
    AtlasDigest,
    Provenance,
    read_provenance,
    software,
    with_provenance,
)


@pytest.fixture
def made():
    return Provenance(
        verb="measure",
        inputs={"baseline FDG image": "a" * 64},
        parameters={"target": ["precentral"], "pvc": "none"},
        software=software("numpy"),
        atlas=AtlasDigest(name="CerebrA", labels="b" * 64, table="c" * 64),
    )


def test_what_is_written_is_read(made, tmp_path):
    path = tmp_path / "sidecar.json"
    path.write_text(json.dumps(with_provenance({"Units": "Bq/mL"}, made)))
    assert read_provenance(path) == made


def test_sources_and_software_have_their_names_of_bids(made):
    content = with_provenance({}, made, ["sub-01/pet/sub-01_pet.nii.gz"])
    assert content["Sources"] == ["bids::sub-01/pet/sub-01_pet.nii.gz"]
    assert content["GeneratedBy"] == [{"Name": "pet_spect", "Version": __version__, "Description": "pet-spect measure"}]


def test_versions_are_those_installed():
    found = {"pet_spect": __version__, "python": platform.python_version(), "numpy": numpy.__version__}
    assert software("numpy") == found


def test_a_sidecar_of_an_earlier_version_says_nothing(tmp_path):
    (tmp_path / "old.json").write_text("{}")
    assert read_provenance(tmp_path / "old.json") is None


def test_what_is_not_a_record_is_an_error(tmp_path):
    (tmp_path / "bad.json").write_text('{"Provenance": {"Verb": 1}}')
    with pytest.raises(ImageError, match=r"Provenance: .* run the step again"):
        read_provenance(tmp_path / "bad.json")
