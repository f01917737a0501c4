"""Reads and checks config and tables before any work; a mistake in them is one line and exit status 1."""

from difflib import get_close_matches

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from snakemake.utils import validate

from pet_spect import __version__ as PACKAGE_VERSION
from pet_spect.results import layout
from pet_spect.study import tables as study
from pet_spect.nuclides import radionuclide_name
from pet_spect.errors import ConfigError, PetSpectError, RegionError, TableError, listed, shown
from pet_spect.files import is_nifti, sidecar
from pet_spect.study.fingerprint import fingerprint
from pet_spect.study.rows import read_rows
from pet_spect.model import STANDARD_SPACE
from pet_spect.study.paths import check_paths, check_there
from pet_spect.quantify.references import (
    BUILT_IN,
    EVERY,
    TARGET,
    lesionfree_regions,
    parts_of_reference,
    read_references,
)
from pet_spect.signoff import BY_EYE
from pet_spect.tsv import MOST_TYPED_BYTES, format_value, read_table

SCHEMAS = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent / "schemas"
CONFIG_NAME = listed(workflow.overwrite_configfiles) or "config/config.yaml"


def schema_of(name):
    return yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text(encoding="utf-8"))


def unknown_key(error):
    """Name the key a closed mapping does not know, and the known one that is nearest."""
    known = list(error.schema["properties"])
    found = next(key for key in error.instance if key not in known)
    near = get_close_matches(str(found), known, n=1)
    way_out = f"did you mean {near[0]!r}?" if near else f"known are {listed(known)} (config/README.md lists all)"
    return f"key {shown(found)} is not known; {way_out}"


def instead_of_regions(old):
    """Return the lines that say the same as the key `regions` of 0.1.0."""
    named = {"cerebellum": "cerebellum", "pons": "pons", "hemisphere": "hemisphere_contralesional"}
    lines = [f"targets: [{old['target']}]"] if "target" in old else []
    given = [
        f"{name}: {{regions: {str(old[key]).replace(chr(39), '')}, side: {reference.side}}}"
        for key, begins in named.items()
        for name, reference in BUILT_IN.items()
        if key in old and name.startswith(begins)
    ]
    return " and ".join(lines + ([f"references: {{{', '.join(given)}}}"] if given else [])) or "targets and references"


def check_config():
    """Check the config against its schema, then fill in the defaults that the schema holds."""
    if "regions" in config:
        old = config["regions"] if isinstance(config["regions"], dict) else {}
        raise ConfigError(f"{CONFIG_NAME}: regions: is not known since 0.2.0; write instead {instead_of_regions(old)}")
    error = best_match(Draft202012Validator(schema_of("config")).iter_errors(config))
    if error is not None:
        where = "".join(f"{key if isinstance(key, int) else shown(key)[1:-1]}: " for key in error.absolute_path)
        if error.validator == "additionalProperties":
            raise ConfigError(f"{CONFIG_NAME}: {where}{unknown_key(error)}")
        if error.validator == "required":
            missing = next(key for key in error.validator_value if key not in error.instance)
            raise ConfigError(f"{CONFIG_NAME}: {where}key {missing!r} is missing")
        raise ConfigError(f"{CONFIG_NAME}: {where}found {shown(error.instance)}, needed {error.schema['description']}")
    given = set(config)
    validate(config, str(SCHEMAS / "config.schema.yaml"))
    paths = {key: config[key] for key in ("participants", "scans", "qc")}
    check_paths(CONFIG_NAME, paths | {f"atlas: {key}": path for key, path in config["atlas"].items() if key != "name"})
    check_capitals("sessions", config["sessions"])
    check_tracers(given)
    for path in [config["qc"]] if "qc" in given else []:
        if not os.path.isfile(path):
            raise ConfigError(f"{CONFIG_NAME}: qc: {path} does not exist")


def check_capitals(what, names):
    """Refuse names that differ only in capitals: where a file system ignores them, one overwrites the other."""
    found = layout.colliding(names)
    if found is not None:
        raise ConfigError(f"{CONFIG_NAME}: {what}: {found[0]} and {found[1]} differ only in capitals; rename one")


