"""Configuration and tables of a study are checked together, and every mistake is told at once."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from snakemake.utils import validate

from pet_spect.errors import Mistake, StudyError
from pet_spect.imaging.atlases import find_atlas
from pet_spect.quantify.cohort.protocol.rules import BUILT_IN, read_protocols
from pet_spect.study.check import Study, check_study
from pet_spect.study.config_lines import ConfigLines

TABLES = "participants: participants.tsv\nscans: scans.tsv\n"
PEOPLE = "participant_id lesion_side\nsub-01 left\nsub-02 right\n"
SCANS = "participant_id session tracer path\nsub-01 baseline FDG a\nsub-01 year1 FDG b\nsub-02 year1 FDG c\n"
QC = "participant_id session tracer decision code reason initials time version\n"


class Folder:
    """A study's folder, which is the working directory."""

    def __init__(self, schemas: Path) -> None:
        self.schemas = schemas
        for place in "abc":
            Path(place).mkdir()
        self.write("config.yaml", TABLES)
        self.write("participants.tsv", PEOPLE)
        self.write("scans.tsv", SCANS)

    def write(self, name: str, text: str) -> None:
        """Write a file; columns of a table are separated by single blanks here."""
        Path(name).write_text(text.replace(" ", "\t") if name.endswith(".tsv") else text, encoding="utf-8")

    def configure(self, extra: str) -> None:
        """Write the configuration, `extra` from line 3 on."""
        self.write("config.yaml", TABLES + extra)

    def check(self, *files: str, **command_line: object) -> Study:
        """Check the study as the workflow does."""
        config: dict[str, object] = {}
        for file in files or ("config.yaml",):
            config |= yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        return check_study(config | command_line, files or ("config.yaml",), self.schemas, command_line=command_line)

    def mistakes(self, *files: str, **command_line: object) -> list[Mistake]:
        """Return every mistake of the study."""
        with pytest.raises(StudyError) as caught:
            self.check(*files, **command_line)
        return list(caught.value.mistakes)


