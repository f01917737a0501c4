"""Files that name a version or a supported Python say the same; no file names a package host."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from pet_spect import __version__

CONDA_NAMES = {"matplotlib-base": "matplotlib"}
NOT_LOCKED = {"python", "pip"}


def locked(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", path.read_text(), flags=re.MULTILINE))


def conda_versions(path: Path) -> dict[str, str]:
    """Package to version, conda's and pip's alike."""
    entries = yaml.safe_load(path.read_text())["dependencies"]
    plain = [entry for entry in entries if isinstance(entry, str)]
    from_pip = [entry for entries in entries if isinstance(entries, dict) for entry in entries["pip"]]
    pairs = [re.split("=+", entry) for entry in plain + from_pip if not entry.startswith("--")]
    return {CONDA_NAMES.get(pair[0], pair[0]): pair[1] if len(pair) > 1 else "" for pair in pairs}


def direct_dependencies(path: Path) -> set[str]:
    project = tomllib.loads(path.read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["slurm"]
    return {re.split("[<>=~]", entry)[0] for entry in wanted}


def test_environment_holds_every_direct_dependency_in_its_locked_version(repository):
    lock = locked(repository / "requirements/runtime.lock") | locked(repository / "requirements/bootstrap.lock")
    found = conda_versions(repository / "environment.yml")
    assert direct_dependencies(repository / "pyproject.toml") <= found.keys()
    assert {name: version for name, version in found.items() if name not in NOT_LOCKED} == {
        name: lock[name] for name in found if name not in NOT_LOCKED
    }


def test_environment_python_is_one_the_package_accepts(repository):
    wanted = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11,<3.14"
    assert conda_versions(repository / "environment.yml")["python"] in ("3.11", "3.12", "3.13")


def test_make_tests_every_python_the_package_accepts(repository):
    (versions,) = re.findall("^PYTHONS := (.*)$", (repository / "Makefile").read_text(), flags=re.MULTILINE)
    assert versions.split() == ["3.11", "3.12", "3.13"]


def test_citation_and_changelog_name_the_version_of_the_package(repository):
    assert yaml.safe_load((repository / "CITATION.cff").read_text())["version"] == __version__
    headings = re.findall("^## ([^ ]+)", (repository / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert headings[0] == __version__


def test_runtime_lock_is_part_of_the_development_lock(repository):
    runtime, full = (locked(repository / f"requirements/{name}.lock") for name in ("runtime", "dev"))
    assert runtime.items() <= full.items()


@pytest.mark.parametrize("name", ["bootstrap", "runtime", "dev"])
def test_every_locked_version_has_a_hash(repository, name):
    text = (repository / f"requirements/{name}.lock").read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


def test_no_committed_file_names_a_package_host(repository, need_tool):
    hosts = "|".join(["py" + "pi[.]org", "python" + "hosted[.]org", "ana" + "conda[.](org|com)", "conda[.]" + "io"])
    command = [need_tool("git"), "-C", str(repository), "grep", "--untracked", "-IlE", hosts]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == ""
