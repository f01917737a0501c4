"""The recipes of the containers say the same and name files that exist; no image is built here."""

from __future__ import annotations

import re
import subprocess

import pytest


@pytest.fixture
def recipes(repository):
    folder = repository / "requirements/containers"
    return tuple((folder / name).read_text(encoding="utf-8") for name in ("Dockerfile", "pet_spect.def"))


def copied(dockerfile):
    return [word for line in re.findall("^COPY (.*)$", dockerfile, flags=re.MULTILINE) for word in line.split()[:-1]]


def test_both_copy_the_same_files_and_these_exist(recipes, repository):
    dockerfile, definition = recipes
    section = definition.partition("%files\n")[2].partition("\n\n")[0]
    assert copied(dockerfile) == [line.split()[0] for line in section.splitlines()]
    assert all((repository / name).exists() for name in copied(dockerfile))


def test_both_stand_on_the_same_python_which_the_package_accepts(recipes):
    bases = {re.search(r"^(?:FROM|From:) (\S+)$", recipe, flags=re.MULTILINE)[1] for recipe in recipes}
    assert bases == {"python:3.13-slim-bookworm"}


def test_what_is_copied_is_all_that_the_build_and_the_workflow_read(recipes, repository):
    names = set(copied(recipes[0]))
    assert {"src", "atlases", "README.md", "LICENSE", "pyproject.toml", "requirements"} <= names
    read = {name for name in ("workflow", "profiles", "Snakefile") if (repository / name).exists()}
    assert read <= names


def test_docker_runs_as_nobody_in_particular(recipes):
    assert "USER 65534:65534" in recipes[0].splitlines()


def test_the_installation_takes_every_package_by_its_hash(repository):
    script = repository / "requirements/containers/install.sh"
    text = script.read_text(encoding="utf-8")
    assert text.count("--require-hashes") == 2
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