@pytest.fixture
def folder(tmp_path, monkeypatch, repository):
    monkeypatch.chdir(tmp_path)
    return Folder(repository / "workflow/schemas")


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("mesure: {min_coverage: 0.8}", "key 'mesure' is not known; did you mean 'measure'?"),
        ("measure: {min_covrage: 0.8}", "measure: key 'min_covrage' is not known; did you mean 'min_coverage'?"),
        ("measure: {min_coverage: 90}", "measure: min_coverage: found 90, needed a fraction above 0, at most 1"),
        (
            "measure: {common_fwhm_mm: widest}",
            "measure: common_fwhm_mm: found 'widest', needed null, auto, or millimetres above 0, at most 30",
        ),
        (
            "within_subject_cv: {PIB: {value: 5, kind: total, source: x}}",
            "within_subject_cv: tracer PIB is not among tracers (FDG, IMZ)",
        ),
        (
            "within_subject_cv: {FDG: {value: 0.05, kind: total, source: x}}",
            "within_subject_cv: FDG: value: found 0.05, needed percent, 0.5 to 50, such as 5 for 5 %",
        ),
        (
            "within_subject_cv: {FDG: {value: 5, kind: Total, source: x}}",
            "within_subject_cv: FDG: kind: found 'Total', needed total or biological",
        ),
        (
            "within_subject_cv: {FDG: {value: 5, kind: total}}",
            "within_subject_cv: FDG: key 'source' is missing",
        ),
        (
            "within_subject_cv: {FDG: {value: 5, kind: total, source: ' '}}",
            "within_subject_cv: FDG: source: found ' ', needed where the value is from, in one line",
        ),
        (
            'within_subject_cv: {FDG: {value: 5, kind: total, source: "a\\ud800"}}',
            "within_subject_cv: FDG: source: found 'a\\ud800', needed where the value is from",
        ),
        (
            'tracers: {FDG: {label: a, datatype: pet, radiopharmaceutical: "\\ud800a"}}',
            "tracers: FDG: radiopharmaceutical: found '\\ud800a', needed a name",
        ),
        (
            "within_subject_cv: {FDG: 5}",
            "within_subject_cv: FDG: found 5, needed value, kind and source",
        ),
        ("study: {name: x}", "study: key 'name' is not known"),
        ("study: {id: 12}", "study: id: found 12, needed one line of at most 64 characters"),
        ("study: {title: ' x'}", "study: title: found ' x', needed one line of at most 200 characters"),
        ('study: {title: "a\\nb"}', "study: title: found 'a\\nb', needed one line of at most 200 characters"),
        ('study: {id: "a\\eb"}', "study: id: found 'a\\x1bb', needed one line"),
        ('study: {title: "a\\u202eb"}', "study: title: found 'a\\u202eb', needed one line"),
        ('study: {title: "a\\ud800b"}', "study: title: found 'a\\ud800b', needed one line"),
        (f"study: {{registration: {201 * 'x'}}}", "(201 characters), needed one line of at most 200 characters"),
        ("sessions: [baseline]", "sessions: found ['baseline'], needed two or more different session names"),
        ("sessions: [baseline, year-1]", "sessions: 1: found 'year-1', needed a session name of letters and digits"),
        ("tracers: {FDG: {label: 18F-FDG, datatype: pet}}", "found '18F-FDG', needed a label of letters and digits"),
        ("tracers: {FDG: {label: 18FFDG}}", "tracers: FDG: key 'datatype' is missing"),
        (
            "tracers: {FDG: {label: x1, datatype: pet}, IMZ: {label: x1, datatype: spect}}",
            "tracers: two have the same label",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, frame_window: [40]}}",
            "frame_window: found [40], needed two numbers of minutes after injection, such as [40, 60]",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, frame_window: [60, 40]}}",
            "tracers: FDG: frame_window: found [60, 40], needed the earlier time first",
        ),
        ("tracers: {FDG: {label: a, datatype: pet, gate: all}}", "gate: found 'all', needed a whole number from 1 up"),
        (
            "tracers: {FDG: {label: a, datatype: pet, radionuclide: gold}}",
            "tracers: FDG: radionuclide: found 'gold', needed a radionuclide such as F-18 or I-123",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, radiopharmaceutical: []}}",
            "radiopharmaceutical: found [], needed a ",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, radiopharmaceutical: 18}}",
            "radiopharmaceutical: found 18, needed a name such as fluorodeoxyglucose, or a list of different names",
        ),
        ("primary: {FDG: pons}", "primary: tracer IMZ has no primary reference"),
        ("protocol: {IMZ: {start_minutes: [120, 180]}}", "found [120, 180], needed two times from 150 to 240 min"),
        ("protocol: {IMZ: {start_minutes: [230, 160]}}", "found [230, 160], needed the earlier time first"),
        ("protocol: {IMZ: {start_minutes: null}}", "found null, needed two times from 150 to 240 min"),
        ("protocol: {IMZ: {start_minutes: [180]}}", "needed two numbers of minutes after injection"),
        ("protocol: {FDG: {start_minute: 40}}", "key 'start_minute' is not known; did you mean 'start_minutes'?"),
        ("protocol: {FDG: {agree: [filters]}}", "found 'filters', needed start, scanner, reconstruction, filter"),
        ("tracers: {FDG: {label: a, datatype: pet, early: FDG}}", "early: found 'FDG', needed another one of the"),
        (
            "tracers: {FDG: {label: a, datatype: pet, early: IMZ}, IMZ: {label: b, datatype: spect, early: X},"
            " X: {label: c, datatype: pet, template: FDG}}\nprimary: {FDG: pons, IMZ: pons, X: pons}",
            "FDG: early: found IMZ, which has an early one itself",
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, early: X}, IMZ: {label: b, datatype: spect, early: X},"
            " X: {label: c, datatype: pet, template: FDG}}\nprimary: {FDG: pons, IMZ: pons, X: pons}",
            "IMZ: early: found X, which another tracer names, too",
        ),
        ("protocol: {PIB: {dose_apart_percent: 10}}", "protocol: tracer PIB is not among tracers (FDG, IMZ)"),
        (
            "primary: {FDG: pons, IMZ: pon}",
            "primary: IMZ: found 'pon', needed one of the references contralateral, cerebellum_ipsilesional, ",
        ),
        ("atlas: {name: Cerebra}", "no atlas 'Cerebra' is shipped; shipped: CerebrA"),
        ("atlas: {labels: a.nii.gz}", "needed the name of a shipped atlas, or the paths of labels and table"),
        ("targets: [precentrl]", "'precentrl' is not a region of CerebrA.tsv; did you mean 'precentral'?"),
        ("targets: [pons]", "targets: 'pons' has no left and right side in CerebrA.tsv"),
        (
            "references: {mine: {regions: pons, side: contralesional}}",
            "references: mine: 'pons' has no left and right side in CerebrA.tsv",
        ),
        ("targets: []", "targets: found [], needed a list of one or several different regions"),
        (
            "references: {pons: {regions: bridge, side: both}}",
            "references: pons: 'bridge' is not a region of CerebrA.tsv; leave it out with 'pons: null'",
        ),
        ("references: {mine: pons}", "references: mine: found 'pons', needed regions, side and perhaps exclude, or"),
        (
            "references: {mine: {regions: [], side: both}}",
            "references: mine: regions: found [], needed a ",
        ),
        (
            "references: {mine: {regions: [pons, pons], side: both}}",
            "references: mine: regions: found ['pons', 'pons'], ",
        ),
        ("references: {mine: {regions: [1, 2], side: both}}", "references: mine: regions: "),
        ("references: {cerebelum: null}", "references: cerebelum: needs regions and side, and may have exclude; only"),
        (
            "references: {mine: {regions: target, side: ipsilesional, exclude: [target]}}",
            "references: mine: nothing is left of the reference without target",
        ),
        ("references: {mine: {regions: pons}}", "references: mine: key 'side' is missing"),
        (
            "references: {mine: {regions: pons, side: left}}",
            "references: mine: side: found 'left', needed ipsilesional, contralesional or both",
        ),
        (
            "sessions: [yes, a]",
            "sessions: 0: found True, needed a session name of letters and digits, 32 at the most; Y",
        ),
        ("sessions: [12, a]", "32 at the most; put quotes around a name that looks like a number or a date"),
        ("sessions: [2021-01-01, a]", "sessions: 0: found 2021-01-01, needed a session name of letters and digits"),
        ("sessions: baseline, year1", "the reference first; write [baseline, year1]"),
        ("targets: precentral", "different regions of the atlas, measured as one; write [precentral]"),
        ("targets: [M1]", "targets: 'M1' is not a region of CerebrA.tsv; its column region lists all ("),
        (
            "measure: {min_coverage: '0,8'}",
            "found '0,8', needed a fraction above 0, at most 1; write a point, not a comma",
        ),
        ("measure: {min_coverage: '0.8'}", "at most 1; write the number without quotes"),
        ("targets:", "targets: found nothing, needed a list of one or several different regions"),
        ("primary: {FDG: cerebellum_ipsilateral, IMZ: pons}", "and 2 more; did you mean 'cerebellum_ipsilesional'?"),
        ("qc: a", "qc: a is a folder; name the file in it"),
        ("references: {Mine: {regions: pons, side: both}}", "references: found 'Mine', needed a name of small letters"),
        (
            "regions: {target: paracentral, pons: bridge}",
            "regions: was replaced in 0.2.0; write instead targets: [paracentral] and"
            " references: {pons: {regions: bridge, side: both}}",
        ),
        ("qc: config/qc2.tsv", "qc: config/qc2.tsv does not exist"),
        ("qc: <results>/qc.tsv", "qc: found '<results>/qc.tsv', needed a path without { } < >, control"),
        ("atlas: {labels: a<b>.nii, table: a.tsv}", "atlas: labels: found 'a<b>.nii'"),
        (
            "tracers: {FDG: {label: a, datatype: pet}, IMZ: {label: A, datatype: spect}}",
            "tracers: label: a and A differ only in capitals; rename one",
        ),
        (
            'tracers: {FDG: {label: "a\\n", datatype: pet}}',
            "tracers: FDG: label: found 'a\\n', needed a label of letters and digits",
        ),
        ('sessions: [a, "b\\n"]', "sessions: 1: found 'b\\n', needed a session name of letters and digits"),
        ("sessions: [b\u0430se, b]", "sessions: 0: found 'b\u0430se', needed a session name of letters and digits"),
        (
            f"sessions: [a, {'b' * 33}]",
            f"found '{'b' * 33}', needed a session name of letters and digits, 32 at the most",
        ),
    ],
)
def test_a_mistake_in_the_config_has_the_line_of_its_key(folder, extra, expected):
    folder.configure(extra)
    (mistake,) = folder.mistakes()
    assert (mistake.file, mistake.line) == ("config.yaml", 3)
    assert expected in f"{mistake.column}: {mistake.message}"


