"""The anatomical image of a participant: registered like a scan, leading the warp, never measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.errors import RegistrationError
from pet_spect.imaging import images
from pet_spect.model import ANATOMICAL, Refusal, ScanKey, Volume

if TYPE_CHECKING:
    from pet_spect.registration.templates.template import Template

_KINDS = {"MR": "T1w", "CT": "CT"}


@dataclass(frozen=True)
class Anatomy:
    """What became of an anatomical image.

    Attributes
    ----------
    key : ScanKey
        Under which it is registered.
    brain : Volume or None
        None where it was refused.
    template : Template or None
        What the brain is registered to.
    refusal : Refusal or None
    """

    key: ScanKey
    brain: Volume | None = None
    template: Template | None = None
    refusal: Refusal | None = None

    @property
    def scans(self) -> dict[ScanKey, Volume]:
        """The brain as a scan to register; none where it was refused."""
        return {} if self.brain is None else {self.key: self.brain}

    @property
    def templates(self) -> dict[str, Template]:
        """Its template, to stand before those of the tracers so that it leads."""
        return {} if self.template is None else {self.key.tracer: self.template}


def read_anatomy(participant: str, path: Path) -> Anatomy:
    """Read an anatomical image and find the brain in it.

    Returns
    -------
    Anatomy
        With a refusal if convert refused the image, or it shows no brain.

    Raises
    ------
    ImageError
        If the files cannot be read.
    """
    from pet_spect.imaging.atlases import load_atlas
    from pet_spect.registration.anatomical_image import extract_brain, make_anat_template
    from pet_spect.registration.placement.field_of_view import in_view

    refusal = images.read_refusal(path)
    if refusal is not None:
        return Anatomy(ScanKey(participant, "n/a", f"{ANATOMICAL}unknown"), refusal=refusal)
    kind = _KINDS[images.read_sidecar(path)["Modality"]]
    key = ScanKey(participant, "n/a", f"{ANATOMICAL}{kind}")
    template = make_anat_template(kind, load_atlas("CerebrA"))
    try:
        brain = extract_brain(in_view(images.read_volume(path)), kind, template)
    except RegistrationError as error:
        return Anatomy(key, refusal=Refusal("normalise", error.code, str(error)))
    return Anatomy(key, brain, template)
