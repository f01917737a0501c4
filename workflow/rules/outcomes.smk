"""Clinical outcomes; without their tables there is no such rule."""

CLINICAL = STUDY.outcomes + STUDY.adverse_events
OUTCOME_TABLES = []


def outcome_flags(wildcards):
    """The clinical tables of the study, what of the images they are related to, and how events are counted."""
    flags = [flag for path in STUDY.outcomes for flag in ("--outcomes", path)]
    flags += [flag for path in STUDY.adverse_events for flag in ("--adverse-events", path)]
    target = "+".join(dict.fromkeys(config["targets"]))
    for tracer, primary in config["analysis"]["primary"].items():
        flags += ["--imaging", tracer, target, primary["measure"], primary["reference"]]
    settings = config["outcome_analysis"]
    days = settings["adverse_event_days"]
    flags += ["--adverse-event-days", *map(str, days)] if days else []
    flags += ["--adverse-event-withdrawn", settings["adverse_event_withdrawn"]]
    return [*flags, "--plan", plan_hash(analysis_plan())]


if CLINICAL:

    rule outcomes:
        """Scales, adverse events, and how they go with the change in the images."""
        input:
            change="results/tables/change.tsv",
            participants=config["participants"],
            clinical=CLINICAL,
        output:
            multiext("results/tables/outcomes", ".tsv", ".json"),
            multiext("results/tables/outcomes_change", ".tsv", ".json"),
            multiext("results/tables/outcomes_summary", ".tsv", ".json"),
            multiext("results/tables/outcomes_imaging", ".tsv", ".json"),
            "results/" + layout.tables_part("outcomes"),
        log:
            "logs/outcomes.log",
        params:
            version=PACKAGE_VERSION,
            sessions=config["sessions"],
            flags=outcome_flags,
            study_sha256=bytes_of([config["participants"], *CLINICAL]),
        shell:
            "pet-spect outcomes --results results --participants {input.participants:q}"
            " --sessions {params.sessions:q} {params.flags:q} 2> {log:q}"

    OUTCOME_TABLES = list(rules.outcomes.output)
