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


rule measure:
    """Uptake of every atlas region in every scan of one participant, sampled in native space."""
    input:
        scans=scans_of,
        transforms=transforms_of,
        atlas=[ATLAS.labels, ATLAS.table],
        lesion_mask=mask_of,
    output:
        uptake="results/" + layout.uptake_table("{participant}", ATLAS.name),
        dictionary="results/" + layout.uptake_table("{participant}", ATLAS.name).replace(".tsv", ".json"),
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
        common_fwhm=[] if COMMON_FWHM is None else ["--common-fwhm", str(COMMON_FWHM)],
    shell:
        "pet-spect measure --participant {wildcards.participant:q} --results results {params.scans:q}"
        " --sessions {params.sessions:q} --tracers {params.tracers:q} {params.atlas:q} --target {params.target:q}"
        " {params.lesionfree:q}"
        " {params.lesion_mask:q} --min-coverage {params.min_coverage} --misplacement-mm {params.misplacement}"
        " {params.common_fwhm:q} --pvc {params.pvc} --out {output.uptake:q} --record-refusal 2> {log:q}"
