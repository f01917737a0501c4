def template_flags(wildcards):
    """The template of every tracer the participant has, in the order of the config: the first one leads."""
    used = {scan.tracer for scan in SCANS[wildcards.participant].values()}
    tracers = [name for name in config["tracers"] if name in used]
    return [word for name in tracers for word in ("--template", f"{name}={config['tracers'][name]['template']}")]


def template_files(wildcards):
    return [word.split("=", 1)[1] for word in template_flags(wildcards) if word.endswith((".nii", ".nii.gz"))]


def exclude_flags(wildcards):
    """`--exclude SESSION TRACER REASON` for every scan of one participant that somebody excluded.

    The rule has no qc.tsv among its inputs, so that a decision about one person redoes nobody else.
    """
    listed = {scan.key for scan in SCANS[wildcards.participant].values()}
    signed = [decision for decision in DECISIONS if decision.decision == "exclude" and decision.key in listed]
    return [word for one in signed for word in ("--exclude", one.session, one.tracer, one.reason)]


rule normalise:
    """One participant's scans aligned to each other, and one warp to the standard space for all of them."""
    input:
        scans=scans_of,
        templates=template_files,
    output:
        to_standard="results/" + layout.participant_to_standard("{participant}"),
        from_standard="results/" + layout.standard_to_participant("{participant}"),
        record="results/" + layout.registration_record("{participant}"),
    log:
        "logs/normalise/{participant}.log",
    threads: 1
    params:
        version=PACKAGE_VERSION,
        scans=scan_flags,
        templates=template_flags,
        exclude=exclude_flags,
    shell:
        "pet-spect normalise --participant {wildcards.participant:q} --results results {params.scans:q}"
        " {params.templates:q} {params.exclude:q} --threads {threads} --record-refusal 2> {log:q}"
