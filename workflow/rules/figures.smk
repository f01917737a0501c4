REFERENCES_TOLD = json.dumps(config["references"])


rule figures:
    """Pictures of one participant: how each scan was registered, its uptake, and what differs between two visits."""
    input:
        uptake=rules.measure.output.uptake,
        # It holds the hashes of scans, transforms, masks and atlas, which are read, too.
        dictionary=rules.measure.output.dictionary,
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
        lesion_side=lambda wildcards: PARTICIPANTS[wildcards.participant].lesion_side,
        sessions=config["sessions"],
        primary=[f"{tracer}={primary['reference']}" for tracer, primary in config["analysis"]["primary"].items()],
        references=lambda wildcards: REFERENCES_TOLD,  # its braces are no wildcards
    shell:
        "pet-spect figures --participant {wildcards.participant:q} --results results {params.scans:q}"
        " {params.atlas:q} --target {params.target:q} --reference {params.reference:q}"
        " --uptake {input.uptake:q} --lesion-side {params.lesion_side} --sessions {params.sessions:q}"
        " --primary {params.primary:q} --references {params.references:q} 2> {log:q}"
