"""Images as a researcher hands them over: one or many, files or in memory, each with a name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pet_spect.errors import ImageError, RefusedError, shown
from pet_spect.files import is_nifti, sidecar
from pet_spect.imaging.images import canonical, read_refusal, read_sidecar, volume_from_nifti
from pet_spect.imaging.nifti import open_nifti
from pet_spect.imaging.nifti_space import check_space
from pet_spect.model import ScanKey, Volume
from pet_spect.tsv import MISSING

if TYPE_CHECKING:
    import nibabel as nib

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class GivenImage:
    """One three-dimensional image.

    Attributes
    ----------
    key : ScanKey
        From the entities ``sub-``, ``ses-`` and ``trc-`` of its name; without ``sub-`` the name is the participant's.
    name : str
        How messages and dicts call it.
    volume : Volume
    facts : mapping
        The JSON beside a file; empty without one.
    """

    key: ScanKey
    name: str
    volume: Volume
    facts: Mapping[str, Any] = field(default_factory=dict)


def given_images(images: Any) -> list[GivenImage]:
    """Return every three-dimensional image.

    Parameters
    ----------
    images : path, nibabel image, mapping of name to one of them, or iterable of them
        A name is a text such as ``sub-01_ses-year1_trc-18FFDG``, or a tuple of participant, session and tracer, of
        which the last may be left out. Each volume of a four-dimensional image is a session: 1, 2, ...

    Raises
    ------
    ImageError
        If one cannot be used, none is given, or two have one name.
    RefusedError
        If one is the placeholder of a refused scan.
    """
    opened = [given_image for name, image in _named(images) for given_image in _volumes(name, image)]
    if not opened:
        raise ImageError("no image is given; give a path, a nibabel image, a list or a dict of them")
    keys = [given_image.key for given_image in opened]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ImageError(
            f"two images are called {' '.join(part for part in (twice.participant, twice.session, twice.tracer))};"
            " give a dict whose keys tell them apart, such as ('sub-01', 'year1', 'FDG')"
        )
    return opened


def _named(images: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(images, str | os.PathLike):
        yield Path(images).name, images
    elif _in_memory(images):
        file_name = images.get_filename()
        yield Path(file_name).name if file_name else "image", images
    elif isinstance(images, Mapping):
        yield from images.items()
    elif isinstance(images, Iterable) and not hasattr(images, "__array__"):
        for number, image in enumerate(images, start=1):
            for name, part in _named(image):
                yield (f"image-{number}" if name == "image" else name), part
    else:
        check_in_memory(images)


def check_in_memory(image: Any) -> None:
    """Refuse what is no nibabel image.

    Raises
    ------
    ImageError
    """
    if _in_memory(image):
        return
    if hasattr(image, "__array__"):
        raise ImageError("an array does not say where it lies; give nibabel.Nifti1Image(array, affine)")
    raise ImageError(f"an image is a path or a nibabel image; found {shown(image)}")


def _in_memory(image: Any) -> bool:
    return hasattr(image, "dataobj") and hasattr(image, "affine")


def _volumes(name: Any, image: Any) -> Iterator[GivenImage]:
    key = scan_key(name)
    display_name = name if isinstance(name, str) else " ".join(map(str, name))
    facts: Mapping[str, Any] = {}
    if isinstance(image, str | os.PathLike):
        path = Path(image)
        opened, place = open_nifti(path, str(path)), str(path)
        check_not_refused(path)
        if _has_sidecar(path):
            facts = read_sidecar(path)
    elif _in_memory(image):
        check_space(image, display_name)
        opened, place = image, display_name
    else:
        raise ImageError(f"{display_name}: an image is a path or a nibabel image; found {shown(image)}")
    if len(opened.shape) != 4 or opened.shape[3] == 1:
        yield GivenImage(key, display_name, canonical(volume_from_nifti(opened, place)), facts)
        return
    for number in range(opened.shape[3]):
        session = str(number + 1) if key.session == MISSING else f"{key.session}-{number + 1}"
        volume = canonical(volume_from_nifti(_one_volume(opened, number), f"{place}, volume {number + 1}"))
        yield GivenImage(ScanKey(key.participant, session, key.tracer), display_name, volume, facts)


def _has_sidecar(path: Path) -> bool:
    return is_nifti(path) and Path(sidecar(str(path))).is_file()


def check_not_refused(path: Path) -> None:
    """Refuse a file that is only the placeholder of a refused scan.

    Raises
    ------
    RefusedError
        With the reason that its sidecar gives.
    ImageError
        If it has a sidecar that cannot be read.
    """
    refusal = read_refusal(path) if _has_sidecar(path) else None
    if refusal is not None:
        raise RefusedError(f"{path}: refused by {refusal.stage} ({refusal.reason})", code=refusal.code)


def check_thickness(image: GivenImage) -> None:
    """Refuse an image that is a single slice along one of its axes: the response to a shift cannot be told.

    Raises
    ------
    ImageError
        ``image_shape``.
    """
    shape = image.volume.data.shape
    if min(shape) < 2:
        raise ImageError(
            f"{image.name}: has {' x '.join(map(str, shape))} voxels; at least two along each axis are needed",
            code="image_shape",
        )


def _one_volume(image: nib.spatialimages.SpatialImage, number: int) -> nib.spatialimages.SpatialImage:
    return image.slicer[..., number]


def scan_key(name: Any) -> ScanKey:
    """Return which scan a name says it is; ``n/a`` is not known.

    Examples
    --------
    >>> scan_key("sub-01_ses-year1_trc-18FFDG_pet.nii.gz")
    ScanKey(participant='sub-01', session='year1', tracer='18FFDG')
    >>> scan_key("mean of controls"), scan_key(("sub-02", "baseline"))
    ... # doctest: +NORMALIZE_WHITESPACE
    (ScanKey(participant='mean of controls', session='n/a', tracer='n/a'),
     ScanKey(participant='sub-02', session='baseline', tracer='n/a'))
    """
    if isinstance(name, tuple):
        if not 1 <= len(name) <= 3:
            raise ImageError(f"found the name {shown(name)}, needed participant, session and tracer")
        participant, session, tracer = (*map(str, name), MISSING, MISSING)[:3]
        return ScanKey(participant, session, tracer)
    text = re.sub(r"\.nii(\.gz)?$", "", str(name))
    matches = {entity: re.search(rf"(?<![A-Za-z0-9]){entity}-([A-Za-z0-9]+)", text) for entity in ("sub", "ses", "trc")}
    return ScanKey(
        f"sub-{matches['sub'][1]}" if matches["sub"] else text,
        matches["ses"][1] if matches["ses"] else MISSING,
        matches["trc"][1] if matches["trc"] else MISSING,
    )
