"""The names of the files under ``results/``, said once (BIDS derivatives).

Transforms are named by the image they move, as BIDS has it; `pet_spect.results.registration.transforms` reads them as
what they do to points.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple

from pet_spect.errors import ConfigError
from pet_spect.model import STANDARD_SPACE

_SCAN_NAME = re.compile(r"(sub-[A-Za-z0-9]+)_ses-([A-Za-z0-9]+)_trc-([A-Za-z0-9]+)_(pet|spect)\.nii\.gz")


class ScanName(NamedTuple):
    """The parts of a scan's file name."""

    participant: str
    session: str
    label: str
    datatype: str


def scan_name(image: PurePath) -> ScanName:
    """Return the parts of a scan's file name, the inverse of `scan_image`.

    Raises
    ------
    ConfigError
        If the file is not named like a scan in its own space.

    Examples
    --------
    >>> scan_name(PurePath("sub-01/ses-year1/pet/sub-01_ses-year1_trc-18FFDG_pet.nii.gz")).session
    'year1'
    """
    match = _SCAN_NAME.fullmatch(image.name)
    if match is None:
        raise ConfigError(f"{image}: is not named sub-ID_ses-SESSION_trc-LABEL_pet.nii.gz or ..._spect.nii.gz")
    return ScanName(*match.groups())


ANAT_SPACE = "anat"
"""How a mask's name calls the space of the anatomical image: ``space-anat``."""

_DRAWN_ON_SCAN = re.compile(r"_ses-([A-Za-z0-9]+)_trc-([A-Za-z0-9]+)_")


def mask_space(mask: PurePath) -> str | tuple[str, str] | None:
    """Return the space a mask's file name says it lies in.

    Returns
    -------
    str or (str, str) or None
        `STANDARD_SPACE`, `ANAT_SPACE`, or session and tracer label of the scan it was drawn on; None if
        the name does not say.

    Examples
    --------
    >>> mask_space(PurePath("sub-01_ses-baseline_trc-18FFDG_label-lesion_mask.nii.gz"))
    ('baseline', '18FFDG')
    """
    for space in (STANDARD_SPACE, ANAT_SPACE):
        if f"_space-{space}_" in f"_{mask.name}":
            return space
    scan = _DRAWN_ON_SCAN.search(f"_{mask.name}")
    return None if scan is None else (scan[1], scan[2])


def scan_stem(participant: str, session: str, label: str) -> str:
    """Return the name of one scan, also used in messages: ``sub-01_ses-baseline_trc-18FFDG``."""
    return f"{participant}_ses-{session}_trc-{label}"


def scan_image(participant: str, session: str, label: str, datatype: str) -> str:
    """Return the path of a scan in its own space, relative to the results folder."""
    return f"{participant}/ses-{session}/{datatype}/{scan_stem(participant, session, label)}_{datatype}.nii.gz"


def standard_image(participant: str, session: str, label: str, datatype: str) -> str:
    """Return the path of a scan resampled to the standard space, relative to the results folder."""
    stem = scan_stem(participant, session, label)
    return f"{participant}/ses-{session}/{datatype}/{stem}_space-{STANDARD_SPACE}_{datatype}.nii.gz"


def scan_to_participant(participant: str, session: str, label: str) -> str:
    """Return the path of the rigid transform that carries a scan's image to the participant."""
    return f"{participant}/xfm/{scan_stem(participant, session, label)}_from-scan_to-participant_mode-image_xfm.mat"


def anat_to_participant(participant: str) -> str:
    """Return the path of the rigid transform that carries the anatomical image to the participant."""
    return f"{participant}/xfm/{participant}_from-anat_to-participant_mode-image_xfm.mat"


def participant_to_standard(participant: str) -> str:
    """Return the path of the warp that carries participant images to the standard space."""
    return f"{participant}/xfm/{participant}_from-participant_to-{STANDARD_SPACE}_mode-image_xfm.nii.gz"


def standard_to_participant(participant: str) -> str:
    """Return the path of the warp that carries standard images to the participant."""
    return f"{participant}/xfm/{participant}_from-{STANDARD_SPACE}_to-participant_mode-image_xfm.nii.gz"


def anat_image(participant: str) -> str:
    """Return the path of a participant's anatomical image, MR or CT, relative to the results folder."""
    return f"{participant}/anat/{participant}_anat.nii.gz"


def lesion_mask(participant: str) -> str:
    """Return the path of the lesion in standard space, given or estimated, relative to the results folder."""
    return f"{participant}/{participant}_space-{STANDARD_SPACE}_label-lesion_mask.nii.gz"


def registration_record(participant: str) -> str:
    """Return the path of what was measured of a participant's registration."""
    return f"{participant}/xfm/{participant}_registration.json"


def uptake_table(participant: str, atlas: str) -> str:
    """Return the path of a participant's uptake, one row per scan and region."""
    return f"{participant}/{participant}_seg-{atlas}_uptake.tsv"


def manifest_part(participant: str) -> str:
    """Return the path of the list of a participant's files."""
    return f"{participant}/{participant}_manifest.json"


def figures_part(participant: str) -> str:
    """Return the path of the list of a participant's pictures."""
    return f"figures/{participant}/{participant}_manifest.json"


def tables_part(verb: str) -> str:
    """Return the path of the list of the tables that a verb made."""
    return f"tables/{verb}_manifest.json"


def judged_uptake(participant: str, uptake_sha256: str) -> str:
    """Return the path of a participant's uptake as it was when one of the scans was excluded by hand."""
    return f"tables/judged/{participant}_{uptake_sha256[:16]}_uptake.tsv"


def registration_figure(participant: str, session: str, label: str) -> str:
    """Return the path of the picture of one scan's registration."""
    return f"figures/{participant}/{scan_stem(participant, session, label)}_registration.png"


def uptake_figure(participant: str, session: str, label: str) -> str:
    """Return the path of the picture of one visit's uptake in the standard space, to be compared with other visits."""
    return f"figures/{participant}/{scan_stem(participant, session, label)}_uptake.png"


def difference_figure(participant: str, session: str, label: str) -> str:
    """Return the path of the picture of one follow-up minus the reference session."""
    return f"figures/{participant}/{scan_stem(participant, session, label)}_difference.png"


def uptake_volume(participant: str, session: str, label: str) -> str:
    """Return the path of one visit's uptake as a script that the viewer loads."""
    return f"figures/{participant}/{scan_stem(participant, session, label)}_uptake.js"


def lesion_volume(participant: str) -> str:
    """Return the path of the lesion as a script that the viewer loads."""
    return f"figures/{participant}/{participant}_lesion.js"


def regions_volume(participant: str) -> str:
    """Return the path of the regions of the atlas as a script that the viewer loads."""
    return f"figures/{participant}/{participant}_regions.js"


def participant_page(participant: str) -> str:
    """Return the path of a participant's page, relative to the report."""
    return f"people/{participant}.html"


def viewer_page(participant: str) -> str:
    """Return the path of a participant's viewer, relative to the report."""
    return f"people/{participant}_viewer.html"
