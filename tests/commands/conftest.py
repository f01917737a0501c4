"""Templates and a short warp for commands that run in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from pet_spect.registration import anatomical_image as anatomical
from pet_spect.registration import warp
from pet_spect.registration.templates import template
from pet_spect.registration.templates.template import Template


@pytest.fixture(scope="module")
def kept_templates(template_of: Callable[[str], Template]) -> Iterator[None]:
    """Let commands take templates that were made before; all of them use the one shipped atlas."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(template, "make_templates", lambda names, _: {name: template_of(name) for name in names})
        patched.setattr(anatomical, "make_anat_template", lambda kind, _: template_of(kind))
        yield


@pytest.fixture(scope="module")
def short_warp() -> Iterator[None]:
    """Let commands warp in few steps on coarse grids; the tests of the workflow warp as users do."""
    steps = warp.Step("mattes", (10, 0, 0), 0.2, 4.0, 1.0), warp.Step("CC", (6, 0, 0), 0.2, 3.0, 0.0)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(warp, "Deformation", partial(warp.Deformation, *steps))
        yield
