"""What verify finds: a file, what is wrong with it, and what makes it again."""

from __future__ import annotations

from dataclasses import dataclass

from pet_spect.results import layout
from pet_spect.results.proof.manifest_entries import verb_of

_OF_EVERYBODY = {
    "cohort": "results/tables/summary.tsv",
    "outcomes": "results/tables/outcomes.tsv",
    "report": "results/report/index.html",
    "accounted": "results/tables/accounted.tsv",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the run left it.

    Attributes
    ----------
    name : str
        Path relative to the results folder, or how an input is called.
    what : str
        What is wrong.
    remade_by : str or None
        The output, relative to the folder of the study, whose step makes the file again; None if none does.
    """

    name: str
    what: str
    remade_by: str | None = None


def remade_by(path: str) -> str | None:
    """Return the output of the workflow whose step makes a file of the results; None if no step makes it.

    Examples
    --------
    >>> remade_by("sub-01/ses-year1/pet/sub-01_ses-year1_trc-18FFDG_space-MNI152NLin2009cSym_pet.nii.gz")
    'results/sub-01/xfm/sub-01_registration.json'
    """
    verb, folders = verb_of(path), path.split("/")
    if path == "manifest.json" or verb == "convert":
        return f"results/{path}"
    if verb == "normalise":
        return f"results/{layout.registration_record(folders[0])}"
    if verb == "measure":
        return f"results/{layout.manifest_part(folders[0])}"
    if verb == "figures":
        return "/".join(["results", *folders[:2]])
    return None if path.startswith("tables/decisions_log.") else _OF_EVERYBODY.get(verb)
