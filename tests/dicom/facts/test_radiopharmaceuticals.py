"""Names and codes of radiopharmaceuticals."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from pet_spect.dicom.deidentify.codes import clean_tracer
from pet_spect.dicom.facts.radiopharmaceuticals import KNOWN, coded_tracer, known_tracer, same_name, tracers_in
from pet_spect.dicom.objects.vocabulary import UNLISTED
from pet_spect.nuclides import HALF_LIVES_S, coded_radionuclide, hyphenated, radionuclide_name

SPELLINGS = [(entry.name, text) for entry in KNOWN.values() for text in (entry.name, entry.title, *entry.spellings)]
LABELLED = [(entry.name, nuclide) for entry in KNOWN.values() for nuclide in entry.nuclides]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("FDG", "FDG"),
        ("FDG -- fluorodeoxyglucose", "FDG"),
        ("Fluorodeoxyglucose F^18^", "FDG"),
        ("F-18 fluorodeoxyglucose", "FDG"),
        ("18F-FDG", "FDG"),
        ("[18F]FDG", "FDG"),
        ("18FFDG", "FDG"),
        ("F18FDG", "FDG"),
        ("2-[18F]fluoro-2-deoxy-D-glucose", "FDG"),
        ("FDG in sterile water", "FDG"),
        ("IMZ", "IMZ"),
        ("iomazenil", "IMZ"),
        ("I-123 IMZ", "IMZ"),
        ("123IIMZ", "IMZ"),
        ("[123I]Iomazenil", "IMZ"),
        ("Benzodine", "IMZ"),
        ("ベンゾダイン注", "IMZ"),
        ("ﾍﾞﾝｿﾞﾀﾞｲﾝ", "IMZ"),
        ("Ro 16-0154", "IMZ"),
        ("123I-IMP", "IMP"),
        ("Iofetamine I^123^ hydrochloride", "IMP"),
        ("N-isopropyl-p-[123I]iodoamphetamine", "IMP"),
        ("ioflupane", "FPCIT"),
        ("DaTSCAN", "FPCIT"),
        ("DaT-Scan", "FPCIT"),
        ("I-123 FP-CIT", "FPCIT"),
        ("123I-β-CIT", "BCIT"),
        ("123I-MIBG", "MIBG"),
        ("99mTc-HMPAO", "HMPAO"),
        ("99mTcHMPAO", "HMPAO"),
        ("d,l-HM-PAO", "HMPAO"),
        ("Tc-99m exametazime", "HMPAO"),
        ("Tc99m ECD", "ECD"),
        ("18F-AV-45", "florbetapir"),
        ("AV1451", "flortaucipir"),
        ("18F-DOPA", "FDOPA"),
        ("O-(2-[18F]fluoroethyl)-L-tyrosine", "FET"),
        ("[18F]FLT", "FLT"),
        ("Na F-18 sodium fluoride", "NaF"),
        ("PSMA-1007 F^18^", "PSMA"),
        ("18F-FES", "FES"),
        ("[15O]water", "water"),
    ],
)
def test_a_name_as_scanners_write_it_is_recognised(text, name):
    assert tracers_in(text) == {name}


@pytest.mark.parametrize(
    "text", ["", "Tracer X", "Solution", "F-18", "given by Dr. Doe", "simple", "ECDX", "fetal", "Impey, J.", "unlisted"]
)
def test_what_is_no_known_name_is_not_taken_for_one(text):
    assert tracers_in(text) == frozenset()


def test_a_text_that_names_two_tracers_names_both():
    assert tracers_in("FDG or IMZ") == {"FDG", "IMZ"}


def test_what_is_no_known_name_is_withheld():
    assert known_tracer(("given by Dr. Doe",)) == UNLISTED
    assert known_tracer(("", "IMZ")) == "IMZ"
    assert known_tracer(()) is None


@pytest.mark.parametrize(("name", "spelling"), SPELLINGS)
@pytest.mark.parametrize("frame", ["{}", "F-18 {}", "[123I]{}", "{} -- batch 7", "{} Tc^99m^"])
def test_every_spelling_of_the_table_is_its_own_tracer_alone(name, spelling, frame):
    for text in (spelling, spelling.upper(), spelling.title().replace(" ", "-")):
        assert tracers_in(frame.format(text)) == {name}


@pytest.mark.parametrize(("name", "nuclide"), LABELLED)
def test_what_deidentification_writes_is_read_as_the_same_tracer_and_radionuclide(name, nuclide):
    cleaned = clean_tracer(f"{name} {nuclide}")
    assert (tracers_in(cleaned), radionuclide_name(cleaned)) == ({name}, nuclide)


@pytest.mark.parametrize("nuclide", HALF_LIVES_S)
def test_a_radionuclide_is_read_in_every_spelling(nuclide):
    symbol, mass, m = re.fullmatch(r"([A-Za-z]+)(\d+)(m?)", nuclide).groups()
    for text in (nuclide, f"{mass}{m}{symbol}", hyphenated(nuclide), f"^{mass}{m}^{symbol}", f"{symbol}^{mass}{m}^"):
        assert radionuclide_name(text) == nuclide


@given(st.text(max_size=64))
def test_nothing_of_a_free_text_is_passed_on_but_names_of_the_table(text):
    assert known_tracer((text,)) in {None, UNLISTED, *KNOWN}


def meanings(*groups):
    """Return DICOM's own meaning of each code of context groups."""
    return {code.value: str(code.meaning) for group in groups for code in group.concepts.values()}


def test_codes_of_radiopharmaceuticals_mean_what_dicom_says():
    listed = meanings(codes.CID25, codes.CID4021)
    named = {code: entry.name for entry in KNOWN.values() for code in entry.codes if code in listed}
    assert len(named) > 35
    assert {code: tracers_in(listed[code]) for code in named} == {code: {name} for code, name in named.items()}


def test_retired_codes_are_those_that_dicom_replaced():
    for entry in KNOWN.values():
        retired = [code for code in entry.codes if code.startswith("C-")]
        replaced = [Code(code, "SCT", "") for code in entry.codes if code.isdecimal()]
        assert all(any(Code(old, "SRT", "") == new for new in replaced) for old in retired)
        assert all(coded_tracer("SNM3", old) == entry.name for old in retired)


def test_codes_of_radionuclides_mean_what_dicom_says():
    listed = meanings(codes.CID18, codes.CID4020)
    read = {code: coded_radionuclide("SCT", code) for code in listed}
    assert {code: name for code, name in read.items() if name} == {
        code: radionuclide_name(meaning) for code, meaning in listed.items() if radionuclide_name(meaning)
    }
    assert {name for name in read.values() if name} == set(HALF_LIVES_S)


def test_a_code_of_another_scheme_means_nothing():
    assert coded_tracer("99LOCAL", "35321007") is None
    assert coded_radionuclide("99LOCAL", "77004003") is None


def test_a_name_of_the_configuration_is_compared_by_its_words_and_numbers():
    assert same_name("[18F]XY-12 (batch 3)", "xy 12")
    assert not same_name("XY-123", "XY-12")


def test_the_documentation_lists_every_name(repository):
    page = (repository / "docs/dicom.md").read_text(encoding="utf-8")
    for entry in KNOWN.values():
        titles = [entry.title] if entry.title != entry.name else []
        nuclides = ", ".join(map(hyphenated, entry.nuclides))
        assert f"| {entry.name} ({nuclides}) | {', '.join([*titles, *entry.spellings])} |" in page