PATH = "needed a path without { } < >, control characters or blanks at its ends, which begins with neither ~ nor -"

ABSENT = "does not exist, relative to the working directory; correct the path"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (
            "tracers: {FDG: {label: a, datatype: pet}, PIB: {label: c, datatype: pet}}",
            [
                "config.yaml: analysis: primary: tracer PIB has no primary reference",
                "config.yaml: line 3, tracers: PIB: template: PIB is neither FDG nor IMZ nor an existing file",
            ],
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet}, fdg: {label: b, datatype: pet, template: '<logs>.nii'}}",
            [
                "config.yaml: analysis: primary: tracer fdg has no primary reference",
                "config.yaml: line 3, tracers: FDG and fdg differ only in capitals; rename one",
                f"config.yaml: line 3, tracers: fdg: template: found '<logs>.nii', {PATH}; rename the place",
            ],
        ),
        (
            "atlas: {labels: a.nii.gz, table: -a.tsv}",
            [
                f"config.yaml: line 3, atlas: table: found '-a.tsv', {PATH}; rename the place",
                f"config.yaml: line 3, atlas: labels: a.nii.gz {ABSENT}",
            ],
        ),
        (
            "atlas: {labels: a.nii.gz, table: a.tsv}",
            [
                f"config.yaml: line 3, atlas: labels: a.nii.gz {ABSENT}",
                f"config.yaml: line 3, atlas: table: a.tsv {ABSENT}",
            ],
        ),
        (
            "references: {pons: null}\nprimary: {FDG: contralateral, IMZ: pons}",
            [
                "config.yaml: line 4, primary: IMZ: found 'pons', needed one of the references contralateral,"
                " cerebellum_ipsilesional, cerebellum_contralesional, cerebellum, hemisphere_contralesional and 1 more"
            ],
        ),
        (
            "references:\n  mine: {regions: all, side: both, of: x}\nprimary: {FDG: mine, IMZ: pons}",
            [
                "config.yaml: line 4, references: mine: key 'of' is not known; known are regions, side, exclude"
                " (config/README.md lists all)"
            ],
        ),
        (
            "sessions: [base, Base]",
            [
                "config.yaml: line 3, sessions: base and Base differ only in capitals; rename one",
                "scans.tsv: line 2, session: found 'baseline', needed base or Base (did you mean 'base'?)",
                "scans.tsv: line 3, session: found 'year1', needed base or Base",
                "scans.tsv: line 4, session: found 'year1', needed base or Base",
            ],
        ),
        (
            "sessions:\n- a\n- b!\n- c?\n",
            [
                "config.yaml: line 5, sessions: 1: found 'b!', needed a session name of letters and digits, 32 at the"
                " most",
                "config.yaml: line 6, sessions: 2: found 'c?', needed a session name of letters and digits, 32 at the"
                " most",
            ],
        ),
        (
            "mesure: {}\ntargts: []\nmeasure:\n  min_coverage: 90\n",
            [
                "config.yaml: line 3: key 'mesure' is not known; did you mean 'measure'?",
                "config.yaml: line 4: key 'targts' is not known; did you mean 'targets'?",
                "config.yaml: line 6, measure: min_coverage: found 90, needed a fraction above 0, at most 1",
            ],
        ),
        (
            "tracers: {1: {label: a, datatype: pet}}",
            ["config.yaml: line 3, tracers: found the key 1, needed a name; put quotes around it"],
        ),
        (
            "pvc: rousset",
            ["config.yaml: line 3, pvc: found 'rousset', needed none or gtm"],
        ),
        (
            "measure: {misplacement_mm: 7}",
            ["config.yaml: line 3, measure: misplacement_mm: found 7, needed auto, or millimetres, 0 to 6"],
        ),
        (
            "tracers: {FDG: {label: a, datatype: pet, gate: 0}}",
            ["config.yaml: line 3, tracers: FDG: gate: found 0, needed a whole number from 1 up, or sum"],
        ),
        (
            "targets:\n- precentral\n- precentrl\nreferences:\n  mine:\n    regions: bridge\n    side: both\n",
            [
                "config.yaml: line 5, targets: 'precentrl' is not a region of CerebrA.tsv; did you mean 'precentral'?",
                "config.yaml: line 8, references: mine: 'bridge' is not a region of CerebrA.tsv; its column region"
                f" lists all ({find_atlas('CerebrA')[1]})",
            ],
        ),
    ],
)
def test_every_mistake_of_the_config_is_told(folder, extra, expected):
    folder.configure(extra)
    assert [str(mistake) for mistake in folder.mistakes()] == expected


