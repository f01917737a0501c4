"""Says before the work what the study holds, and after it where the report is."""

from snakemake.logging import logger

from pet_spect.results.proof.manifest import manifest_line
from pet_spect.study.overview import report_line, study_overview

REPORT = Path("results/report/index.html")


def say_report(made=False):
    pending = not made and any(job.rule.name == "report" for job in workflow.dag.needrun_jobs())
    logger.info(report_line(REPORT, pending=pending), extra={"closing": True})


# On a cluster, every job reads this file, too.
if workflow.is_main_process:
    overview = study_overview(
        PARTICIPANTS,
        [scan.key for scans in SCANS.values() for scan in scans.values()],
        DECISIONS,
        config["sessions"],
        list(config["tracers"]),
    )
    logger.info(
        "\n".join([overview, PLAN_LINE, *STUDY.notes, *AGAIN]),
        extra={
            "overview": {
                "steps": [rule.name for rule in workflow.rules],
                "report": report_line(REPORT, pending=False),
            }
        },
    )


onstart:
    gc.enable()
    claim_folder()
    if not workflow.touch:
        record_analysis_plan()
        note_fingerprints()
    # Executors of clusters do not name a job when it starts, only its number when it ends.
    logger.info(
        "",
        extra={
            "jobs": {
                workflow.dag.jobid(job): (job.rule.name, job.wildcards_dict) for job in workflow.dag.needrun_jobs()
            }
        },
    )


onsuccess:
    # written down elsewhere, it lets `pet-spect verify --manifest-sha256` find a manifest that was made anew
    logger.info(manifest_line(RESULTS), extra={"closing": True})
    say_report()


onerror:
    made = make_without_the_unfinished()
    if made:
        logger.info(unfinished_line(UNFINISHED), extra={"closing": True})
    say_report(made)