def check_tracers(given):
    tracers, primary = config["tracers"], config["primary"]
    check_capitals("tracers", tracers)
    check_capitals("tracers: label", [tracer["label"] for tracer in tracers.values()])
    if len({tracer["label"] for tracer in tracers.values()}) < len(tracers):
        raise ConfigError(f"{CONFIG_NAME}: tracers: two have the same label, so their files would collide")
    built_in = schema_of("config")["properties"]["tracers"]["default"]
    for name, tracer in tracers.items():
        check_tracer_identity(name, tracer, built_in.get(name, {}))
        template = tracer.setdefault("template", name)
        check_paths(CONFIG_NAME, {f"tracers: {name}: template": template})
        if template not in ("FDG", "IMZ") and not os.path.isfile(template):
            raise ConfigError(
                f"{CONFIG_NAME}: tracers: {name}: template: {template} is neither FDG nor IMZ nor an existing file"
            )
        window = tracer.get("frame_window", [0, 1])
        if window[0] >= window[1]:
            raise ConfigError(f"{CONFIG_NAME}: tracers: {name}: frame_window: found {window}, needed the earlier first")
        if name not in primary:
            raise ConfigError(f"{CONFIG_NAME}: primary: tracer {name} has no primary reference")
    for name in primary:
        if name not in tracers and "primary" in given:
            raise ConfigError(f"{CONFIG_NAME}: primary: tracer {name} is not among tracers ({listed(tracers)})")


def check_tracer_identity(name, tracer, built_in):
    """Spell what the header must say of a tracer in one way; FDG and IMZ have defaults, whatever their labels."""
    for key in ("radionuclide", "radiopharmaceutical"):
        if key in built_in:
            tracer.setdefault(key, built_in[key])
    if "radionuclide" in tracer:
        nuclide = radionuclide_name(tracer["radionuclide"])
        if nuclide is None:
            raise ConfigError(
                f"{CONFIG_NAME}: tracers: {name}: radionuclide: found {tracer['radionuclide']!r},"
                " needed a radionuclide such as F-18 or I-123"
            )
        tracer["radionuclide"] = nuclide
    names = tracer.get("radiopharmaceutical", [])
    tracer["radiopharmaceutical"] = [names] if isinstance(names, str) else names


def check_rows(path, name, columns):
    """Apply a table's schema row by row."""
    schema = schema_of(name)
    kinds = {column: entry.get("type") for column, entry in schema["properties"].items()}
    validator = Draft202012Validator(schema)
    for line in read_rows(path, columns, required=0):
        values = {key: line.number_or_none(key) if kinds[key] == "number" else line.text(key) for key in line.row}
        error = best_match(validator.iter_errors({key: value for key, value in values.items() if value is not None}))
        if error is not None and error.validator == "required":
            raise line.wrong(next(key for key in schema["required"] if values[key] is None), "a value")
        if error is not None:
            raise line.wrong(error.absolute_path[-1], error.schema["description"])


def find_atlas():
    """Return the labels, the table, the name and the flags of the atlas, and check that it has the regions."""
    from pet_spect.imaging import atlases

    atlas = config["atlas"]
    if "name" in atlas:
        labels, table = atlases.find_atlas(atlas["name"])
        flags = ["--atlas", atlas["name"]]
    else:
        labels, table = Path(atlas["labels"]), Path(atlas["table"])
        flags = ["--atlas-labels", str(labels), "--atlas-table", str(table)]
        for key, path in ("labels", labels), ("table", table):
            if not os.path.isfile(path):
                raise ConfigError(f"{CONFIG_NAME}: atlas: {key}: {path} does not exist")
    check_paths("pet_spect", {"the folder of its own atlases": str(labels)})
    rows = read_table(table, required=("index", "region", "side"), most_bytes=MOST_TYPED_BYTES)
    sides = {}
    for row in rows:
        sides.setdefault(row["region"], set()).add(row["side"])
    check_regions("targets", config["targets"], sides, table, both_sides=True)
    have = [(region, side) for region, found in sides.items() for side in found]
    for name, reference in REFERENCES.items():
        if reference.regions not in ((TARGET,), (EVERY,)):
            both_sides = reference.side != "both"
            check_regions(f"references: {name}", reference.regions, sides, table, both_sides=both_sides)
        for side in ("left", "right"):
            try:
                parts_of_reference(reference, config["targets"], side, have)
            except RegionError as error:
                raise ConfigError(f"{CONFIG_NAME}: references: {name}: {error}") from None
    return labels, table, labels.name.split(".")[0], flags, list(sides)