def test_a_list_of_many_mistakes_begins_with_what_the_list_needs(folder):
    folder.configure(f"sessions: {['-'] * 200}")
    assert folder.mistakes()[0].message.startswith("found ['-', '-', '-', '-', '-' and 195 more], needed two or more")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (
            "participants",
            "'{x}.tsv'",
            f"config.yaml: line 1, participants: found '{{x}}.tsv', {PATH}; rename the place",
        ),
        (
            "participants",
            "p.tsv",
            "p.tsv: does not exist; correct the path in the config; 'pet-spect init STUDY' makes a study with empty"
            " tables",
        ),
        ("scans", "'a.tsv '", f"config.yaml: line 2, scans: found 'a.tsv ', {PATH}; rename the place"),
        (
            "scans",
            "~/scans.tsv",
            f"config.yaml: line 2, scans: found '~/scans.tsv', {PATH} (~ is not read as the home folder; write that"
            " folder out); rename the place",
        ),
        (
            "scans",
            "5",
            "config.yaml: line 2, scans: found 5, needed the path of the table of scans; put quotes around a name that"
            " looks like a number or a date",
        ),
    ],
)
def test_a_table_that_cannot_be_found(folder, key, value, expected):
    tables = TABLES.splitlines()
    tables[["participants", "scans"].index(key)] = f"{key}: {value}"
    folder.write("config.yaml", "\n".join(tables))
    assert [str(mistake) for mistake in folder.mistakes()] == [expected]


def test_a_scan_may_not_hold_the_results(folder):
    folder.write("scans.tsv", "participant_id session tracer path\nsub-01 baseline FDG .\n")
    assert [str(mistake) for mistake in folder.mistakes()] == [
        "scans.tsv: line 2, path: . holds results/, which the workflow writes; move the scan to its own folder"
    ]


def test_a_table_that_the_config_does_not_name(folder):
    folder.write("config.yaml", "participants: participants.tsv\n")
    assert folder.mistakes() == [Mistake("config.yaml", None, None, "key 'scans' is missing")]


def test_the_file_is_named_in_which_the_value_stands_that_counts(folder):
    folder.configure("sessions: [a]\n")
    folder.write("more.yaml", "# ours\nmeasure: {min_coverage: 2}\n")
    folder.write("other.json", '{\n "targets": []\n}')
    files = ("config.yaml", "more.yaml", "other.json")
    places = [(mistake.file, mistake.line, mistake.column) for mistake in folder.mistakes(*files)]
    assert places == [
        ("config.yaml", 3, "sessions"),
        ("more.yaml", 2, "measure: min_coverage"),
        ("other.json", 2, "targets"),
    ]
    *_, sessions = folder.mistakes(*files, sessions=["b"])
    assert (sessions.file, sessions.line, sessions.column) == ("--config", None, "sessions")


def test_a_config_in_json_with_tabs_has_no_lines(folder):
    folder.write("config.yaml", '{\n\t"participants": "participants.tsv",\n\t"scans": "scans.tsv"\n}')
    assert ConfigLines.read(["config.yaml"], {}).find(("scans",)) == ("config.yaml", None)


def test_a_value_that_was_merged_has_the_line_of_its_anchor(folder):
    folder.write("config.yaml", "x: &x {label: a!}\ntracers:\n  FDG: {<<: *x, datatype: pet}\n")
    lines = ConfigLines.read(["config.yaml"], {})
    assert lines.find(("tracers", "FDG", "label")) == ("config.yaml", 1)
    assert lines.find(("tracers", "FDG", "datatype")) == ("config.yaml", 3)
    assert lines.find(("tracers", "FDG", "gate")) == ("config.yaml", 3)
    assert lines.find(("primary",)) == ("config.yaml", None)


@pytest.mark.parametrize(
    "extra",
    [
        "",
        "measure: {min_coverage: 0.8}\n",
        "tracers: {FDG: {label: x, datatype: pet}}\nprimary: {FDG: pons}\nreferences: {cerebellum: null}\n",
        "atlas: {name: CerebrA}\nsessions: [baseline, year1, year2]\n",
    ],
)
def test_a_sound_study_has_the_defaults_of_its_schema(folder, extra):
    folder.configure(extra)
    study = folder.check()
    expected = yaml.safe_load(TABLES + extra)
    validate(expected, str(folder.schemas / "config.schema.yaml"))
    for name, tracer in expected["tracers"].items():
        shipped = {"FDG": ("F18", ["fluorodeoxyglucose"]), "IMZ": ("I123", ["iomazenil"])}[name]
        tracer |= {"template": name, "radionuclide": shipped[0], "radiopharmaceutical": shipped[1]}
    imz = expected["protocol"]["IMZ"]
    rules = {"FDG": imz | {"start_minutes": None}, "IMZ": imz | {"start_minutes": [165, 225]}}
    expected["protocol"] = {name: rules[name] for name in expected["tracers"]}
    reference = expected.get("primary", {"FDG": "contralateral"})["FDG"]
    assert study.config.pop("analysis") == {
        "primary": {
            name: {
                "reference": reference,
                "measure": "uptake_ratio",
                "quantity": "log_ratio",
                "session": expected["sessions"][-1],
            }
            for name in expected["tracers"]
        },
        "sets": ["as_accepted", "per_protocol", "all"],
        "missing_data": "bounds",
        "multiplicity": "none",
    }
    del expected["analysis"]
    assert study.config == expected


def test_a_primary_of_an_older_config_is_moved_and_said(folder):
    folder.configure("primary: {FDG: pons, IMZ: cerebellum}\n")
    study = folder.check()
    assert study.config["analysis"]["primary"]["IMZ"]["reference"] == "cerebellum"
    assert study.notes == ["config: primary has moved; it was read as analysis: primary"]


