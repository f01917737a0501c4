"""Results that no run would make again by itself: those that are gone, and those that a wrong clock has dated.

Snakemake makes again what is older than what it was made from, or is asked for. It does not see that a file is gone from
which others were already made, nor a change that is older than the date of a result.
"""

from snakemake.dag import DAG

from pet_spect.study.file_dates import as_made, future_line, gone, in_future


def given_files():
    """What the study gives beside scans and masks, which are looked at with their tables."""
    images = [str(scan.path) for scans in SCANS.values() for scan in scans.values() if is_nifti(scan.path)]
    images += [str(person.anat) for person in PARTICIPANTS.values() if person.anat and is_nifti(person.anat)]
    study = [*STUDY_FILES.values(), *CLINICAL, ATLAS.labels, ATLAS.table, *TEMPLATE_FILES]
    return dict.fromkeys(map(str, [*study, *map(sidecar, images)]))


def steps_of(person):
    """The outputs of each step of a participant, in the order of the steps."""
    images = flags_of_scans(person)[3::4]  # the anatomical image alone is not registered
    images += ["results/" + layout.anat_image(person)] if images and PARTICIPANTS[person].anat else []
    yield [file for image in images for file in (image, sidecar(image))]
    registered = (
        layout.participant_to_standard,
        layout.standard_to_participant,
        layout.registration_record,
        layout.lesion_mask,
    )
    yield ["results/" + name(person) for name in registered if images]
    uptake = "results/" + layout.uptake_table(person, ATLAS.name)
    yield [uptake, uptake.replace(".tsv", ".json"), "results/" + layout.manifest_part(person)]
    yield [f"results/figures/{person}"] if SCANS[person] else []


def steps_of_all():
    """The outputs of each step for everybody, in the order of the steps."""
    for rule in (rules.cohort, rules.report, rules.manifest, rules.accounted):
        yield list(rule.output)
        if rule is rules.cohort:
            yield OUTCOME_TABLES


check_output_mtime = DAG.check_output_mtime


async def check_dated_output(dag, job, outputs):
    """Let Snakemake compare dates of a step, after the clock of another computer was allowed for.

    It fails the step of an output that is older than its input, although it was made just now.
    """
    as_made(map(str, outputs), [file for file in map(str, job.input) if file.startswith("results/")])
    await check_output_mtime(dag, job, outputs)


DAG.check_output_mtime = check_dated_output

begin = DAG.init
FORCED, AGAIN = set(), []


async def begin_with_what_is_forced(dag, *words, **named):
    """Let the steps of these files be made again, as if they were named with --forcerun."""
    dag.forcefiles.update(FORCED)
    await begin(dag, *words, **named)


DAG.init = begin_with_what_is_forced

if workflow.is_main_process:
    if dated := in_future(given_files()):
        sys.exit(f"pet_spect: {future_line(dated)}")
    made = [list(steps_of_all()), *(list(steps_of(person)) for person in PARTICIPANTS)]
    lost = [] if workflow.touch else gone(*made)
    ahead = [path for path, _ in in_future(path for steps in made for files in steps for path in files)]
    FORCED = {*lost, *ahead}
    AGAIN = [
        f"Made again:   {listed(files)}, {why}"
        for files, why in (
            (lost, "gone although others were made from it"),
            (ahead, "dated in the future by a computer whose clock is wrong"),
        )
        if files
    ]