def check_regions(where, regions, sides, table, both_sides):
    for region in regions:
        if region not in sides:
            near = "".join(f"; did you mean {name!r}?" for name in get_close_matches(region, sides, n=1))
            name = where.rpartition(" ")[2]
            way_out = f"; leave it out with '{name}: null'" if name in BUILT_IN else ""
            raise ConfigError(f"{CONFIG_NAME}: {where}: {shown(region)} is not a region of {table.name}{near}{way_out}")
        if both_sides and not {"left", "right"} <= sides[region]:
            raise ConfigError(f"{CONFIG_NAME}: {where}: {shown(region)} has no left and right side in {table.name}")


def find_references():
    """Return the built-in references and those of the config, and check that the primary ones are among them."""
    try:
        references = read_references(config["references"])
    except RegionError as error:
        raise ConfigError(f"{CONFIG_NAME}: references: {error}") from None
    for tracer in config["tracers"]:
        name = config["primary"][tracer]
        if name not in references:
            raise ConfigError(
                f"{CONFIG_NAME}: primary: {tracer}: found {shown(name)}, needed one of the references {listed(references)}"
            )
    return references


def read_decisions(path, people):
    """Return the signed decisions; none without a table."""
    if not os.path.isfile(path):
        return []
    decisions = study.read_decisions(path)
    for decision in decisions:
        key = decision.key
        if (
            key.participant not in people
            or key.session not in config["sessions"]
            or key.tracer not in config["tracers"]
        ):
            raise TableError(f"{path}: {key.participant} {key.session} {key.tracer} is not a scan of this study")
    check_rows(path, "qc", study.DECISION_COLUMNS)
    return decisions


def read_study():
    """Return the participants by name, their scans by participant, session and label, and the signed decisions."""
    people_path, scans_path = Path(config["participants"]), Path(config["scans"])
    empty = [str(path) for path in (people_path, scans_path) if not read_table(path, most_bytes=MOST_TYPED_BYTES)]
    if empty:
        raise TableError(
            f"{' and '.join(empty)}: not filled in yet; one line per participant and one per scan are needed"
            " (config/README.md explains the columns)"
        )
    people = study.read_participants(people_path)
    scans = study.read_scans(scans_path, people, config["sessions"], config["tracers"])
    check_rows(people_path, "participants", study.PARTICIPANT_COLUMNS)
    check_rows(scans_path, "scans", study.SCAN_COLUMNS)
    masks = {f"{name}: lesion_mask": person.lesion_mask for name, person in people.items() if person.lesion_mask}
    check_there(people_path, masks, as_files=True)
    check_there(people_path, {f"{name}: anat": person.anat for name, person in people.items() if person.anat})
    check_there(scans_path, {f"{scan.participant_id} {scan.session} {scan.tracer}: path": scan.path for scan in scans})
    decisions = read_decisions(Path(config["qc"]), people)
    listed = {person: {} for person in people}
    for scan in scans:
        listed[scan.participant_id][scan.session, config["tracers"][scan.tracer]["label"]] = scan
    return people, listed, decisions


try:
    check_config()
    REFERENCES = find_references()
    ATLAS_LABELS, ATLAS_TABLE, ATLAS_NAME, ATLAS_FLAGS, ATLAS_REGIONS = find_atlas()
    PARTICIPANTS, SCANS, DECISIONS = read_study()
except PetSpectError as error:
    sys.exit(f"pet_spect: {error}")

QC = [config["qc"]] if os.path.isfile(config["qc"]) else []
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
    flags = []
    for scan in SCANS[wildcards.participant].values():
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