def test_the_primary_of_the_analysis_counts_if_both_agree(folder):
    more = "{reference: pons, session: month6}"
    sessions = "sessions: [baseline, month6, year1]\n"
    folder.configure(
        f"{sessions}primary: {{FDG: pons, IMZ: pons}}\nanalysis: {{primary: {{FDG: {more}, IMZ: pons}}}}\n"
    )
    study = folder.check()
    assert {name: entry["session"] for name, entry in study.config["analysis"]["primary"].items()} == {
        "FDG": "month6",
        "IMZ": "year1",
    }
    assert study.notes == ["config: primary has moved; analysis: primary is used, which agrees with it"]


def test_two_primaries_that_contradict_each_other_are_refused(folder):
    folder.configure("primary: {FDG: pons, IMZ: pons}\nanalysis: {primary: {FDG: cerebellum, IMZ: pons}}\n")
    (mistake,) = folder.mistakes()
    assert str(mistake) == (
        "config.yaml: line 3, primary: FDG: found 'pons', but analysis: primary does not say this; remove primary"
    )


@pytest.mark.parametrize(
    ("analysis", "expected"),
    [
        ("{quantity: percent}", "analysis: quantity: found 'percent', needed log_ratio or change"),
        ("{session: baseline}", "analysis: primary: FDG: found session 'baseline', needed one of the follow-ups year1"),
        (
            "{measure: ratio_minus_one}",
            "analysis: primary: FDG: found reference 'contralateral', but ratio_minus_one has pons only",
        ),
        (
            "{primary: {FDG: {measure: ratio_minus_one, quantity: log_ratio}, IMZ: pons}}",
            "FDG: found quantity log_ratio, but ratio_minus_one crosses zero; write quantity: change",
        ),
        (
            "{measure: late_early_ratio}",
            "analysis: primary: FDG: found measure late_early_ratio, but tracer FDG has no early scan (key early)",
        ),
        ("{sets: [itt]}", "analysis: sets: 0: found 'itt', needed as_accepted, per_protocol or all"),
        ("{multiplicity: bonferroni}", "analysis: multiplicity: found 'bonferroni', needed none, holm or fixed"),
        ("{missing_data: locf}", "analysis: missing_data: found 'locf', needed bounds or complete_cases"),
        ("{primary: {FDG: pons}}", "analysis: primary: tracer IMZ has no primary reference"),
        ("{primary: {FDG: pon, IMZ: pons}}", "analysis: primary: FDG: found 'pon', needed one of the references"),
        ("{primary: {FDG: 1, IMZ: pons}}", "FDG: found 1, needed the name of a reference, or reference, measure"),
        ("{primary: {FDG: {referenc: pons}, IMZ: pons}}", "key 'referenc' is not known; did you mean 'reference'?"),
        ("{multiplicty: holm}", "analysis: key 'multiplicty' is not known; did you mean 'multiplicity'?"),
        ("[pons]", "analysis: found ['pons'], needed primary, measure, quantity, session, sets"),
    ],
)
def test_a_mistake_in_the_analysis_has_its_line(folder, analysis, expected):
    folder.configure(f"analysis: {analysis}")
    mistake = folder.mistakes()[0]
    assert (mistake.file, mistake.line) == ("config.yaml", 3)
    assert expected in f"{mistake.column}: {mistake.message}"


def test_the_rules_of_a_config_change_what_they_name_and_leave_the_window_of_imz(folder):
    folder.configure("protocol: {IMZ: {dose_apart_percent: 30}, FDG: {start_minutes: [45, 75]}}\n")
    protocol = folder.check().config["protocol"]
    assert (protocol["IMZ"]["start_minutes"], protocol["IMZ"]["dose_apart_percent"]) == ([165, 225], 30)
    assert (protocol["FDG"]["start_minutes"], protocol["FDG"]["dose_apart_percent"]) == ([45, 75], 20)
    assert read_protocols(protocol, protocol)["IMZ"] == replace(BUILT_IN["IMZ"], dose_apart_percent=30.0)


def test_an_early_scan_is_a_tracer_with_its_own_window(folder):
    folder.configure(
        "tracers:\n"
        "  FDG: {label: 18FFDG, datatype: pet}\n"
        "  IMZ: {label: 123IIMZ, datatype: spect, early: IMZearly}\n"
        "  IMZearly: {label: 123IIMZearly, datatype: spect, template: FDG, radionuclide: I-123}\n"
        "protocol: {IMZearly: {start_minutes: [0, 60]}}\n"
        "primary: {FDG: contralateral, IMZ: contralateral, IMZearly: contralateral}\n"
    )
    config = folder.check().config
    assert config["tracers"]["IMZ"]["early"] == "IMZearly"
    assert [config["protocol"][name]["start_minutes"] for name in config["tracers"]] == [None, [165, 225], [0, 60]]


def test_the_schema_has_the_rules_of_the_code(folder):
    folder.configure("tracers: {FDG: {label: x, datatype: pet}, IMZ: {label: y, datatype: spect}}\n")
    assert read_protocols(folder.check().config["protocol"], ["FDG", "IMZ"]) == read_protocols({}, ["FDG", "IMZ"])


