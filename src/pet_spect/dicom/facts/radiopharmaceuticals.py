"""The radiopharmaceuticals that headers name: their spellings, their codes and the radionuclides they carry.

A text of a header is free, so a name leaves this module only as the table spells it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from pet_spect.dicom.objects.vocabulary import UNLISTED
from pet_spect.nuclides import SNOMED_SCHEMES


@dataclass(frozen=True)
class Radiopharmaceutical:
    """One row of the table.

    Attributes
    ----------
    name : str
        Its name in the sidecar.
    title : str
        Its generic name, for messages.
    nuclides : tuple of str
        Radionuclides it may carry, as `pet_spect.nuclides.HALF_LIVES_S` spells it.
    spellings : tuple of str
        Further names and brands: lower-case words and numbers, a blank between each two.
    codes : tuple of str
        SNOMED CT, SNOMED RT and DCM codes of PS3.16 CID 25 and CID 4021.
    """

    name: str
    title: str
    nuclides: tuple[str, ...]
    spellings: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name if self.title == self.name else f"{self.name} ({self.title})"


_FDG_SPELLINGS = (
    *("fludeoxyglucose", "fluorodesoxyglucose", "fluordesoxyglucose", "fluordesoxyglukose", "fluoro deoxy glucose"),
    *("fluoro 2 deoxyglucose", "fluoro 2 deoxy glucose", "fluoro 2 deoxy d glucose", "フルデオキシグルコース"),
)
_IMZ_SPELLINGS = ("benzodine", "ro 16 0154", "イオマゼニル", "ベンゾダイン")
_IMP_SPELLINGS = ("iodoamphetamine", "spectamine", "perfusamine", "ヨードアンフェタミン", "パーヒューザミン")
_FPCIT_SPELLINGS = ("fp cit", "datscan", "dat scan", "イオフルパン", "ダットスキャン")
_MIBG_SPELLINGS = ("iodobenzylguanidine", "metaiodobenzylguanidine", "adreview", "myomibg")
_PSMA_SPELLINGS = ("piflufolastat", "dcfpyl", "pylarify", "gozetotide", "locametz", "illuccix")

_TABLE = (
    Radiopharmaceutical("FDG", "fluorodeoxyglucose", ("F18",), _FDG_SPELLINGS, ("35321007", "C-B1031")),
    Radiopharmaceutical("IMZ", "iomazenil", ("I123",), _IMZ_SPELLINGS),
    Radiopharmaceutical("FMZ", "flumazenil", ("C11", "F18"), (), ("422975006", "C-B07DF", "423543007", "C-B07DE")),
    Radiopharmaceutical("ECD", "bicisate", ("Tc99m",), ("neurolite", "ethyl cysteinate dimer"), ("766886003",)),
    Radiopharmaceutical("HMPAO", "exametazime", ("Tc99m",), ("hm pao", "ceretec"), ("77313009", "C-B1223")),
    Radiopharmaceutical("IMP", "iofetamine", ("I123",), _IMP_SPELLINGS, ("78481003", "C-B1108")),
    Radiopharmaceutical("FPCIT", "ioflupane", ("I123", "F18"), _FPCIT_SPELLINGS, ("429296007", "C-B07EC")),
    Radiopharmaceutical("BCIT", "iometopane", ("I123",), ("beta cit", "β cit")),
    Radiopharmaceutical("IBZM", "iodobenzamide", ("I123",)),
    Radiopharmaceutical(
        "MIBG",
        "iobenguane",
        ("I123", "I124", "I131"),
        _MIBG_SPELLINGS,
        ("395787009", "C-B110E", "395789007", "C-B112D"),
    ),
    Radiopharmaceutical(
        "BMIPP", "iodofiltic acid", ("I123",), ("cardiodine", "methylpentadecanoic acid"), ("447134003", "C-114AB")
    ),
    Radiopharmaceutical(
        "iodide",
        "sodium iodide",
        ("I123", "I124", "I131"),
        (),
        ("67690002", "C-B1081", "111160004", "C-B1086", "422980002", "C-B07E8"),
    ),
    Radiopharmaceutical("TRODAT", "TRODAT", ("Tc99m",)),
    Radiopharmaceutical("MIBI", "sestamibi", ("Tc99m",), ("cardiolite",), ("424299003", "C-163AB")),
    Radiopharmaceutical("tetrofosmin", "tetrofosmin", ("Tc99m",), ("myoview",), ("424118002", "C-163AD")),
    Radiopharmaceutical("MDP", "medronate", ("Tc99m",), ("medronic acid",), ("96390006", "C-B1218")),
    Radiopharmaceutical("pertechnetate", "pertechnetate", ("Tc99m",), (), ("19495007", "C-B1206")),
    Radiopharmaceutical("florbetapir", "florbetapir", ("F18",), ("amyvid", "av 45"), ("456995000", "C-E0269")),
    Radiopharmaceutical("florbetaben", "florbetaben", ("F18",), ("neuraceq",), ("712736002", "C-D6858")),
    Radiopharmaceutical("flutemetamol", "flutemetamol", ("F18",), ("vizamyl",), ("456997008", "C-E0267")),
    Radiopharmaceutical(
        "flortaucipir", "flortaucipir", ("F18",), ("tauvid", "av 1451", "t 807"), ("879808000", "126502")
    ),
    Radiopharmaceutical("MK6240", "florquinitau", ("F18",), ("mk 6240",), ("C4506764",)),
    Radiopharmaceutical("PI2620", "PI-2620", ("F18",), ("pi 2620",)),
    Radiopharmaceutical("PIB", "Pittsburgh compound B", ("C11",), ("pittsburgh compound",), ("126500",)),
    Radiopharmaceutical(
        "FDOPA",
        "fluorodopa",
        ("F18",),
        ("dopa", "fluoro dopa", "fluoro l dopa", "fluorolevodopa"),
        ("5811000122108", "C-E0241"),
    ),
    Radiopharmaceutical(
        "FET",
        "fluoroethyltyrosine",
        ("F18",),
        ("fluorethyltyrosin", "fluoroethyl tyrosine", "fluoroethyl l tyrosine"),
        ("424708001", "C-B07E0"),
    ),
    Radiopharmaceutical("FLT", "fluorothymidine", ("F18",), ("thymidine", "alovudine"), ("129502002", "C-B1036")),
    Radiopharmaceutical("NaF", "sodium fluoride", ("F18",), (), ("129501009", "C-B1032")),
    Radiopharmaceutical("FES", "fluoroestradiol", ("F18",), ("cerianna",), ("926372005",)),
    Radiopharmaceutical("FMISO", "fluoromisonidazole", ("F18",), (), ("422598008", "C-B07E1")),
    Radiopharmaceutical("fluciclovine", "fluciclovine", ("F18",), ("axumin", "facbc"), ("457000009", "C-E026A")),
    Radiopharmaceutical("choline", "choline", ("C11", "F18"), ("fluorocholine",), ("126703", "456992002", "C-E0273")),
    Radiopharmaceutical(
        "PSMA",
        "ligand of the prostate-specific membrane antigen",
        ("F18", "Ga68", "Cu64", "Zr89", "Lu177"),
        _PSMA_SPELLINGS,
        ("126758", "126759", "C118961", "C116352"),
    ),
    Radiopharmaceutical("DOTATATE", "dotatate", ("Ga68", "Cu64", "Lu177", "Y90"), ("netspot",), ("724025002",)),
    Radiopharmaceutical("DOTATOC", "edotreotide", ("Ga68", "Lu177", "Y90"), (), ("C2713594",)),
    Radiopharmaceutical("methionine", "methionine", ("C11",), (), ("129510001", "C-B103E")),
    Radiopharmaceutical("raclopride", "raclopride", ("C11",), (), ("129512009", "C-B1042")),
    Radiopharmaceutical("UCBJ", "UCB-J", ("C11",), ("ucb j",), ("C4506788",)),
    Radiopharmaceutical("ammonia", "ammonia", ("N13",), (), ("129508003", "C-B103C")),
    Radiopharmaceutical("water", "water", ("O15",), (), ("129505000", "C-B1039")),
)
"""Codes are those of PS3.16 (2024), SNOMED RT as DICOM maps it; they list no iomazenil."""

KNOWN = {entry.name: entry for entry in _TABLE}
"""The table by name."""

_BY_CODE = {code: entry.name for entry in _TABLE for code in entry.codes}
_CODE_SCHEMES = (*SNOMED_SCHEMES, "DCM", "NCIt", "UMLS")

_GLUED = re.compile(r"(?<![a-z])(\d{1,3})(m?)(tc|ga|cu|zr|in|tl|lu|[ficny]|o)(?=[a-z]{3})")
"""Mass and symbol stuck to a name, as in 18FFDG."""


def coded_tracer(scheme: str | None, value: str | None) -> str | None:
    """Return the tracer that a code of RadiopharmaceuticalCodeSequence means, None if it is not a known one.

    Examples
    --------
    >>> coded_tracer("SCT", "35321007"), coded_tracer("SRT", "C-B07EC")
    ('FDG', 'FPCIT')
    """
    return _BY_CODE.get(value or "") if scheme in _CODE_SCHEMES else None


def tracers_in(text: str) -> frozenset[str]:
    """Return the known radiopharmaceuticals that a text names, as the sidecar spells them.

    Examples
    --------
    >>> [sorted(tracers_in(text)) for text in ("18F-FDG", "I-123 FP-CIT", "Benzodine", "Tracer X")]
    [['FDG'], ['FPCIT'], ['IMZ'], []]
    """
    lines = _lines(text)
    names = {name for name, spellings in _SPELLINGS.items() if _holds(lines, spellings)}
    return frozenset(names - {"water"} or names)  # what something else is dissolved in


def known_tracer(texts: Iterable[str]) -> str | None:
    """Return the tracer a header's texts name, `UNLISTED` if it is not a known one, None if they are empty.

    Examples
    --------
    >>> known_tracer(("FDG -- fluorodeoxyglucose",)), known_tracer(("Tracer X",)), known_tracer(())
    ('FDG', 'unlisted', None)
    """
    filled = [text for text in texts if text]
    names = {name for text in filled for name in tracers_in(text)}
    return names.pop() if len(names) == 1 else UNLISTED if filled else None


def same_name(text: str, name: str) -> bool:
    """Return whether a text of a header holds a name of the configuration, however each is punctuated.

    Examples
    --------
    >>> same_name("[18F]XY-12", "XY12"), same_name("XY-123", "XY12")
    (True, False)
    """
    return bool(_words(name)) and _holds(_lines(text), (_words(name),))


def _holds(lines: tuple[str, ...], spellings: Iterable[str]) -> bool:
    return any(
        f" {spelling} " in line if spelling.isascii() else spelling in line for line in lines for spelling in spellings
    )


def _words(text: str) -> str:
    """Return the words and numbers of a text in lower case, a blank between each two."""
    plain = unicodedata.normalize("NFKC", text).lower()
    if not plain.isascii():
        bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not "\u0300" <= c <= "\u036f")
        plain = unicodedata.normalize("NFKC", bare)
    return " ".join(re.findall(r"[a-z]+|\d+|[^\W\d_a-z]+", plain))


def _lines(text: str) -> tuple[str, ...]:
    """Return the words of a text between blanks, as they stand and with mass and symbol taken off a name."""
    parted = _GLUED.sub(r"\1\2 \3 ", unicodedata.normalize("NFKC", text).lower())
    return tuple({f" {_words(text)} ", f" {_words(parted)} "})


_SPELLINGS = {entry.name: frozenset(map(_words, (entry.name, entry.title, *entry.spellings))) for entry in _TABLE}
