"""The files that make the results folder a BIDS derivative dataset."""

from __future__ import annotations

from pathlib import Path

from pet_spect import __version__
from pet_spect.files import whole_file, write_json

NOT_BIDS = (
    "/tables",
    "/figures",
    "/report",
    "**/xfm",
    "**/spect",
    "**/anat",
    "manifest.json",
    "**/*_uptake.tsv",
    "**/*_uptake.json",
)
"""What BIDS has no name for; a trailing slash would keep the validator from matching."""


def describe_dataset(results: Path) -> None:
    """Write ``dataset_description.json`` and ``.bidsignore`` of a results folder (BIDS 1.10, derivatives)."""
    with whole_file(results / ".bidsignore") as partial:
        partial.write_text("\n".join(NOT_BIDS) + "\n", encoding="utf-8")
    description = {
        "Name": "Uptake in PET and SPECT, measured by pet_spect",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "pet_spect", "Version": __version__}],
    }
    write_json(results / "dataset_description.json", description)
