"""Looking at every file of some folders: which series there are, and what else.

Headers alone are read. What is kept of an image is where it lies; only of images in
archives, which cannot be opened again at will, the header is kept, packed.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

from pet_spect.dicom.archives import Kind, archive_kind, archived_files, is_archive
from pet_spect.dicom.header import SOP_CLASSES, Header, sop_class
from pet_spect.dicom.quiet import quiet
from pet_spect.dicom.read import is_image, parse, read_file
from pet_spect.dicom.sources import MARK_END, PlacedFile, file_on_disk, open_regular, visible_files
from pet_spect.errors import DicomError

_RAW_START = b"\x08\x00"
"""How a data set in little endian begins that lacks preamble and mark: with group 8."""

Progress = Callable[[int, int], None]
"""Told, after each file, how many were looked at and how many there are, as far as is known."""


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
    """

    path: Path | None
    number: int
    packed: bytes | None = None
    pixel_bytes: int | None = None


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
    damaged : counter of str
        Codes of images that are known to be of this series and cannot be read whole.
    """

    root: Path
    uid: str
    folders: Counter[Path] = field(default_factory=Counter)
    sop_classes: set[str] = field(default_factory=set)
    images: list[Image] = field(default_factory=list)
    damaged: Counter[str] = field(default_factory=Counter)

    @property
    def files(self) -> int:
        """How many images it has."""
        return self.folders.total()

    @property
    def known_kind(self) -> bool:
        """Whether it holds an image of a kind that convert knows."""
        return not self.sop_classes.isdisjoint(SOP_CLASSES)

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
    code : str
    blocks : bool
        Whether convert would refuse a place that holds it.
    """

    path: Path
    root: Path
    code: str
    blocks: bool = True


@dataclass
class Found:
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


def look(roots: Sequence[Path], progress: Progress = lambda done, total: None) -> Found:
    """Look at every visible file of some folders and of the archives in them.

    Parameters
    ----------
    roots : sequence of Path
        Folders, archives or files, none inside another.
    progress : function, optional
    """
    found = Found()
    listed: list[tuple[Path, Path]] = []
    for root in roots:

        def unlisted(error: OSError, root: Path = root) -> None:
            found.troubles.append(Trouble(Path(error.filename), root, "file_unreadable"))

        listed += [(root, file) for file in (visible_files(root, unlisted) if root.is_dir() else [root])]
    total = len(listed)
    with quiet():
        for number, (root, path) in enumerate(listed, start=1):
            kind = _look_at(found, root, path, number)
            if kind is not None:
                _look_into(found, path, kind, lambda known: progress(found.looked_at, total + known))
            progress(found.looked_at, max(total, found.looked_at))
    return found


def _look_at(found: Found, root: Path, path: Path, number: int) -> Kind | None:
    """Take a file in; if it is an archive, return of which kind."""
    found.looked_at += 1
    try:
        header = read_file(file_on_disk(path, number, 0, alone=False), "", header_only=True)
        if header is not None:
            _take(found, header, root, path.parent, Trouble(path, root, "file_damaged"), Image(path, number))
            return None
        kind = archive_kind(path)
        if kind is None:
            with open_regular(path) as stream:
                _pass_over(found, stream.read(MARK_END), Trouble(path, root, "not_dicom", blocks=False))
    except DicomError as error:
        kind = archive_kind(path) if error.code == "not_dicom" else None
        if kind is None:
            found.troubles.append(Trouble(path, root, error.code))
    except OSError:
        kind = None
        found.troubles.append(Trouble(path, root, "file_unreadable"))
    return kind


def _look_into(found: Found, path: Path, kind: Kind, progress: Callable[[int], None]) -> None:
    """Take in what is in an archive."""
    before, known = found.looked_at, 0
    try:
        for file in archived_files(path, kind, ""):
            found.looked_at += 1
            known = max(file.total, found.looked_at - before)
            _look_at_member(found, path, file)
            progress(known)
    except DicomError as error:
        found.troubles.append(Trouble(path, path, error.code))


def _look_at_member(found: Found, archive: Path, file: PlacedFile) -> None:
    try:
        with file.open() as stream:
            content = stream.read()
        header = read_file(file, "", header_only=True)
    except OSError:
        found.troubles.append(Trouble(archive, archive, "file_damaged"))
        return
    except DicomError as error:
        found.troubles.append(Trouble(archive, archive, error.code))
        return
    if header is None:
        nested = is_archive(content)
        code = "archive_nested" if nested else "not_dicom"
        _pass_over(found, b"" if nested else content, Trouble(archive, archive, code, blocks=False), nested=nested)
        return
    packed = zlib.compress(content[: header.pixel_start], 1)
    image = Image(None, file.number, packed, header.pixel_bytes)
    _take(found, header, archive, archive, Trouble(archive, archive, "file_damaged"), image)


def _pass_over(found: Found, head: bytes, trouble: Trouble, *, nested: bool = False) -> None:
    found.passed_over += 1
    if nested or head.startswith(_RAW_START):
        found.troubles.append(trouble)


def _take(found: Found, header: Header, root: Path, folder: Path, trouble: Trouble, image: Image) -> None:
    """Take in an object that was read."""
    try:
        uid, sop = header.text("SeriesInstanceUID"), sop_class(header)
    except DicomError:
        found.troubles.append(trouble)
        return
    try:
        has_pixels = is_image(header)
    except DicomError as error:
        if uid is None:
            found.troubles.append(trouble)
        else:
            series = found.series.setdefault((root, uid), FoundSeries(root, uid))
            series.damaged[error.code] += 1
            series.folders[folder] += 0
        return
    if not has_pixels:
        found.passed_over += 1
        return
    series = found.series.setdefault((root, uid or ""), FoundSeries(root, uid or ""))
    series.folders[folder] += 1
    series.sop_classes.add(sop or "")
    if not series.images or series.known_kind:
        series.images.append(image)