def test_a_sound_study_is_returned_whole(folder):
    folder.configure("references: {thalami: {regions: thalamus, side: both}, cerebellum: null}\n")
    folder.write("participants.tsv", PEOPLE + "sub-03 left\n")
    folder.write("qc.tsv", QC + "sub-01 year1 FDG exclude n/a moved AB 2026-11-23 0.1.0\n")
    folder.configure("qc: qc.tsv\nreferences: {thalami: {regions: thalamus, side: both}, cerebellum: null}\n")
    study = folder.check()
    assert list(study.participants) == ["sub-01", "sub-02", "sub-03"]
    assert list(study.scans["sub-01"]) == [("baseline", "18FFDG"), ("year1", "18FFDG")]
    assert study.scans["sub-03"] == {}
    assert [decision.reason for decision in study.decisions] == ["moved"]
    assert study.qc == ["qc.tsv"]
    assert "cerebellum" not in study.references
    assert study.references["thalami"].regions == ("thalamus",)
    assert (study.atlas.name, study.atlas.flags) == ("CerebrA", ["--atlas", "CerebrA"])
    assert "precentral" in study.atlas.regions


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("height_m", "172", "found '172', needed metres, 0.4 to 2.6"),
        ("height_m", "tall", "found 'tall', needed a number such as 72.5, with a point and without a unit, or n/a"),
        ("height_m", "1,74", "found '1,74', needed a number such as 72.5, with a point and without a unit, or n/a"),
        (
            "lesion_mask",
            "a_space-anat_mask.nii",
            "a_space-anat_mask.nii does not exist, relative to the working direct",
        ),
        (
            "anat",
            "results/sub-01",
            "results/sub-01 lies in results/, which the workflow writes; move the scan to another",
        ),
        (
            "lesion_mask",
            "a_space-MNI152NLin2009cSym_mask.nii",
            "a_space-MNI152NLin2009cSym_mask.nii does not exist, relative to the working directory; correct the path",
        ),
        ("lesion_mask", "mask.img", "found 'mask.img', needed the path of a NIfTI image whose name says where it lies"),
        ("sex", "female", "found 'female', needed M or F or O"),
        ("anat", "t1.nii.gz", "t1.nii.gz does not exist, relative to the working directory; correct the path"),
        ("anat", "/nowhere/t1.nii.gz", "/nowhere/t1.nii.gz does not exist; correct the path"),
        ("anat", "'a'", "'a' does not exist, relative to the working directory; write the path without quotes"),
        ("anat", "~/t1", f"found '~/t1', {PATH} (~ is not read as the home folder; write that folder out)"),
        ("anat_series", "T1", "found 'T1', needed n/a, because the column anat names no image"),
        ("lesion_territory", "cortex", "found 'cortex', needed supratentorial or infratentorial"),
        (
            "treatment_mask",
            "mask.nii.gz",
            "found 'mask.nii.gz', needed the path of a NIfTI image of burr hole and needle",
        ),
        (
            "treatment_mask",
            "a_space-anat_t.nii",
            "a_space-anat_t.nii does not exist, relative to the working directory",
        ),
        ("treatment_sites", "mni:-34,-20", "found 'mni:-34,-20', needed points in mm such as mni:-34,-20,52, several"),
        ("treatment_sites", "anat:1,2,3", "the space anat is used, and the column anat names no image"),
        (
            "treatment_sites",
            "ses-baseline_trc-123IIMZ:1,2,3",
            "ses-baseline_trc-123IIMZ is no scan of this person in scans.tsv; listed: ses-baseline_trc-18FFDG,",
        ),
        (
            "treatment_sites",
            "mni:-34,-20,52;mni:-95,0,0",
            "mni:-95,0,0 lies outside the brain of MNI152NLin2009cSym; x counts millimetres to the right, y to the",
        ),
        ("treatment_sites", "mni:0,-20,52", "mni:0,-20,52 lies on the midline; a treatment site must lie on one side"),
    ],
)
def test_a_mistake_among_the_participants(folder, column, value, expected):
    Path("results/sub-01").mkdir(parents=True)
    folder.write("participants.tsv", f"participant_id lesion_side {column}\nsub-01 left {value}\nsub-02 right n/a\n")
    (mistake,) = folder.mistakes()
    assert (mistake.file, mistake.line, mistake.column) == ("participants.tsv", 2, column)
    assert mistake.message.startswith(expected)


def test_treatment_sites_are_told_and_their_measurement_has_settings(folder):
    folder.write(
        "participants.tsv",
        "participant_id lesion_side treatment_sites\nsub-01 left mni:-34,-20,52;ses-year1_trc-18FFDG:0,0,900\n"
        "sub-02 right n/a\n",
    )
    study = folder.check()
    assert [point.space for point in study.participants["sub-01"].treatment_sites] == ["mni", ("year1", "18FFDG")]
    assert (study.config["measure"]["lesion_rings"], study.config["measure"]["treatment_radius_mm"]) == (False, 10)


