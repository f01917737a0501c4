COMMON_FWHM = config["measure"]["common_fwhm_mm"]


def mask_of(wildcards):
    """The lesion mask that participants.tsv names, as normalise carried it unless it lies in the standard space."""
    return [
        (
            mask
            if layout.mask_space(Path(mask)) == STANDARD_SPACE
            else "results/" + layout.lesion_mask(wildcards.participant)
        )
        for mask in drawn_mask_of(wildcards)
    ]


TREATED = any(person.has_treatment for person in PARTICIPANTS.values())


def around_of(wildcards):
    """What the surroundings of the lesion and the treatment need beside the scans."""
    person = PARTICIPANTS[wildcards.participant]
    warp = "results/" + layout.participant_to_standard(wildcards.participant)
    is_asked = TREATED or config["measure"]["lesion_rings"]
    files = [warp] if is_asked and SCANS[wildcards.participant] else []
    return files if person.treatment_mask is None else [*files, str(person.treatment_mask)]


def around_flags(wildcards):
    """Flags about the surroundings: rings if the config asks for them, the treatment if anybody's is known."""
    person = PARTICIPANTS[wildcards.participant]
    flags = ["--lesion-rings", person.lesion_side] if config["measure"]["lesion_rings"] else []
    flags += ["--treatment", "--treatment-radius", str(config["measure"]["treatment_radius_mm"])] if TREATED else []
    if person.treatment_sites:
        flags += ["--treatment-sites", ";".join(point.text for point in person.treatment_sites)]
    return flags if person.treatment_mask is None else [*flags, "--treatment-mask", str(person.treatment_mask)]


rule measure:
    """Uptake of every atlas region in every scan of one participant, sampled in native space."""
    input:
        scans=scans_of,
        transforms=transforms_of,
        atlas=[ATLAS.labels, ATLAS.table],
        lesion_mask=mask_of,
        around=around_of,
    output:
        uptake="results/" + layout.uptake_table("{participant}", ATLAS.name),
        dictionary="results/" + layout.uptake_table("{participant}", ATLAS.name).replace(".tsv", ".json"),
        part="results/" + layout.manifest_part("{participant}"),
    log:
        "logs/measure/{participant}.log",
    params:
        version=PACKAGE_VERSION,
        scans=scan_flags,
        sessions=config["sessions"],
        tracers=list(config["tracers"]),
        atlas=ATLAS.flags,
        target=config["targets"],
        lesionfree=[
            word
            for region in lesionfree_regions(REFERENCES.values(), config["targets"], ATLAS.regions)
            for word in ("--lesionfree", region)
        ],
        lesion_mask=lambda wildcards: [word for mask in mask_of(wildcards) for word in ("--lesion-mask", mask)],
        min_coverage=config["measure"]["min_coverage"],
        misplacement=config["measure"]["misplacement_mm"],
        pvc=config["pvc"],
        around=around_flags,
        common_fwhm=[] if COMMON_FWHM is None else ["--common-fwhm", str(COMMON_FWHM)],
    shell:
        "pet-spect measure --participant {wildcards.participant:q} --results results {params.scans:q}"
        " --sessions {params.sessions:q} --tracers {params.tracers:q} {params.atlas:q} --target {params.target:q}"
        " {params.lesionfree:q}"
        " {params.lesion_mask:q} --min-coverage {params.min_coverage} --misplacement-mm {params.misplacement}"
        " {params.around:q} {params.common_fwhm:q} --pvc {params.pvc} --out {output.uptake:q}"
        " --manifest --record-refusal 2> {log:q}"
