"""The folder of a new study: config, empty tables and what to do with them."""

from __future__ import annotations

from pathlib import Path

from pet_spect.errors import ConfigError
from pet_spect.files import whole_file
from pet_spect.study.decisions import DECISION_COLUMNS
from pet_spect.study.outcomes import OTHER_SPELLINGS, OUTCOME_COLUMNS
from pet_spect.study.participants import PARTICIPANT_COLUMNS
from pet_spect.study.scans import SCAN_COLUMNS

TABLES = {
    "participants": PARTICIPANT_COLUMNS[:2],
    "scans": SCAN_COLUMNS[:4],
    "qc": DECISION_COLUMNS,
    "outcomes": tuple(name for name in OUTCOME_COLUMNS if name not in OTHER_SPELLINGS),
}
"""Table to the columns that it begins with."""

CONFIG = """\
# The two tables of your study. Every other key has a default: config/README.md of pet_spect explains them all.
participants: config/participants.tsv
scans: config/scans.tsv
"""

README = """\
# A study with pet_spect

1. Fill in `config/participants.tsv` (who, and on which side of the brain the stroke is) and `config/scans.tsv` (where
   each scan is). Or let `pet-spect index DICOM_FOLDER --out draft` draft both. `config/README.md` of pet_spect explains
   every column, and every key of `config/config.yaml`.
2. In the folder of pet_spect, with STUDY for the path of this folder, type
   `.venv/bin/snakemake --directory STUDY --configfile STUDY/config/config.yaml --cores 8 -n` to check the tables.
3. The same line without `-n` runs the study. Then open `results/report/index.html`.
4. Decide about refused scans in `config/qc.tsv` and type the line again: only what changed is done again.
5. If the trial has clinical outcomes, fill in `config/outcomes.tsv`; otherwise leave it as it is.
6. Give others `results/` only: the tables in `config/` name the paths of the scans.
"""


def start_study(folder: Path) -> None:
    """Make the folder of a study.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty.

    Raises
    ------
    ConfigError
        If it holds anything, or is a file.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder}: is not empty; name a new folder for the study")
    tables = {f"config/{name}.tsv": "\t".join(columns) + "\n" for name, columns in TABLES.items()}
    for name, text in {**tables, "config/config.yaml": CONFIG, "README.md": README}.items():
        with whole_file(folder / name) as partial:
            partial.write_text(text, encoding="utf-8")
