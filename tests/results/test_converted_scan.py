import pytest

from pet_spect.errors import ImageError
from pet_spect.files import write_json
from pet_spect.imaging.images import read_refusal
from pet_spect.remarks import Remark
from pet_spect.results.converted_scan import read_converted_facts


def test_what_the_sidecar_does_not_say_is_not_known(tmp_path):
    write_json(tmp_path / "scan.json", {})
    facts = read_converted_facts(tmp_path / "scan.nii.gz")
    assert (facts.units, facts.suv_factor, facts.attenuation_corrected) == (None, None, None)
    assert (facts.warnings, facts.simulated) == ((), False)


@pytest.mark.parametrize(
    ("said", "corrected"),
    [
        *[("none", False), ("NAC", False), ("Not corrected", False), ("not applied", False), ("0", False)],
        *[("no attenuation correction", False), ("n/a", None), ("CT", True), ("CT without contrast", True)],
    ],
)
def test_what_the_sidecar_says_is_typed(tmp_path, said, corrected):
    warning = {"Code": "weight_conflict", "Reason": "70 and 71"}
    told = {"Units": "Bq/mL", "SUVbwFactor": 2, "AttenuationCorrection": said, "Warnings": [warning], "Simulated": True}
    write_json(tmp_path / "scan.json", told)
    facts = read_converted_facts(tmp_path / "scan.nii.gz")
    assert (facts.units, facts.suv_factor, facts.attenuation_corrected) == ("Bq/mL", 2.0, corrected)
    assert (facts.warnings, facts.simulated) == ((Remark.said("weight_conflict", "70 and 71"),), True)


@pytest.mark.parametrize(
    "told", [{"Warnings": "none"}, {"Warnings": [{}]}, {"SUVbwFactor": "2"}, {"SUVbwFactor": -2}, {"Simulated": "no"}]
)
def test_a_sidecar_of_another_kind_is_one_line_that_names_it(tmp_path, told):
    write_json(tmp_path / "scan.json", told)
    with pytest.raises(ImageError, match=r"scan\.json: is not a sidecar that convert wrote") as caught:
        read_converted_facts(tmp_path / "scan.nii.gz")
    assert caught.value.code == "sidecar_unreadable"


@pytest.mark.parametrize("refusal", ["convert", {}, {"Stage": "convert", "Code": 1, "Reason": "x"}])
def test_a_damaged_refusal_is_one_line(tmp_path, refusal):
    write_json(tmp_path / "scan.json", {"Refusal": refusal})
    with pytest.raises(ImageError, match="Refusal holds no Stage, Code and Reason"):
        read_refusal(tmp_path / "scan.nii.gz")
