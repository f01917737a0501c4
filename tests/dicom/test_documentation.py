"""Every code of a refusal or a warning is explained in the documentation."""

import ast
import re

import pytest


def calls(folder):
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield node


def name_of(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def text_of(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def refusal_codes(folder):
    """Return the codes of errors: the last argument of ``header.error``, ``code=`` of the others."""
    found = set()
    for node in calls(folder):
        named = [text_of(keyword.value) for keyword in node.keywords if keyword.arg == "code"]
        last = [text_of(node.args[-1])] if name_of(node) == "error" and len(node.args) > 1 else []
        found |= {code for code in named + last if code}
    return found


def warning_codes(folder):
    return {text_of(node.args[0]) for node in calls(folder) if name_of(node) == "Caution"} - {None}


@pytest.fixture
def documented(repository):
    """Return every word in code font of the pages on DICOM; `image_*` stands for all that begin so."""
    pages = [(repository / f"docs/{page}.md").read_text(encoding="utf-8") for page in ("dicom", "deidentify")]
    return set(re.findall(r"`([a-z_*]+)`", "".join(pages)))


@pytest.mark.parametrize("codes", [refusal_codes, warning_codes])
def test_every_code_is_explained(repository, documented, codes):
    found = codes(repository / "src/pet_spect/dicom")
    assert len(found) > 15
    assert {code for code in found if not code.startswith("image_")} - documented == set()
