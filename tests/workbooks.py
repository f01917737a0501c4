"""Excel workbooks as Excel reads them, by the XML inside alone."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ESCAPED = re.compile("_x([0-9A-F]{4})_")

Cell = str | float | bool


def read_workbook(path: Path) -> dict[str, list[list[Cell | None]]]:
    """Return the cells of every sheet, row by row; None is an empty cell. A formula anywhere is an error."""
    with ZipFile(path) as parts:
        names = [sheet.get("name") for sheet in _root(parts, "xl/workbook.xml").iter(f"{_MAIN}sheet")]
        sheets = {}
        for number, name in enumerate(names, start=1):
            root = _root(parts, f"xl/worksheets/sheet{number}.xml")
            assert not list(root.iter(f"{_MAIN}f")), "a formula"
            assert not list(root.iter(f"{_MAIN}hyperlink")), "a link"
            sheets[name] = [_row(row) for row in root.iter(f"{_MAIN}row")]
    return sheets


def _root(parts: ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(parts.read(name))


def _row(row: ElementTree.Element) -> list[Cell | None]:
    cells: list[Cell | None] = []
    for cell in row:
        column = 0
        for letter in re.match("[A-Z]+", cell.get("r"))[0]:
            column = 26 * column + ord(letter) - 64
        cells += [None] * (column - 1 - len(cells))
        cells.append(_value(cell))
    return cells


def _value(cell: ElementTree.Element) -> Cell | None:
    kind, value = cell.get("t", "n"), cell.find(f"{_MAIN}v")
    if kind == "inlineStr":
        (text,) = cell.iter(f"{_MAIN}t")
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text.text or "")
    if value is None:
        return None
    assert kind in ("n", "b")
    return float(value.text) if kind == "n" else value.text == "1"
