rule cohort:
    """Everybody's uptake, ratios and changes; the one place where the lesion's side enters."""
    input:
        uptake=expand(
            "results/" + layout.uptake_table("{participant}", ATLAS.name),
            participant=PARTICIPANTS,
        ),
        participants=config["participants"],
        scans=config["scans"],
        qc=QC,
    output:
        multiext("results/tables/uptake", ".tsv", ".json"),
        multiext("results/tables/ratios", ".tsv", ".json"),
        multiext("results/tables/change", ".tsv", ".json"),
        report(
            "results/tables/summary.tsv",
            category="Summary",
            labels={"table": "change of the cohort"},
            caption="../captions/summary.rst",
        ),
        "results/tables/summary.json",
        multiext("results/tables/scans", ".tsv", ".json"),
        "results/dataset_description.json",
        "results/.bidsignore",
    log:
        "logs/cohort.log",
    params:
        version=PACKAGE_VERSION,
        qc=["--qc", *QC] if QC else [],
        atlas=ATLAS.name,
        own_atlas="--own-atlas" if "--atlas-labels" in ATLAS.flags else "",
        sessions=config["sessions"],
        tracers=list(config["tracers"]),
        target=config["targets"],
        references=json.dumps(config["references"]),
        pvc=config["pvc"],
        max_asymmetry=config["measure"]["max_cerebellum_asymmetry_percent"],
        primary=[f"{tracer}={config['primary'][tracer]}" for tracer in config["tracers"]],
    shell:
        "pet-spect cohort --results results --participants {input.participants:q}"
        " --scans {input.scans:q} {params.qc:q}"
        " --atlas-name {params.atlas:q} {params.own_atlas} --sessions {params.sessions:q} --tracers {params.tracers:q}"
        " --target {params.target:q} --references {params.references:q}"
        " --primary {params.primary:q} --max-cerebellum-asymmetry {params.max_asymmetry}"
        " --pvc {params.pvc} 2> {log:q}"
