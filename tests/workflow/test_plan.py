"""Which jobs a study plans; nothing is run."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.workflow

SCANS = """\
participant_id session tracer path
sub-01 baseline FDG dicom/01/baseline/FDG
sub-01 baseline IMZ dicom/01/baseline/IMZ
sub-01 baseline XYZ dicom/01/year1/FDG
"""
EVERYTHING = {
    "convert": 8,
    "normalise": 2,
    "measure": 2,
    "figures": 2,
    "cohort": 1,
    "report": 1,
    "manifest": 1,
    "accounted": 1,
}


def test_one_job_per_scan_and_one_per_participant_for_each_later_step(study):
    assert study.planned() == EVERYTHING


def test_somebody_without_a_scan_is_measured_as_missing(study):
    study.write("config/participants.tsv", "participant_id lesion_side\nsub-01 left\nsub-02 right\nsub-03 left\n")
    assert study.planned() == EVERYTHING | {"measure": 3}


def test_keys_of_the_default_config_do_not_leak_into_another_study(study):
    study.write("config/mine.yaml", "participants: config/participants.tsv\nscans: config/scans.tsv\n")
    study.write("config/config.yaml", "nonsense: true\n")
    command = study.snakemake("-n", "--configfile", str(study.folder / "config/mine.yaml"))
    assert command.returncode == 0, command.stderr


def test_partial_volume_correction_reaches_measure_and_cohort(study):
    with (study.folder / "config/config.yaml").open("a") as config:
        config.write("pvc: gtm\n")
    told = study.snakemake("-n", "-p").stdout
    assert told.count("--pvc gtm") == EVERYTHING["measure"] + EVERYTHING["cohort"]


def test_a_within_subject_cv_reaches_the_cohort_only_if_given(study):
    assert "--within-subject-cv" not in study.snakemake("-n", "-p").stdout
    with (study.folder / "config/config.yaml").open("a") as config:
        config.write("""within_subject_cv: {FDG: {value: 5, kind: total, source: "it's {a} $b"}}\n""")
    told = """--within-subject-cv '{"FDG": {"value": 5, "kind": "total", "source": "it'"'"'s {a} $b"}}' """
    assert told in study.snakemake("-n", "-p").stdout


def test_the_facts_of_the_study_reach_the_cohort_only_if_given(study):
    assert "--study " not in study.snakemake("-n", "-p").stdout
    with (study.folder / "config/config.yaml").open("a") as config:
        config.write("""study: {id: "7", title: "it's {a} $b"}\n""")
    told = """--study '{"id": "7", "title": "it'"'"'s {a} $b"}' """
    assert told in study.snakemake("-n", "-p").stdout


def test_scans_are_brought_to_a_common_resolution_unless_told_otherwise(study):
    assert "--common-fwhm auto" in study.snakemake("-n", "-p").stdout
    with (study.folder / "config/config.yaml").open("a") as config:
        config.write("measure: {common_fwhm_mm: null}\n")
    assert "--common-fwhm" not in study.snakemake("-n", "-p").stdout


def test_values_of_the_tables_reach_convert_as_flags(study):
    study.write("config/participants.tsv", "participant_id lesion_side height_m sex\nsub-01 left 1.7 F\n")
    study.write(
        "config/scans.tsv",
        "participant_id session tracer path weight_kg dose_mbq injection_time uptake_minutes\n"
        "sub-01 year1 FDG dicom/01/year1/FDG 70 185.5 09:30 n/a\n",
    )
    plan = study.snakemake("-n", "-p").stdout
    assert (
        "pet-spect convert dicom/01/year1/FDG"
        " --out results/sub-01/ses-year1/pet/sub-01_ses-year1_trc-18FFDG_pet.nii.gz --label sub-01_ses-year1_trc-18FFDG"
        " --weight-kg 70 --dose-mbq 185.5 --injection-time 09:30 --height-m 1.7 --sex F --record-refusal"
    ) in plan


def test_which_of_several_volumes_is_meant_reaches_convert_as_flags(study):
    study.write(
        "config/config.yaml",
        "participants: config/participants.tsv\nscans: config/scans.tsv\ntracers:\n"
        "  FDG: {label: 18FFDG, datatype: pet, frame_window: [40, 60.5]}\n"
        "  IMZ: {label: 123IIMZ, datatype: spect, gate: sum, energy_window: 2, detector: 1}\n",
    )
    plan = " ".join(study.snakemake("-n", "-p").stdout.split())
    assert "--label sub-01_ses-year1_trc-18FFDG --frame-window 40 60.5 --record-refusal" in plan
    assert "--label sub-01_ses-year1_trc-123IIMZ --gate sum --energy-window 2 --detector 1 --record-refusal" in plan


def test_what_the_header_must_say_of_the_tracer_reaches_convert_as_flags(study):
    plan = study.snakemake("-n", "-p").stdout
    assert "--record-refusal --radionuclide F18 --radiopharmaceutical fluorodeoxyglucose --fingerprint " in plan
    assert "--record-refusal --radionuclide I123 --radiopharmaceutical iomazenil --fingerprint " in plan


def test_fdg_and_imz_of_another_label_are_checked_and_a_tracer_without_the_keys_is_not(study):
    study.write(
        "config/config.yaml",
        "participants: config/participants.tsv\nscans: config/scans.tsv\ntracers:\n"
        "  FDG: {label: mine, datatype: pet, radiopharmaceutical: [FDG, our glucose]}\n"
        "  IMZ: {label: other, datatype: spect}\n  XYZ: {label: xyz, datatype: pet, template: FDG}\n"
        "primary: {FDG: pons, IMZ: pons, XYZ: pons}\n",
    )
    study.write("config/scans.tsv", SCANS)
    plan = " ".join(study.snakemake("-n", "-p").stdout.split())
    flags = "--radionuclide F18 --radiopharmaceutical FDG --radiopharmaceutical 'our glucose'"
    assert f"_trc-mine --record-refusal {flags} --fingerprint " in plan
    assert "_trc-other --record-refusal --radionuclide I123 --radiopharmaceutical iomazenil --fingerprint " in plan
    assert "_trc-xyz --record-refusal" in plan
    assert "_trc-xyz --record-refusal --r" not in plan


def test_one_folder_may_hold_several_scans_by_series(study):
    study.write(
        "config/scans.tsv",
        "participant_id session tracer path series\n"
        "sub-01 baseline FDG dicom 0123abcd\n"
        "sub-01 year1 FDG dicom 4567ef01\n",
    )
    plan = study.snakemake("-n", "-p").stdout
    assert "--label sub-01_ses-baseline_trc-18FFDG --series 0123abcd" in plan
    assert "--label sub-01_ses-year1_trc-18FFDG --series 4567ef01" in plan


def test_an_anatomical_image_is_converted_and_reaches_that_persons_registration_alone(study):
    study.write("mr/1.dcm", "")
    study.write(
        "config/participants.tsv",
        "participant_id lesion_side anat anat_series\nsub-01 left mr 0123abcd\nsub-02 right n/a n/a\n",
    )
    assert study.planned() == EVERYTHING | {"convert_anat": 1}
    plan = study.snakemake("-n", "-p").stdout
    image = "results/sub-01/anat/sub-01_anat.nii.gz"
    assert f"pet-spect convert mr --anat --out {image} --label sub-01_anat --series 0123abcd --record-refusal" in plan
    (with_anat,) = [line for line in plan.splitlines() if "pet-spect normalise" in line and "--anat" in line]
    assert "--participant sub-01 " in with_anat
    assert f" --anat {image} " in with_anat


def test_a_nifti_anatomy_brings_its_json_if_it_has_one(study):
    study.write("mr/1_T1w.nii.gz", "")
    study.write(
        "config/participants.tsv", "participant_id lesion_side anat\nsub-01 left mr/1_T1w.nii.gz\nsub-02 right n/a\n"
    )
    assert "    input: mr/1_T1w.nii.gz\n" in study.snakemake("-n", "-p").stdout
    study.write("mr/1_T1w.json", "{}")
    assert "    input: mr/1_T1w.nii.gz, mr/1_T1w.json\n" in study.snakemake("-n", "-p").stdout


def test_the_side_of_the_lesion_reaches_the_cohort_and_the_pictures_alone(study):
    plan = study.snakemake("-n", "-p").stdout
    commands = [line for line in plan.splitlines() if "pet-spect " in line]
    assert len(commands) == 18
    told = [line for line in commands if "participants.tsv" in line or " left" in line or " right" in line]
    assert told == [line for line in commands if "pet-spect cohort" in line or "pet-spect figures" in line]
    drawn = sorted(re.findall(r"--participant (\S+) .*--lesion-side (\S+) ", "\n".join(told)))
    assert drawn == [("sub-01", "left"), ("sub-02", "right")]


def sign(study, *lines):
    head = "participant_id session tracer decision code reason initials time version"
    study.write("config/qc.tsv", "\n".join([head, *(f"{line} AB 2026-11-23 0.1.0" for line in lines), ""]))


def test_an_excluded_scan_is_left_out_of_the_registration(study):
    sign(study, "sub-01 year1 IMZ exclude n/a it's_{a}_$mirror", "sub-02 year1 IMZ accept no_image seen")
    plan = study.snakemake("-n", "-p").stdout
    commands = [line for line in plan.splitlines() if "pet-spect normalise" in line]
    assert len(commands) == 2
    (excluding,) = (line for line in commands if "--exclude" in line)
    assert """--participant sub-01 """ in excluding
    assert """ --exclude year1 IMZ 'it'"'"'s_{a}_$mirror' --threads""" in excluding


def test_what_an_eye_accepted_reaches_the_registration_of_that_person_alone(study):
    sign(
        study,
        "sub-01 year1 IMZ accept gate_overlap seen",
        "sub-01 year1 IMZ accept gate_similarity seen",
        "sub-01 baseline FDG accept laterality_disagree seen",  # of the cohort
        "sub-02 year1 FDG accept gate_of_long_ago seen",  # no longer exists
    )
    commands = [line for line in study.snakemake("-n", "-p").stdout.splitlines() if "pet-spect normalise" in line]
    (accepting,) = (line for line in commands if "--accept" in line)
    assert "--participant sub-01 " in accepting
    assert " --accept year1 IMZ gate_overlap --accept year1 IMZ gate_similarity " in accepting


def test_a_decision_about_a_scan_that_is_not_listed_excludes_nothing(study):
    study.write("config/scans.tsv", "participant_id session tracer path\nsub-01 year1 FDG dicom/01/year1/FDG\n")
    sign(study, "sub-01 year1 IMZ exclude n/a moved")
    plan = study.snakemake("-n", "-p").stdout
    assert "pet-spect normalise" in plan
    assert "--exclude" not in plan


@pytest.mark.parametrize("target", ["nowhere", "link", "."])
def test_a_link_that_leads_nowhere_new_does_not_stop_the_plan(study, target):
    (study.folder / "dicom/01/year1/FDG/link").symlink_to(target)
    assert study.planned() == EVERYTHING


def test_a_path_with_blanks_and_quotes_stays_one_word(study):
    name = "dicom/it's here"
    (study.folder / name).mkdir()
    (study.folder / "config/scans.tsv").write_text(
        f"participant_id\tsession\ttracer\tpath\nsub-01\tyear1\tFDG\t{name}\n", encoding="utf-8"
    )
    assert """pet-spect convert 'dicom/it'"'"'s here' --out""" in study.snakemake("-n", "-p").stdout


def test_a_scan_in_a_place_of_any_name_is_converted_in_a_working_directory_of_any_name(tmp_path, study, study_in):
    place = tmp_path / "a<results>{x} it's $HOME\n*[ab]?"
    place.mkdir()
    for name in ("config", "dicom"):
        (study.folder / name).rename(place / name)
    odd = study_in(place)
    name = "dicom/st*r[ab]? a;b$(id)`x`&|"
    (place / "dicom/01/year1/FDG").rename(place / name)
    (place / "config/scans.tsv").write_text(
        f"participant_id\tsession\ttracer\tpath\nsub-01\tyear1\tFDG\t{name}\n", encoding="utf-8"
    )
    image = "results/sub-01/ses-year1/pet/sub-01_ses-year1_trc-18FFDG_pet.nii.gz"
    run = odd.snakemake("--until", "convert", "--", image)
    assert run.returncode == 0, run.stderr
    assert (place / image).is_file()


def test_every_submitted_step_keeps_its_limits_beside_an_account_and_a_partition(study, repository):
    profile = str(repository / "profiles/slurm")
    naming = ("--default-resources", "slurm_account=lab", "slurm_partition=main")
    plan = study.snakemake("-n", "-p", "--workflow-profile", profile, *naming)
    assert plan.returncode == 0, plan.stderr
    resources = [line for line in plan.stdout.splitlines() if line.strip().startswith("resources:")]
    limited = [line for line in resources if "mem_mb=" in line and "runtime=" in line and "slurm_account=" in line]
    assert len(limited) == sum(EVERYTHING.values()) - EVERYTHING["accounted"]
