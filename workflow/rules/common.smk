"""Checks config and tables before any work, and holds the input functions that several stages use."""

import gc
from functools import cache

from pet_spect import __version__ as PACKAGE_VERSION
from pet_spect.digests import file_sha256, json_sha256, text_sha256
from pet_spect.errors import StudyError, listed
from pet_spect.files import is_nifti, sidecar
from pet_spect.model import STANDARD_SPACE
from pet_spect.quantify.references import lesionfree_regions
from pet_spect.results import layout
from pet_spect.results.decisions.decision_log import read_log
from pet_spect.remarks import BY_EYE
from pet_spect.study.check import check_study
from pet_spect.study.fingerprint import fingerprint, fingerprints_of_run, write_fingerprints
from pet_spect.study.qc_tables import ALTERED
from pet_spect.study.study_files import study_files
from pet_spect.tsv import format_value

# A plan of 10,000 participants makes millions of objects, which all stay. Looking for garbage among them would take a
# quarter of its time. `onstart` enables it again.
gc.disable()

try:
    STUDY = check_study(
        config,
        [str(file) for file in workflow.overwrite_configfiles or ["config/config.yaml"]],
        Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent / "schemas",
        command_line=workflow.config_settings.config,
        log=read_log(Path("results"))[0],
    )
except StudyError as error:
    sys.exit("\n".join(f"pet_spect: {line}" for line in error.lines))

config.update(STUDY.config)
PARTICIPANTS, SCANS, DECISIONS = STUDY.participants, STUDY.scans, STUDY.decisions
QC, CONSENSUS = STUDY.qc, STUDY.consensus
REFERENCES, ATLAS = STUDY.references, STUDY.atlas
SCANNED = [person for person, scans in SCANS.items() if scans]


wildcard_constraints:
    participant="sub-[A-Za-z0-9]+",
    session="[A-Za-z0-9]+",
    label="[A-Za-z0-9]+",
    datatype="pet|spect",


def scan_names(scan):
    tracer = config["tracers"][scan.tracer]
    return scan.participant_id, scan.session, tracer["label"], tracer["datatype"]


def scans_of(wildcards):
    """The converted scans of one participant, with their sidecars."""
    images = ["results/" + layout.scan_image(*scan_names(scan)) for scan in SCANS[wildcards.participant].values()]
    return images + [sidecar(image) for image in images]


def scan_flags(wildcards):
    """`--scan SESSION TRACER IMAGE` for every scan of one participant."""
    return flags_of_scans(wildcards.participant)


@cache
def flags_of_scans(participant):
    # Three steps hold them, of every participant, as long as the run takes.
    flags = []
    for scan in SCANS[participant].values():
        image = "results/" + layout.scan_image(*scan_names(scan))
        flags += ["--scan", scan.session, scan.tracer, image]
    return flags


def anat_of(wildcards):
    """The converted anatomical image of one participant, with its sidecar; none where the table names none."""
    if PARTICIPANTS[wildcards.participant].anat is None:
        return []
    image = "results/" + layout.anat_image(wildcards.participant)
    return [image, sidecar(image)]


def transforms_of(wildcards):
    """The warp and the record of one participant, beside which lie the scans' own transforms; none without a scan."""
    person = wildcards.participant
    names = [layout.standard_to_participant(person), layout.registration_record(person)] if SCANS[person] else []
    return ["results/" + name for name in names]
