rule report:
    """The pages a person reads: the first one, and one for each participant."""
    input:
        tables=rules.cohort.output,
        outcomes=OUTCOME_TABLES,
        figures=expand("results/figures/{participant}", participant=SCANNED),
    output:
        index=report(
            "results/report/index.html",
            category="Report",
            labels={"page": "the report of pet_spect"},
        ),
        people=directory("results/report/people"),
        assets=directory("results/report/assets"),
    log:
        "logs/report.log",
    params:
        version=PACKAGE_VERSION,
        no_outcomes="" if OUTCOME_TABLES else "--no-outcomes",
        unfinished=without_pictures,
    shell:
        "pet-spect report results {params.no_outcomes} {params.unfinished:q} 2> {log:q}"


localrules:
    accounted,
    manifest,


rule manifest:
    """Every file of the results with its SHA-256, for pet-spect verify."""
    input:
        tables=rules.cohort.output,
        outcomes=OUTCOME_TABLES,
        report=rules.report.output,
    output:
        "results/manifest.json",
    log:
        "logs/manifest.log",
    params:
        version=PACKAGE_VERSION,
        no_outcomes="" if OUTCOME_TABLES else "--no-outcomes",
    shell:
        "pet-spect manifest results {params.no_outcomes} 2> {log:q}"


rule accounted:
    """Lists the refused scans that are not signed off, and fails if there is one; comes last."""
    input:
        scans="results/tables/scans.tsv",
        manifest="results/manifest.json",
    output:
        counts="results/tables/accounted.tsv",
        dictionary="results/tables/accounted.json",
    log:
        "logs/accounted.log",
    retries: 0
    params:
        version=PACKAGE_VERSION,
    shell:
        "pet-spect accounted results --out {output.counts:q} 2> {log:q}"
