EARLY = [f"{name}={tracer['early']}" for name, tracer in config["tracers"].items() if "early" in tracer]


def within_subject_cv(wildcards):
    """The flag of a declared within-subject CV; from a function, so that braces in its source are no wildcards."""
    cvs = config["within_subject_cv"]
    return ["--within-subject-cv", json.dumps(cvs)] if cvs else []


def analysis_flags(wildcards):
    """The declared analysis and the hash of the analysis plan, which `record_analysis_plan` records before any job."""
    return ["--analysis", json.dumps(config["analysis"]), "--plan", plan_hash(analysis_plan())]


def study_facts(wildcards):
    """The flag of what the study is called; from a function, so that braces in a title are no wildcards."""
    return ["--study", json.dumps(config["study"])] if config["study"] else []


def qc_flags(wildcards):
    """The tables of decisions, and those that are gone though lines of them were signed."""
    tables = {"--qc": QC, "--consensus": CONSENSUS, "--absent-qc": STUDY.absent_qc}
    return [word for flag, paths in tables.items() if paths for word in (flag, *paths)]


STUDY_FILES = study_files(
    [os.path.relpath(file) for file in workflow.overwrite_configfiles or ["config/config.yaml"]], STUDY.config
)


def run_flags(wildcards):
    """What the run id is made of beside the scans: the configuration as it counts, and the files of the study."""
    files = [word for role, path in STUDY_FILES.items() for word in ("--study-file", f"{role}={path}")]
    return ["--settings", json_sha256(STUDY.config), *files]


def bytes_of(files):
    """The hash of files that people edit: their dates may tell nothing where the clocks of two computers differ."""
    return text_sha256([file_sha256(Path(file)) for file in files])


STUDY_SHA256 = bytes_of(STUDY_FILES.values())

READERS = ["readers", "agreement"] if len(QC) == 2 else []


rule cohort:
    """Everybody's uptake, ratios and changes; the one place where the lesion's side enters."""
    input:
        uptake=expand(
            "results/" + layout.uptake_table("{participant}", ATLAS.name),
            participant=PARTICIPANTS,
        ),
        parts=expand("results/" + layout.manifest_part("{participant}"), participant=PARTICIPANTS),
        study=list(STUDY_FILES.values()),
        participants=config["participants"],
        scans=config["scans"],
        qc=QC,
        consensus=CONSENSUS,
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
        multiext("results/tables/checks", ".tsv", ".json"),
        multiext("results/tables/decisions", ".tsv", ".json"),
        multiext("results/tables/decided", ".tsv", ".json"),
        expand("results/tables/{name}.{kind}", name=READERS, kind=["tsv", "json"]),
        "results/tables/run.json",
        "results/" + layout.tables_part("cohort"),
        "results/dataset_description.json",
        "results/.bidsignore",
    log:
        "logs/cohort.log",
    params:
        version=PACKAGE_VERSION,
        qc=qc_flags,
        atlas=ATLAS.name,
        own_atlas="--own-atlas" if "--atlas-labels" in ATLAS.flags else "",
        sessions=config["sessions"],
        tracers=list(config["tracers"]),
        target=config["targets"],
        references=json.dumps(config["references"]),
        pvc=config["pvc"],
        max_asymmetry=config["measure"]["max_cerebellum_asymmetry_percent"],
        protocol=json.dumps(config["protocol"]),
        analysis=analysis_flags,
        within_subject_cv=within_subject_cv,
        run=run_flags,
        study=study_facts,
        early=["--early", *EARLY] if EARLY else [],
        study_sha256=STUDY_SHA256,
        unfinished=unfinished_flags,
    shell:
        "pet-spect cohort --results results --participants {input.participants:q}"
        " --scans {input.scans:q} {params.qc:q}"
        " --atlas-name {params.atlas:q} {params.own_atlas} --sessions {params.sessions:q} --tracers {params.tracers:q}"
        " --target {params.target:q} --references {params.references:q}"
        " {params.analysis:q} --protocol {params.protocol:q} {params.early:q}"
        " --max-cerebellum-asymmetry {params.max_asymmetry} --pvc {params.pvc}"
        " {params.study:q} {params.run:q} {params.within_subject_cv:q} {params.unfinished:q} 2> {log:q}"
