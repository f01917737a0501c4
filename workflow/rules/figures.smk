rule figures:
    """A picture of every step of the registration of every scan of one participant."""
    input:
        scans=scans_of,
        transforms=transforms_of,
        lesion=lambda wildcards: (
            ["results/" + layout.lesion_mask(wildcards.participant)] if SCANS[wildcards.participant] else []
        ),
        atlas=[ATLAS.labels, ATLAS.table],
    output:
        report(
            directory("results/figures/{participant}"),
            patterns=["{scan}_registration.png"],
            category="Registration",
            subcategory="{participant}",
            labels={"scan": "{scan}"},
            caption="../captions/registration.rst",
        ),
    log:
        "logs/figures/{participant}.log",
    params:
        version=PACKAGE_VERSION,
        scans=scan_flags,
        atlas=ATLAS.flags,
        target=config["targets"],
        reference=[
            region
            for name in ("cerebellum", "pons")
            for region in (REFERENCES[name].regions if name in REFERENCES else ())
            if region in ATLAS.regions
        ],
    shell:
        "pet-spect figures --participant {wildcards.participant:q} --results results {params.scans:q}"
        " {params.atlas:q} --target {params.target:q} --reference {params.reference:q} 2> {log:q}"
