"""Findings in some folders: images by their series, and files in trouble.

Of an image on disk only its path is kept. Of an image in an archive, which cannot be
opened again at will, the packed header is kept.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

from pet_spect.dicom.files.read import parse, read_file
from pet_spect.dicom.files.sources import file_on_disk, visible_files
from pet_spect.dicom.objects.header import SOP_CLASSES, Header
from pet_spect.dicom.objects.identity import Person
from pet_spect.errors import DicomError
from pet_spect.remarks.catalogue import Code

LINK: Code = "link_not_followed"
"""Code of a link to a folder, in which nothing is looked at."""

TROUBLES = {
    "file_damaged": "damaged or cut short",
    "file_unreadable": "cannot be opened, or a folder that cannot be listed",
    "not_dicom": "not DICOM (the 'DICM' mark is missing), though the name or the content look like it",
    "archive_damaged": "an archive that is damaged or cut short",
    "archive_links": "an archive with links to files that it does not hold; pack it with the files themselves",
    "archive_encrypted": "an encrypted archive; unpack it to a folder first",
    "archive_limit": "an archive that unpacks to more than is read; unpack it to a folder",
    "archive_nested": "an archive within an archive; unpack the outer one to a folder",
    LINK: "to a folder elsewhere, which is not followed; put the folder itself there, or name it too",
    "internal_error": "this is a bug of pet_spect, please report it",
}
"""Code of a trouble to what it is and what to do."""


@dataclass(frozen=True)
class Image:
    """One image: where it lies, or of an archive its header.

    Attributes
    ----------
    path : Path or None
        On disk; None in an archive.
    number : int
        Which file of its place it is.
    packed : bytes or None
        The header of an image in an archive.
    pixel_bytes : int or None
        Of an image in an archive.
    frames : int
        How many it holds; 1 where it does not say.
    """

    path: Path | None
    number: int
    packed: bytes | None = None
    pixel_bytes: int | None = None
    frames: int = 1


def frames_of(header: Header) -> int:
    """Return how many frames an object holds, 1 where it does not say."""
    try:
        return max(1, header.integer("NumberOfFrames") or 1)
    except DicomError:
        return 1


@dataclass
class FoundSeries:
    """The images of one series below one root.

    Attributes
    ----------
    root : Path
        The folder that was named, or the archive.
    uid : str
        SeriesInstanceUID; empty where images have none.
    folders : counter of Path
        Where its images lie, and how many whole ones; an archive counts as a folder.
    sop_classes : set of str
    images : list of Image
        All of them where it is of a kind that convert knows, the first otherwise.
    damaged : counter of Code
        Codes of images that are known to be of this series and cannot be read whole.
    damaged_person : Person or None
        Whose the first of them is.
    objects : int
        How many scans its series was split into; see `scans`.
    """

    root: Path
    uid: str
    folders: Counter[Path] = field(default_factory=Counter)
    sop_classes: set[str] = field(default_factory=set)
    images: list[Image] = field(default_factory=list)
    damaged: Counter[Code] = field(default_factory=Counter)
    damaged_person: Person | None = None
    objects: int = 1

    @property
    def files(self) -> int:
        """How many images it has."""
        return self.folders.total()

    @property
    def known_kind(self) -> bool:
        """Whether it holds an image of a kind that convert knows."""
        return not self.sop_classes.isdisjoint(SOP_CLASSES)

    def scans(self) -> list[FoundSeries]:
        """Return what convert can take of it: itself, or each of several objects that hold a volume alone.

        SPECT objects of one frame each are the slices of one volume. Where volumes lie among them, they are refused
        together. Objects in an archive have no path of their own by which convert could be given one.
        """
        whole = self.sop_classes and all(_is_volume(sop) for sop in self.sop_classes)
        if not whole or len(self.images) < 2 or any(image.path is None for image in self.images):
            return [self]
        slices = [image for image in self.images if image.frames == 1 and _are_slices(self.sop_classes)]
        if len(slices) == len(self.images):
            return [self]
        if len(slices) == 1:
            slices = []
        alone = [
            replace(self, folders=Counter({image.path.parent: 1}), images=[image], damaged=Counter())
            for image in self.images
            if image.path is not None and image not in slices
        ]
        folders = Counter(image.path.parent for image in slices if image.path is not None)
        if slices:  # with all images, as convert meets them in their folder
            alone.append(replace(self, folders=folders, damaged=Counter()))
        if self.damaged:
            alone.append(replace(self, folders=Counter(dict.fromkeys(self.folders, 0)), images=[]))
        return [replace(series, objects=len(self.images)) for series in alone]

    def headers(self, called: str) -> Iterator[Header]:
        """Read the headers of its `images` again.

        Raises
        ------
        DicomError
            If one cannot be read any more.
        """
        for image in self.images:
            name = f"{called}: file {image.number}"
            if image.packed is not None:
                stored = BytesIO(zlib.decompress(image.packed))
                yield replace(parse(stored, name, header_only=False), pixel_bytes=image.pixel_bytes)
            elif image.path is not None:
                header = read_file(file_on_disk(image.path, image.number, 0, alone=True), name, header_only=True)
                if header is not None:
                    yield header


@dataclass(frozen=True)
class Trouble:
    """A file that cannot be read, or an archive.

    Attributes
    ----------
    path : Path
        The file, or the archive that it lies in.
    root : Path
        As of `FoundSeries`.
    code : Code
    blocks : bool
        Whether convert would refuse a place that holds it.
    """

    path: Path
    root: Path
    code: Code
    blocks: bool = True


@dataclass
class Findings:
    """All that was found.

    Attributes
    ----------
    series : dict of (Path, str) to FoundSeries
        By root and SeriesInstanceUID.
    troubles : list of Trouble
    looked_at, passed_over : int
        Files; those that are no DICOM, or DICOM without pixels.
    """

    series: dict[tuple[Path, str], FoundSeries] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    looked_at: int = 0
    passed_over: int = 0
    _links: dict[Path, bool] = field(default_factory=dict, repr=False)

    def holds_link(self, path: Path) -> bool:
        """Return whether convert would meet, in a folder, a link to one outside it, which it does not follow."""
        if path not in self._links:
            links: list[Path] = []
            if path.is_dir():
                visible_files(path, lambda error: None, links.append)
            self._links[path] = bool(links)
        return self._links[path]


def _are_slices(sop_classes: set[str]) -> bool:
    """Return whether objects of one frame each may be slices: of SPECT, of nothing else."""
    return {SOP_CLASSES.get(sop) for sop in sop_classes} == {"NM"}


def _is_volume(sop: str) -> bool:
    """Return whether an object of a kind is a whole volume; a classic PET object is a slice."""
    return sop in SOP_CLASSES and SOP_CLASSES[sop] != "PET"
