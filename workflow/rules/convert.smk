def listed_scan(wildcards):
    return SCANS[wildcards.participant][wildcards.session, wildcards.label]


def files_of_scan(wildcards):
    """The path scans.tsv gives; a NIfTI image with its sidecar."""
    path = listed_scan(wildcards).path
    return [path, sidecar(str(path))] if is_nifti(path) else [path]


def files_of_anat(wildcards):
    """The path participants.tsv gives; a NIfTI image with its sidecar, if it has one."""
    path = PARTICIPANTS[wildcards.participant].anat
    facts = Path(sidecar(str(path)))
    return [path, facts] if is_nifti(path) and facts.is_file() else [path]


def anat_series(wildcards):
    series = PARTICIPANTS[wildcards.participant].anat_series
    return [] if series is None else ["--series", series]


def scan_facts(wildcards):
    """What the tables say about a scan, as flags: it fills gaps of the header."""
    scan, person = listed_scan(wildcards), PARTICIPANTS[wildcards.participant]
    facts = {
        "--series": scan.series,
        "--weight-kg": scan.weight_kg,
        "--dose-mbq": scan.dose_mbq,
        "--injection-time": scan.injection_time,
        "--uptake-minutes": scan.uptake_minutes,
        "--orientation": scan.orientation,
        "--height-m": person.height_m,
        "--sex": person.sex,
    }
    return [word for flag, value in facts.items() if value is not None for word in (flag, format_value(value))]


def chosen_volume(wildcards):
    """Which volume of a scan that holds several, as flags; the same for all scans of a tracer."""
    tracer = config["tracers"][listed_scan(wildcards).tracer]
    chosen = {
        "--frame-window": tracer.get("frame_window"),
        "--gate": tracer.get("gate"),
        "--energy-window": tracer.get("energy_window"),
        "--detector": tracer.get("detector"),
    }
    words = {flag: value if isinstance(value, list) else [value] for flag, value in chosen.items() if value is not None}
    return [word for flag, values in words.items() for word in (flag, *map(format_value, values))]


def needed_tracer(wildcards):
    """What the header must say of the tracer, as flags; none where the config names nothing."""
    tracer = config["tracers"][listed_scan(wildcards).tracer]
    nuclide = ["--radionuclide", tracer["radionuclide"]] if "radionuclide" in tracer else []
    return nuclide + [word for name in tracer["radiopharmaceutical"] for word in ("--radiopharmaceutical", name)]


def fingerprint_of_scan(wildcards):
    return fingerprint_at_begin(
        layout.scan_stem(wildcards.participant, wildcards.session, wildcards.label), listed_scan(wildcards).path
    )


def fingerprint_of_anat(wildcards):
    return fingerprint_at_begin(f"{wildcards.participant}_anat", PARTICIPANTS[wildcards.participant].anat)


FINGERPRINTS = {} if workflow.is_main_process else fingerprints_of_run()


def fingerprint_at_begin(label, path):
    """The fingerprint of a scan when the run began, as the main process found it; also in a job and when it is retried.

    A folder that is emptied before its job starts would otherwise look as it should.
    """
    if label not in FINGERPRINTS:
        FINGERPRINTS[label] = fingerprint(path)
    return FINGERPRINTS[label]


def note_fingerprints():
    """Look at the scans that will be converted, and write down for the jobs what was found."""
    found = {"convert": fingerprint_of_scan, "convert_anat": fingerprint_of_anat}
    for job in workflow.dag.needrun_jobs():
        if job.rule.name in found:
            found[job.rule.name](job.wildcards)
    try:
        write_fingerprints(FINGERPRINTS)
    except OSError as error:
        sys.exit(f"pet_spect: cannot write {error.filename} ({error.strerror})")


rule convert:
    """One scan as NIfTI in its own space, with a sidecar that names nobody."""
    input:
        files_of_scan,
    output:
        image="results/" + layout.scan_image("{participant}", "{session}", "{label}", "{datatype}"),
        facts="results/" + sidecar(layout.scan_image("{participant}", "{session}", "{label}", "{datatype}")),
    log:
        "logs/convert/" + layout.scan_stem("{participant}", "{session}", "{label}") + "_{datatype}.log",
    params:
        version=PACKAGE_VERSION,
        label=layout.scan_stem("{participant}", "{session}", "{label}"),
        facts=lambda wildcards: scan_facts(wildcards) + chosen_volume(wildcards),
        tracer=needed_tracer,
        # A file that changes inside the folder leaves the folder's own time as it was.
        fingerprint=fingerprint_of_scan,
    shell:
        "pet-spect convert {input[0]:q} --out {output.image:q} --label {params.label:q} {params.facts:q}"
        " --record-refusal {params.tracer:q} --fingerprint {params.fingerprint} 2> {log:q}"


rule convert_anat:
    """One participant's anatomical image as NIfTI in its own space, with a sidecar that names nobody."""
    input:
        files_of_anat,
    output:
        image="results/" + layout.anat_image("{participant}"),
        facts="results/" + sidecar(layout.anat_image("{participant}")),
    log:
        "logs/convert/{participant}_anat.log",
    params:
        version=PACKAGE_VERSION,
        series=anat_series,
        fingerprint=fingerprint_of_anat,
    shell:
        "pet-spect convert {input[0]:q} --anat --out {output.image:q} --label {wildcards.participant:q}_anat"
        " {params.series:q} --record-refusal --fingerprint {params.fingerprint} 2> {log:q}"
