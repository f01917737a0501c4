import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from pet_spect.imaging.atlases import load_atlas
from pet_spect.simulate.heads.standard_head import Head, standard_head


@pytest.fixture(scope="session")
def head() -> Head:
    return standard_head(load_atlas(), step=2)


@pytest.fixture(scope="session")
def dicom_errors() -> Callable[[Iterable[Path]], list[str]]:
    program = shutil.which("dciodvfy")
    if program is None and os.environ.get("CI") == "true":
        pytest.fail("dciodvfy (Debian dicom3tools) is needed in CI")
    if program is None:
        pytest.skip("dciodvfy (Debian dicom3tools) is not installed")

    def errors(paths: Iterable[Path]) -> list[str]:
        lines = []
        for path in paths:
            said = subprocess.run([program, path], capture_output=True, text=True, check=False)
            lines += [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]
        return lines

    return errors
