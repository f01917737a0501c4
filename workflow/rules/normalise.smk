# The template of every tracer of the study, in order: the first one the participant has leads. Those of the tracers
# that a participant has not tell a scan that was listed under the wrong tracer.
TEMPLATES = [f"{name}={tracer['template']}" for name, tracer in config["tracers"].items()]
TEMPLATE_FILES = [file for _, file in (word.split("=", 1) for word in TEMPLATES) if is_nifti(Path(file))]


def exclude_flags(wildcards):
    """`--exclude SESSION TRACER REASON` for every scan of one participant that somebody excluded.

    The rule has no qc.tsv among its inputs, so that a decision about one person redoes nobody else. What is said of an
    altered decision may change from run to run, and must not repeat the registration.
    """
    listed = {scan.key for scan in SCANS[wildcards.participant].values()}
    signed = [decision for decision in DECISIONS if decision.decision == "exclude" and decision.key in listed]
    why = {one.key: "a signed decision was altered" if one.code == ALTERED else one.reason for one in signed}
    return [word for one in signed for word in ("--exclude", one.session, one.tracer, why[one.key])]


def accept_flags(wildcards):
    """`--accept SESSION TRACER CODE` for every fault of one participant's registration that somebody accepted."""
    listed = {scan.key for scan in SCANS[wildcards.participant].values()}
    signed = [one for one in DECISIONS if one.decision == "accept" and one.code in BY_EYE and one.key in listed]
    return [word for one in signed for word in ("--accept", one.session, one.tracer, one.code)]


def drawn_mask_of(wildcards):
    """The lesion mask that participants.tsv names; none where it names none."""
    mask = PARTICIPANTS[wildcards.participant].lesion_mask
    return [] if mask is None else [str(mask)]


rule normalise:
    """One participant's scans aligned to each other, and one warp to the standard space for all of them."""
    input:
        scans=scans_of,
        anat=anat_of,
        lesion_mask=drawn_mask_of,
        templates=TEMPLATE_FILES,
    output:
        to_standard="results/" + layout.participant_to_standard("{participant}"),
        from_standard="results/" + layout.standard_to_participant("{participant}"),
        record="results/" + layout.registration_record("{participant}"),
        lesion="results/" + layout.lesion_mask("{participant}"),
    log:
        "logs/normalise/{participant}.log",
    threads: 1
    params:
        version=PACKAGE_VERSION,
        scans=scan_flags,
        templates=[word for template in TEMPLATES for word in ("--template", template)],
        anat=lambda wildcards: [word for image in anat_of(wildcards)[:1] for word in ("--anat", image)],
        lesion_mask=lambda wildcards: [word for mask in drawn_mask_of(wildcards) for word in ("--lesion-mask", mask)],
        exclude=exclude_flags,
        accept=accept_flags,
    shell:
        "pet-spect normalise --participant {wildcards.participant:q} --results results {params.scans:q}"
        " {params.templates:q} {params.anat:q} {params.lesion_mask:q}"
        " {params.accept:q} {params.exclude:q} --threads {threads} --record-refusal 2> {log:q}"