def test_an_atlas_must_not_use_the_names_of_surroundings(folder):
    Path("own.nii.gz").touch()
    Path("own.tsv").write_text("index\tregion\tside\n1\tlesion_ring_0_10\tleft\n")
    folder.configure("atlas: {labels: own.nii.gz, table: own.tsv}\n")
    (mistake,) = folder.mistakes()
    assert mistake.message == "lesion_ring_0_10 is the name of a region that pet_spect makes itself; rename it"


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (
            "participant_id lesion_side\nsub-01 Left\nsub-02 right\n",
            "participants.tsv: line 2, lesion_side: found 'Left', needed left or right (did you mean 'left'?)",
        ),
        (
            "participant_id lesion_side\nsub-01 left\n",
            "scans.tsv: line 4, participant_id: found 'sub-02', needed somebody participants.tsv lists",
        ),
        (
            PEOPLE + "02 left\n",
            "participants.tsv: line 4, participant_id: found '02', needed sub- followed by letters and digits,"
            " 72 characters at the most, such as sub-02",
        ),
        (
            PEOPLE + "STRK-003 left\n",
            "participants.tsv: line 4, participant_id: found 'STRK-003', needed sub- followed by letters and digits,"
            " 72 characters at the most, such as sub-STRK003",
        ),
        (
            PEOPLE + "sub-01 left\n",
            "participants.tsv: line 4: sub-01 is a duplicate of line 2",
        ),
        (
            PEOPLE + "sub-03\n",
            "participants.tsv: line 4: found 1 values, needed 2, as many as the header names columns (columns are"
            " separated by tabs)",
        ),
        (
            "participant_id lesion_side\n",
            "participants.tsv: not filled in yet; one line per participant and one per scan are needed"
            " (config/README.md explains the columns)",
        ),
        (
            "participant_id lesion_side weight\nsub-01 left 1\nsub-02 right 1\n",
            "participants.tsv: column 'weight' is not known; did you mean 'height_m'?",
        ),
        (
            "participant lesion\nsub-01 left\n",
            "participants.tsv: no column 'participant_id' and no 'lesion_side'; found 'participant', 'lesion'",
        ),
        (
            "participant_id;lesion_side\nsub-01;left\n",
            "participants.tsv: its columns are separated by ';', tabs are needed; save it as tab-delimited text",
        ),
        (
            "participant_id,lesion_side\nsub-01,left\n",
            "participants.tsv: its columns are separated by ',', tabs are needed; save it as tab-delimited text",
        ),
    ],
)
def test_a_table_of_participants_that_cannot_be_used(folder, people, expected):
    folder.write("participants.tsv", people)
    told = [str(mistake) for mistake in folder.mistakes()]
    assert told[0] == expected
    assert len(told) == 1 or told[1].startswith("participants.tsv: column 'participant' is not known")


@pytest.mark.parametrize("begins", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00"])
def test_a_workbook_is_no_table(folder, begins):
    Path("participants.tsv").write_bytes(begins + b"\x00\xff" * 100)
    assert folder.mistakes() == [
        Mistake("participants.tsv", None, None, "is a workbook of a spreadsheet; save it as tab-delimited text")
    ]


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ("sub-01 baseline FDG c n/a n/a n/a", None, "sub-01 baseline FDG is a duplicate of line 2"),
        (
            "sub-01 year2 FDG c n/a n/a n/a",
            "session",
            "found 'year2', needed baseline or year1 (did you mean 'year1'?)",
        ),
        ("sub-01 year1 PIB c n/a n/a n/a", "tracer", "found 'PIB', needed FDG or IMZ"),
        ("sub-1 year1 FDG c n/a n/a n/a", "participant_id", "found 'sub-1', needed somebody participants.tsv lists"),
        (
            "sub-01 year1 FDG dicom/nowhere n/a n/a n/a",
            "path",
            "dicom/nowhere does not exist, relative to the working directory; correct the path",
        ),
        ("sub-01 year1 FDG n/a n/a n/a n/a", "path", "found 'n/a', needed a value"),
        ("sub-01 year1 FDG c 70000 n/a n/a", "weight_kg", "found '70000', needed kilograms, 1 to 400"),
        ("sub-01 year1 FDG a/.. n/a n/a n/a", None, "path a/.. holds that of line 2; each scan needs its own, or both"),
        ("sub-01 year1 FDG c n/a 9.30 n/a", "injection_time", "found '9.30', needed a clock time such as 09:30"),
        ("sub-01 year1 FDG c n/a n/a 0", "uptake_minutes", "found '0', needed minutes, above 0, at most 1440"),
        ("sub-01 year1 FDG image.nii n/a n/a n/a", None, "path image.nii has no image.json beside it"),
        (
            "01 year1 FDG c n/a n/a n/a",
            "participant_id",
            "found '01', needed somebody participants.tsv lists (did you me",
        ),
        (
            "sub-01 year1 FDG results/x n/a n/a n/a",
            "path",
            "results/x lies in results/, which the workflow writes; move",
        ),
        ("sub-01 year1 FDG .. n/a n/a n/a", None, "path .. holds that of line 2; each scan needs its own"),
        (
            "sub-01 year1 FDG C:\\data\\1 n/a n/a n/a",
            "path",
            "C:\\data\\1 does not exist, relative to the working directory;"
            " it is a path of Windows; write the path that this computer has for it",
        ),
        (
            "sub-01 year1 FDG $D/1 n/a n/a n/a",
            "path",
            "$D/1 does not exist, relative to the working directory; variables",
        ),
        (
            "sub-01 year1 FDG c/*.dcm n/a n/a n/a",
            "path",
            "c/*.dcm does not exist, relative to the working directory; * an",
        ),
        (
            "sub-01 year1 FDG http://x/y n/a n/a n/a",
            "path",
            "http:/x/y does not exist, relative to the working directory; it",
        ),
        (
            "sub-01 year1 FDG packed.nii n/a n/a n/a",
            "path",
            "packed.nii does not exist, relative to the working directory; did you mean packed.nii.gz?",
        ),
        (f"sub-01 year1 FDG {'x' * 300} n/a n/a n/a", "path", f"{'x' * 300} does not exist, relative to the working"),
    ],
)
def test_a_mistake_among_the_scans(folder, row, column, expected):
    Path("image.nii").touch()
    Path("packed.nii.gz").touch()
    Path("results/x").mkdir(parents=True)
    header = "participant_id session tracer path weight_kg injection_time uptake_minutes"
    folder.write("scans.tsv", f"{header}\nsub-01 baseline FDG a n/a n/a n/a\n{row}\n")
    (mistake,) = folder.mistakes()
    assert (mistake.file, mistake.line, mistake.column) == ("scans.tsv", 3, column)
    assert mistake.message.startswith(expected)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "sub-09 year1 FDG exclude n/a moved AB 2026-11-23 0.1.0",
            "line 2: sub-09 year1 FDG is not a scan of this study",
        ),
        (
            "sub-01 year1 FDG accept gate_mirrored_visit seen AB 2026-11-28 0.2.0",
            "line 2: gate_mirrored_visit cannot be accepted: left and right are exchanged",
        ),
        (
            "sub-01 year1 FDG exclude n/a -moved AB 2026-11-23 0.1.0",
            "line 2, reason: found '-moved', needed why, in words that do not begin with a dash",
        ),
        (
            "sub-01 year1 FDG exclude n/a moved A 2026-11-23 0.1.0",
            "line 2, initials: found 'A', needed the initials of",
        ),
        ("sub-01 year1 FDG exclude n/a moved AB 23.11.2026 0.1.0", "line 2, time: found '23.11.2026', needed a date"),
    ],
)
def test_a_mistake_among_the_sign_offs(folder, row, expected):
    folder.configure("qc: qc.tsv\n")
    folder.write("qc.tsv", QC + row + "\n")
    (mistake,) = folder.mistakes()
    assert str(mistake).startswith(f"qc.tsv: {expected}")


