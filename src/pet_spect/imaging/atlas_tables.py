"""The table of an atlas: its own form, the BIDS form, and what nilearn's atlases carry."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pet_spect.errors import AtlasError, TableError, listed, shown
from pet_spect.model import Region, RegionSide
from pet_spect.tsv import MISSING, MOST_TYPED_BYTES, Row, inert, read_table

if TYPE_CHECKING:
    import pandas as pd

_INDEX = re.compile("0*[1-9][0-9]{0,8}")
_BACKGROUND = re.compile("0+")
_NO_REGION = ("", "background", "unknown")
_RESERVED = {
    "_lesionfree": "a region without its lesion",
    "_contralesional": "a target on the other side",
    "_gtm": "a region corrected for partial volume",
}
_SIDES: dict[str, RegionSide] = {"left": "left", "right": "right", "n/a": "n/a"}
_WORDS: dict[str, RegionSide] = {"left": "left", "right": "right", "lh": "left", "rh": "right"}
_LETTERS: dict[str, RegionSide] = {"l": "left", "r": "right"}
_HEMISPHERES: dict[str, RegionSide] = {
    **_WORDS,
    **_LETTERS,
    **dict.fromkeys(("", "n/a", "b", "bi", "both", "bilateral", "m", "midline"), "n/a"),
}


@dataclass(frozen=True)
class AtlasTable:
    """What a table says of an atlas.

    Attributes
    ----------
    origin : str
        How messages call it.
    regions : tuple of Region
    names_more : bool
        Whether it may name regions that the image lacks, as tables of BIDS and nilearn often do.
    """

    origin: str
    regions: tuple[Region, ...]
    names_more: bool = False

    def of(self, held: Collection[int]) -> tuple[Region, ...]:
        """Return the regions of an image with these labels."""
        if not self.names_more:
            return self.regions
        return checked([region for region in self.regions if region.index in held], self.origin)


def read_regions(table: Path | pd.DataFrame) -> AtlasTable:
    """Return what a table says.

    Parameters
    ----------
    table : Path or pandas.DataFrame
        Columns ``index``, ``region`` and ``side``; or, as BIDS has it, ``index``, ``name`` and perhaps ``hemisphere``,
        see `bids_regions`.

    Raises
    ------
    AtlasError
        If a row cannot be used.
    """
    origin, rows = (str(table), _rows_of_file(table)) if isinstance(table, Path) else ("the table", _rows_of(table))
    if rows and "name" in rows[0] and "region" not in rows[0]:
        return AtlasTable(origin, tuple(bids_regions(rows, origin)), names_more=True)
    return AtlasTable(origin, checked([_own_region(row, origin) for row in rows], origin))


def _rows_of_file(path: Path) -> list[Row]:
    try:
        rows = read_table(path, required=("index",), most_bytes=MOST_TYPED_BYTES)
        if not rows or "name" not in rows[0] or "region" in rows[0]:
            rows = read_table(path, required=("index", "region", "side"), most_bytes=MOST_TYPED_BYTES)
    except TableError as error:
        raise AtlasError(str(error), code=error.code) from None
    return rows


def _rows_of(table: pd.DataFrame) -> list[Row]:
    columns = [str(column) for column in table.columns]
    if "index" not in columns or not ("name" in columns or {"region", "side"} <= set(columns)):
        raise AtlasError(
            f"the table: needed are the columns index, region and side, or index and name; found {listed(columns)}"
        )
    filled = table.astype(object).where(table.notna(), MISSING)
    return [
        {
            column: str(value).strip().removesuffix(".0" if column == "index" else "")
            for column, value in zip(columns, values, strict=True)
        }
        for values in filled.itertuples(index=False, name=None)
    ]


def _own_region(row: Row, name: str) -> Region:
    index = _index(row["index"], name)
    if row["side"] not in _SIDES:
        raise AtlasError(f"{name}: side {shown(row['side'])} of {row['region']} is not left, right or n/a")
    return Region(index, row["region"], _SIDES[row["side"]])


def _index(text: str, name: str) -> int:
    if not _INDEX.fullmatch(text):
        raise AtlasError(f"{name}: index {shown(text)} is not a whole number from 1 up")
    return int(text)


def bids_regions(rows: Sequence[Mapping[str, str]], name: str) -> list[Region]:
    """Return the regions of a BIDS ``dseg.tsv``.

    The column ``hemisphere`` (L, R, left, right, lh, rh; B or n/a is both or neither) says the side. Without it the
    name does: one of its words is left, right, lh or rh, or its first or last word is L or R and the other side is
    named alike. What is left of the name, in snake_case, is the region, the same on both sides.

    Parameters
    ----------
    rows : sequence of mapping
        ``index``, ``name`` and perhaps ``hemisphere``. Index 0 is the background.
    name : str
        How messages call the table.

    Examples
    --------
    >>> rows = [{"index": "1", "name": "Left-Thalamus"}, {"index": "2", "name": "Precentral_R"}]
    >>> rows += [{"index": "3", "name": "Precentral_L"}, {"index": "4", "name": "Pons"}]
    >>> [(region.name, region.side) for region in bids_regions(rows, "dseg.tsv")]
    [('thalamus', 'left'), ('precentral', 'right'), ('precentral', 'left'), ('pons', 'n/a')]
    """
    every = {" ".join(_words(row["name"])) for row in rows}
    regions = []
    for row in rows:
        if _BACKGROUND.fullmatch(row["index"]):
            continue
        index = _index(row["index"], name)
        words = _words(row["name"])
        side = None
        if "hemisphere" in row:
            side = _HEMISPHERES.get(row["hemisphere"].strip().lower())
            if side is None:
                raise AtlasError(
                    f"{name}: hemisphere {shown(row['hemisphere'])} of {shown(row['name'])} is not L, R, B or n/a"
                )
        place = _place_of_side(words, every)
        if place is not None:
            named = (_WORDS | _LETTERS)[words.pop(place)]
            side = named if side is None else side
            if side != named:
                raise AtlasError(
                    f"{name}: {shown(row['name'])} says {named}, its hemisphere {shown(row['hemisphere'])}"
                )
        if not words:
            raise AtlasError(f"{name}: name {shown(row['name'])} of index {index} names no region")
        regions.append(Region(index, "_".join(words), side or "n/a"))
    return regions


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name.lower())


def _place_of_side(words: Sequence[str], every: Collection[str]) -> int | None:
    """Return which word of a name says the side."""
    for place, word in enumerate(words):
        if word in _WORDS and len(words) > 1:
            return place
    for place in (0, len(words) - 1) if len(words) > 1 else ():
        if words[place] in _LETTERS:
            other = [*words]
            other[place] = "r" if words[place] == "l" else "l"
            if " ".join(other) in every:
                return place
    return None


def rows_of_nilearn(atlas: Mapping[str, Any], held: Collection[int]) -> list[Row]:
    """Return index and name of the regions of a nilearn atlas object: of its ``lut``, else of its ``labels``.

    Labels without ``indices`` are numbered in their order: from 0 if the first one is a background, else from 1.

    Raises
    ------
    AtlasError
        If it has neither, or it is unclear which label has which number.
    """
    lut, labels = atlas.get("lut"), atlas.get("labels")
    if lut is not None and {"index", "name"} <= set(lut.columns):
        return _rows_of(lut[["index", "name"]])
    if labels is None or len(labels) == 0:
        raise AtlasError("the nilearn atlas has neither lut nor labels, so its regions have no names")
    names = [label.decode() if isinstance(label, bytes) else str(label) for label in labels]
    indices, most = atlas.get("indices"), max(held, default=0)
    if indices is None and " ".join(_words(names[0])) in _NO_REGION:
        indices = range(len(names))
    elif indices is None:
        # a label of the end may be lost, or the first one may be a background of another name
        if len(names) > most:
            raise AtlasError(
                f"the nilearn atlas: has {len(names)} labels for an image that ends with index {most}, so it is unclear"
                " which label has which index; give it a lut with the columns index and name"
            )
        indices = range(1, len(names) + 1)
    elif len(indices) != len(names):
        raise AtlasError(
            f"the nilearn atlas: has {len(names)} labels and {len(indices)} indices; give it a lut with the columns"
            " index and name"
        )
    return [
        {"index": str(index).strip().removesuffix(".0"), "name": name}
        for index, name in zip(indices, names, strict=True)
    ]


def checked(regions: Sequence[Region], table: str) -> tuple[Region, ...]:
    """Return the regions of a table; each index, and each region and side, may be there once.

    Raises
    ------
    AtlasError
        If one is there twice, or a name is one that result tables cannot hold.
    """
    for region in regions:
        for ending, meaning in _RESERVED.items():
            if region.name.endswith(ending):
                raise AtlasError(f"{table}: region {shown(region.name)}: the tables call {meaning} so")
        if inert(region.name) != region.name:
            raise AtlasError(
                f"{table}: region {shown(region.name)} begins like a formula of a spreadsheet; begin it with a letter"
            )
    for what, keys in (
        ("index", [str(region.index) for region in regions]),
        ("region and side", [f"{region.name} {region.side}" for region in regions]),
    ):
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise AtlasError(f"{table}: duplicate {what} {twice!r}; keep one")
    return tuple(regions)
