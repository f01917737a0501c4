"""Fixtures for every test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def need_tool() -> Callable[[str], str]:
    """Return a function that gives the path of a program, or skips; in CI a missing program fails."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None and os.environ.get("CI"):
            pytest.fail(f"{name} is not installed; .ci/run must install it")
        if path is None:
            pytest.skip(f"{name} is not installed")
        return path

    return find
