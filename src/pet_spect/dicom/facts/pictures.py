"""Text in the picture, and pictures that the scanner did not make, as the header describes them."""

from __future__ import annotations

from collections.abc import Sequence

from pet_spect.dicom.objects.header import Header
from pet_spect.remarks import Remark

SECONDARY_CAPTURES = frozenset(f"1.2.840.10008.5.1.4.1.1.7{end}" for end in ("", ".1", ".2", ".3", ".4"))
"""SOP classes of pictures taken from a screen, a film or a document (PS3.4 B.5)."""

CONVERSIONS = ("DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN")
"""Terms of ConversionType (PS3.3 C.8.6.1)."""


def is_burned_in(header: Header) -> bool:
    """Return whether the header says that text is part of the picture."""
    return (header.text("BurnedInAnnotation") or "NO").upper().startswith("Y")


def picture_remarks(headers: Sequence[Header]) -> list[Remark]:
    """Return what a reader of a scan should know of its pictures.

    Parameters
    ----------
    headers : sequence of Header
        The images of one scan.

    Returns
    -------
    list of Remark
        ``burned_in_text`` and ``secondary_image``, each once.
    """
    remarks = []
    marked = sum(map(is_burned_in, headers))
    if marked:
        remarks.append(Remark.of("burned_in_text", marked=marked, images=len(headers)))
    signs = {sign for header in headers for sign in _signs(header)}
    if signs:
        remarks.append(Remark.of("secondary_image", signs=sorted(signs)))
    return remarks


def _signs(header: Header) -> list[str]:
    """Return what says that an image was not made from the scan itself."""
    conversion, kinds = header.text("ConversionType"), [word.upper() for word in header.texts("ImageType")]
    signs = [] if conversion not in CONVERSIONS else [f"ConversionType is {conversion}"]
    return [*signs, "ImageType is SECONDARY"] if kinds[1:2] == ["SECONDARY"] else signs
