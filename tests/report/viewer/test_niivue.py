from __future__ import annotations

import hashlib
import re

from pet_spect.report.rendering import ASSETS


def test_shipped_niivue_has_the_checksum_that_its_readme_states():
    stated = re.search(r"`niivue\.umd\.js`.*\| `([0-9a-f]{64})` \|", (ASSETS / "niivue/README.md").read_text("utf-8"))
    assert stated is not None
    assert hashlib.sha256((ASSETS / "niivue/niivue.umd.js").read_bytes()).hexdigest() == stated[1]


def test_licence_of_every_library_in_niivue_is_shipped():
    text = (ASSETS / "niivue/LICENSES.txt").read_text("utf-8")
    heads = re.findall(r"^======== (\S+)", text, re.MULTILINE)
    libraries = ["fflate", "gl-matrix", "nifti-reader-js", "zarrita", "zarrita-storage", "numcodecs", "lukeed-uuid"]
    assert heads == [
        "NiiVue",
        *libraries,
        "ungap-structured-clone",
        "array-equal",
        "LZ4",
        "Blosc",
        "Zstandard",
        "Roboto,",
    ]
