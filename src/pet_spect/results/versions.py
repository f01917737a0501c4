"""Versions of the packages that a step works with."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

PYTHON = "python"


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the version of each package that is installed, and first that of Python.

    Parameters
    ----------
    packages : iterable of str
        Names of distributions, such as ``antspyx``.

    Examples
    --------
    >>> list(installed_versions(["numpy", "no-such-package"]))
    ['python', 'numpy']
    """
    found = {PYTHON: platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
