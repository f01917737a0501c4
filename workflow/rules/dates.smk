"""Clocks that are wrong: no step fails because of one, and no run begins on results that are dated in the future."""

from snakemake.dag import DAG

from pet_spect.study.file_dates import TOLERATED_S, date_not_before, future_line, in_future, touch_command
from pet_spect.study.leftovers import recover_command


def given_files():
    """What the study gives beside scans and masks, which are looked at with their tables."""
    images = [str(scan.path) for scans in SCANS.values() for scan in scans.values() if is_nifti(scan.path)]
    images += [str(person.anat) for person in PARTICIPANTS.values() if person.anat and is_nifti(person.anat)]
    study = [*STUDY_FILES.values(), *CLINICAL, ATLAS.labels, ATLAS.table, *TEMPLATE_FILES]
    return dict.fromkeys(map(str, [*study, *map(sidecar, images)]))


def results_of_all():
    """Every output of a rule, made or not."""
    for person in PARTICIPANTS:
        images = [*flags_of_scans(person)[3::4], "results/" + layout.anat_image(person)]
        uptake = "results/" + layout.uptake_table(person, ATLAS.name)
        yield from (file for image in images for file in (image, sidecar(image)))
        yield from (
            "results/" + name
            for name in (
                layout.participant_to_standard(person),
                layout.standard_to_participant(person),
                layout.registration_record(person),
                layout.lesion_mask(person),
                layout.manifest_part(person),
            )
        )
        yield from (uptake, uptake.replace(".tsv", ".json"), f"results/figures/{person}")
    for rule in (rules.cohort, rules.report, rules.manifest, rules.accounted):
        yield from rule.output
    yield from OUTCOME_TABLES


check_output_mtime = DAG.check_output_mtime


async def check_dated_output(dag, job, outputs):
    """Let Snakemake compare dates of a step, after the clock of another computer was allowed for.

    It fails the step of an output that is older than its input, although it was made just now.
    """
    date_not_before(map(str, outputs), [file for file in map(str, job.input) if file.startswith("results/")])
    await check_output_mtime(dag, job, outputs)


DAG.check_output_mtime = check_dated_output

if workflow.is_main_process:
    if dated := in_future(given_files()):
        sys.exit(f"pet_spect: {future_line(dated, touch_command(dated))}")
    if dated := in_future(results_of_all(), tolerated_s=TOLERATED_S):
        sys.exit(f"pet_spect: {future_line(dated, recover_command(Path.cwd()))}")
