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


rule accounted:
    """Lists the refused scans that are not signed off, and fails if there is one; comes last."""
    input:
        scans="results/tables/scans.tsv",
        report="results/report/index.html",
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
