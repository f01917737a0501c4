import pytest

from pet_spect.dicom.facts.acquisition import Acquisition, EnergyWindow
from pet_spect.dicom.sidecar import ScanFacts, sidecar_of
from pet_spect.errors import ImageError
from pet_spect.files import write_json
from pet_spect.imaging.images import read_refusal
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
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


def test_the_protocol_is_what_convert_wrote_of_acquisition_and_reconstruction(tmp_path):
    acquisition = Acquisition(
        scatter="none",
        windows=(EnergyWindow(1, "I123", 143.1, 174.9),),
        collimator_type="PARA",
        collimator="LEHR",
        iterations=8,
        subsets=4,
        filter_size_mm=2.0,
        filter_cutoff=0.4,
        filter_order=10,
    )
    facts = ScanFacts(
        *("NM", "counts", "SIEMENS", "Symbia T6"),
        dose_bq=167e6,
        scan_start_s=10800.0,
        frame_duration_s=1800.0,
        reconstruction="OSEM",
        recon_filter="Butterworth",
        attenuation="Chang",
        acquisition=acquisition,
    )
    write_json(tmp_path / "scan.json", sidecar_of(facts))
    assert read_converted_facts(tmp_path / "scan.nii.gz").protocol((3.3, 3.3, 3.3)) == ScanProtocol(
        start_minutes=180.0,
        maker="SIEMENS",
        model="Symbia T6",
        reconstruction="OSEM",
        iterations=8,
        subsets=4,
        filter_type="Butterworth",
        filter_size_mm=2.0,
        filter_cutoff=0.4,
        filter_order=10,
        attenuation="Chang",
        scatter="none",
        collimator_type="PARA",
        collimator="LEHR",
        energy_windows=((143.1, 174.9),),
        voxel_mm=(3.3, 3.3, 3.3),
        dose_mbq=167.0,
        duration_s=1800.0,
    )


def test_the_protocol_of_a_bare_sidecar_is_not_known(tmp_path):
    write_json(tmp_path / "scan.json", {"AttenuationCorrection": "NAC"})
    protocol = read_converted_facts(tmp_path / "scan.nii.gz").protocol((2.0, 2.0, 2.0))
    assert protocol == ScanProtocol(attenuation="none", voxel_mm=(2.0, 2.0, 2.0))


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
