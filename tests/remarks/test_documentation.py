"""Every code of the catalogue is explained where its entry says."""

import re

import pytest

from pet_spect.remarks.catalogue import CATALOGUE


def anchors(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("place", sorted({kind.docs for kind in CATALOGUE.values()}))
def test_a_page_explains_every_code_that_names_it(repository, place):
    name, _, anchor = place.partition("#")
    page = (repository / name).read_text(encoding="utf-8")
    assert anchor in anchors(page)
    missing = {code for code, kind in CATALOGUE.items() if kind.docs == place and f"`{code}`" not in page}
    assert missing == set()