def test_a_scan_from_a_computer_whose_clock_is_ahead_is_a_mistake(folder):
    os.utime("c", (4e9, 4e9))
    folder.write("scans.tsv", "participant_id session tracer path\nsub-01 year1 FDG c\n")
    (mistake,) = folder.mistakes()
    assert mistake.message.startswith("c has a date in the future (2096-10-")
    assert mistake.message.endswith("from a computer whose clock is wrong; type: touch c")


def test_a_row_with_several_wrong_columns_has_as_many_mistakes(folder):
    folder.write(
        "scans.tsv",
        "participant_id session tracer path weight_kg orientation\nsub-01 n/a n/a a 7e5 ?\nsub-01 n/a n/a b n/a n/a\n",
    )
    assert [(mistake.line, mistake.column) for mistake in folder.mistakes()] == [
        (2, "session"),
        (2, "tracer"),
        (2, "weight_kg"),
        (2, "orientation"),
        (3, "session"),
        (3, "tracer"),
    ]


def test_mistakes_of_config_and_all_tables_come_together(folder):
    folder.configure("qc: qc.tsv\nmeasure: {min_coverage: 90}\n")
    folder.write("participants.tsv", "participant_id lesion_side sex\nsub-01 Left man\nsub-02 right n/a\n")
    folder.write("scans.tsv", SCANS + "sub-09 year1 FDG d\n")
    folder.write("qc.tsv", QC + "sub-01 year1 FDG exclud n/a moved AB 2026-11-23 0.1.0\n")
    found = folder.mistakes()
    assert [(mistake.file, mistake.line, mistake.column) for mistake in found] == [
        ("config.yaml", 4, "measure: min_coverage"),
        ("participants.tsv", 2, "lesion_side"),
        ("participants.tsv", 2, "sex"),
        ("scans.tsv", 5, "participant_id"),
        ("scans.tsv", 5, "path"),
        ("qc.tsv", 2, "decision"),
    ]


def test_sessions_that_are_none_are_not_looked_for_in_the_tables(folder):
    folder.configure("sessions: [baseline]\n")
    assert [(mistake.file, mistake.column) for mistake in folder.mistakes()] == [("config.yaml", "sessions")]


def test_people_of_a_table_that_cannot_be_read_are_not_missed_in_the_others(folder):
    folder.write("participants.tsv", "participant_id side\nsub-01 left\n")
    folder.write("scans.tsv", SCANS.replace("02 year1 FDG", "02 year1 fdg"))
    assert [(mistake.file, mistake.line) for mistake in folder.mistakes()] == [
        ("participants.tsv", None),
        ("participants.tsv", None),
        ("scans.tsv", 4),
    ]


def test_of_25_mistakes_20_are_shown_and_5_counted(folder):
    folder.write("participants.tsv", PEOPLE + "".join(f"sub-{number} both\n" for number in range(10, 35)))
    with pytest.raises(StudyError) as caught:
        folder.check()
    assert len(caught.value.mistakes) == 25
    lines = caught.value.lines
    assert len(lines) == 21
    assert lines[0] == "participants.tsv: line 4, lesion_side: found 'both', needed left or right"
    assert lines[-2:] == ["participants.tsv: line 23, lesion_side: found 'both', needed left or right", "and 5 more"]


def test_tables_that_do_not_exist_are_one_line_with_the_examples_to_copy(folder):
    for name in ("participants", "scans"):
        Path(f"{name}.tsv").rename(f"{name}.example.tsv")
    (mistake,) = folder.mistakes()
    assert str(mistake) == (
        "participants.tsv and scans.tsv: do not exist; copy participants.example.tsv and scans.example.tsv to these"
        " names and fill them in, as config/README.md says"
    )


def test_the_examples_of_the_repository_lack_nothing_but_the_scans(folder, repository):
    for name in ("participants", "scans", "qc"):
        example = (repository / f"config/{name}.example.tsv").read_text(encoding="utf-8")
        Path(f"{name}.tsv").write_text(example, encoding="utf-8")
    folder.configure("qc: qc.tsv\n")
    assert {mistake.column for mistake in folder.mistakes()} == {"path"}


def test_both_tables_without_rows_are_one_line(folder):
    folder.write("participants.tsv", "participant_id lesion_side\n")
    folder.write("scans.tsv", "participant_id session tracer path\n")
    (mistake,) = folder.mistakes()
    assert str(mistake).startswith("participants.tsv and scans.tsv: not filled in yet; one line per participant")


@pytest.mark.slow
def test_thousands_of_mistakes_take_seconds(folder):
    people = [f"sub-{number:05d}" for number in range(5000)]
    folder.write("participants.tsv", "participant_id lesion_side\n" + "".join(f"{one} left\n" for one in people))
    rows = [f"{one}x {session} FD d/{one}/{session}\n" for one in people for session in ("baseline", "year9")]
    folder.write("scans.tsv", "participant_id session tracer path\n" + "".join(rows))
    start = time.process_time()
    assert len(folder.mistakes()) == 35_000
    assert time.process_time() - start < 20
