"""Every package that users install is under a licence of requirements/licences.toml."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest

BSD = {"BSD-2-Clause", "BSD-3-Clause"}
CLASSIFIERS = {
    "Apache Software License": {"Apache-2.0"},
    "BSD License": BSD,
    "MIT License": {"MIT"},
    "Mozilla Public License 2.0 (MPL 2.0)": {"MPL-2.0"},
    "Python Software Foundation License": {"PSF-2.0"},
}
FIELDS = {
    "Apache License 2.0": {"Apache-2.0"},
    "Apache License, Version 2.0": {"Apache-2.0"},
    "BSD License": BSD,
    "BSD 3-Clause License": {"BSD-3-Clause"},
    "2-clause BSD": {"BSD-2-Clause"},
    "MIT License": {"MIT"},
}
TEXTS = {"Permission is hereby granted, free of charge": {"MIT"}, "Redistribution and use in source": BSD}


def declared(package: Distribution) -> set[str]:
    """Return the SPDX names of all licences that a package may be under, by the best that it says of itself."""
    facts = package.metadata
    if expression := facts.get("License-Expression"):
        return set(re.split(r" AND | OR ", expression.strip("()")))
    field = (facts.get("License") or "").strip()
    if field and "\n" not in field:
        return FIELDS.get(field) or set(field.split(" AND "))
    classifiers = [line.split(" :: ")[-1] for line in facts.get_all("Classifier") or [] if line.startswith("License")]
    if classifiers:
        return set().union(*(CLASSIFIERS.get(name, {name}) for name in classifiers))
    files = [file for file in package.files or [] if re.match("licen[cs]e|copying", file.name, re.IGNORECASE)]
    text = " ".join(" ".join(file.read_text().split()) for file in files)
    found = [names for phrase, names in TEXTS.items() if phrase in text]
    return set().union(*found)


def runtime(repository) -> list[str]:
    return re.findall("^([a-z0-9.-]+)==", (repository / "requirements/runtime.lock").read_text(), flags=re.MULTILINE)


@pytest.fixture
def licences(repository):
    return tomllib.loads((repository / "requirements/licences.toml").read_text())


def test_every_package_of_the_runtime_is_allowed_or_explained(repository, licences):
    faults = []
    for name in set(runtime(repository)) - licences["explained"].keys():
        try:
            found = declared(distribution(name))
        except PackageNotFoundError:
            found = {"not installed, so that nobody knows"}
        if not found or not found <= set(licences["allowed"]):
            faults.append(f"{name}: {', '.join(sorted(found)) or 'says nothing'}")
    assert faults == []


def test_only_packages_of_the_runtime_are_explained(repository, licences):
    assert licences["explained"].keys() <= set(runtime(repository))


def test_docutils_ships_nothing_of_its_gpl_part():
    files = [str(file) for file in distribution("docutils").files or []]
    assert files
    assert not [file for file in files if "emacs" in file.lower() or file.endswith(".el")]


def test_a_copyleft_licence_is_seen(tmp_path):
    folder = tmp_path / "gnu-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: gnu\nVersion: 1.0\n"
        "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)\n"
    )
    assert declared(Distribution.at(folder)) == {"GNU General Public License v3 (GPLv3)"}
