"""A small study's configuration and tables, and mistakes in them that must stop everything before any work."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from .seeds import Scan, pick

STUDY = "study"

_ODD_PATHS = (
    *("<results>/01", "<x>", "a>b", "dicom/{x}", "{}", "~/dicom/01", "~", "-x", "./-x", "dicom/\x1b[2J", "a\x00b"),
    *("dicom/\u200b1", "a\u202eb", "a\u0007", "x" * 5000),
)
_LOOK_ALIKES = ("sub-0\u0661", "sub-\u04301", "sub-01\u200b", "\uff53ub-01", "sub\u201001", "sub-01\u00a0x")
_LINE_ENDS = ("\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029")


def _edit(scan: Scan, name: str, change: Callable[[str], str]) -> None:
    scan.files[name] = change(scan.files[name].decode()).encode("utf-8", "surrogatepass")


def _cell(name: str, old: str, values: tuple[str, ...]) -> Callable[[Scan, np.random.Generator], None]:
    """Put one of several values into the place of what stands in a cell once."""

    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        value = pick(rng, values)
        _edit(
            scan, name, lambda text: text.replace(f"{old}\t", f"{value}\t", 1).replace(f"\t{old}\n", f"\t{value}\n", 1)
        )

    return mistake


def _append(name: str, *lines: str) -> Callable[[Scan, np.random.Generator], None]:
    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        line = pick(rng, lines)
        _edit(scan, name, lambda text: text + line)

    return mistake


def _alias_bomb(scan: Scan, rng: np.random.Generator) -> None:
    width, depth = int(rng.integers(3, 30)), int(rng.integers(9, 40))
    lines = ["a0: &a0 [x, y]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, depth)]
    _edit(scan, "config.yaml", lambda text: text + "\n".join([*lines, ""]))


def _nested(scan: Scan, rng: np.random.Generator) -> None:
    opening, closing = pick(rng, (("[", "]"), ("{a: ", "}"), ("- ", "")))
    depth = int(rng.integers(3000, 30_000))
    _edit(scan, "config.yaml", lambda text: f"{text}deep: \n  {opening * depth}1{closing * depth}\n")


def _huge(scan: Scan, rng: np.random.Generator) -> None:
    name = pick(rng, sorted(scan.files))
    line = pick(rng, ("# x\n", "\n", "x\ty\n", "a: b\n", "\t" * 1000 + "\n"))
    scan.files[name] += (line * (2**23 // len(line))).encode()


def _many_columns(scan: Scan, rng: np.random.Generator) -> None:
    name = pick(rng, ("participants.tsv", "scans.tsv"))
    more = "".join(f"\tcolumn{n}" for n in range(int(rng.integers(1, 100_000))))
    _edit(scan, name, lambda text: text.replace("\n", f"{more}\n", 1))


def _capitals(scan: Scan, rng: np.random.Generator) -> None:
    _edit(scan, "participants.tsv", lambda text: text + pick(rng, ("sub-ab\tleft\tn/a\n", "sub-AB\tright\tn/a\n")))


def _broken_cell(scan: Scan, rng: np.random.Generator) -> None:
    """Put a character into a cell that some programs take for the end of a line."""
    name, end = pick(rng, ("participants.tsv", "scans.tsv")), pick(rng, _LINE_ENDS)
    cells = [match.start() for match in re.finditer(r"(?<=\w)(?=\w+\t)", scan.files[name].decode())]
    place = pick(rng, cells)
    _edit(scan, name, lambda text: text[:place] + end + text[place:])


def _not_tabs(scan: Scan, rng: np.random.Generator) -> None:
    """Separate the columns as other programs do, or name them in quotes."""
    name, other = pick(rng, ("participants.tsv", "scans.tsv")), pick(rng, ("    ", " ", ";", ",", '"\t"'))
    _edit(scan, name, lambda text: text.replace("\t", other))


def sound_study() -> Scan:
    """Return a study that is read."""
    config = "participants: participants.tsv\nscans: scans.tsv\nsessions: [baseline, year1]\n"
    people = "participant_id\tlesion_side\tlesion_mask\nsub-01\tleft\tm/1.nii\nsub-aB\tright\tn/a\n"
    header = "participant_id\tsession\ttracer\tpath\tweight_kg\n"
    rows = "sub-01\tbaseline\tFDG\tdicom/01\t70\nsub-01\tyear1\tFDG\tdicom/02\t71\n"
    rows += "sub-aB\tyear1\tIMZ\tdicom/M\u00fc\tn/a\n"
    files = {"config.yaml": config, "participants.tsv": people, "scans.tsv": header + rows}
    return Scan(STUDY, files={name: text.encode() for name, text in files.items()})


STUDY_MISTAKES: dict[str, Callable[[Scan, np.random.Generator], None]] = {
    "path_of_scan": _cell("scans.tsv", "dicom/01", _ODD_PATHS),
    "path_of_mask": _cell("participants.tsv", "m/1.nii", _ODD_PATHS),
    "look_alike_person": _cell("participants.tsv", "sub-01", _LOOK_ALIKES),
    "look_alike_of_scan": _cell("scans.tsv", "sub-01", _LOOK_ALIKES),
    "look_alike_session": _cell("scans.tsv", "baseline", ("b\u0430seline", "baseline\u200b", "Baseline", "x" * 10**6)),
    "capitals": _capitals,
    "no_plain_number": _cell("scans.tsv", "70", ("70,5", "70 kg", "NA", "N/A", "-", "?", "=70", "#REF!", "1.234,5")),
    "no_plain_side": _cell("participants.tsv", "left", ("L", "Left", "links", "both", "?", "#NAME?", "left/right")),
    "identity_of_old_tables": _cell("participants.tsv", "sub-01", ("01", "SUB-01", "sub_01", "sub-S-01", "01 (MRI)")),
    "columns_without_tabs": _not_tabs,
    "line_end_in_cell": _broken_cell,
    "key_twice": _append(
        "config.yaml", "sessions: [a, b]\n", "'scans': x\n", '"participants" : y\n', "x: {a: 1, a: 1}\n"
    ),
    "tag": _append(
        "config.yaml",
        *(
            "x: !!python/object/apply:os.getcwd []\n",
            "x: !!python/name:os.system ''\n",
            "x: !y z\n",
            "x: !!python/tuple [1]\n",
        ),
    ),
    "code": _append("config.yaml", "__use_yte__: true\n", "__use_yte__: true\n?1+1: 2\n"),
    "alias_bomb": _alias_bomb,
    "alias_of_itself": _append("config.yaml", "x: &x [*x]\n", "x: &x {a: {b: *x}}\n", "x: &x {? *x : 1}\n"),
    "nested": _nested,
    "huge": _huge,
    "many_columns": _many_columns,
}
"""Name of the mistake to how it is made in the files of `sound_study`."""
