"""What a test asks of a page's HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Outline(HTMLParser):
    """A page that styles and scripts no element by itself and closes every tag.

    Attributes
    ----------
    addresses : list of str
        Every address a browser could fetch.
    levels : list of int
        Of the headings, in their order.
    alts : dict of str to str
        The alternative text of each picture.
    """

    VOID = frozenset({"meta", "img", "br", "link", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.levels: list[int] = []
        self.alts: dict[str, str] = {}
        self._opened: list[str] = []
        self.feed(text)
        assert self._opened == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]
        assert "style" not in values
        assert not any(name.startswith("on") for name in values)
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "img":
            self.alts[values["src"]] = values["alt"]
        if tag not in self.VOID:
            self._opened.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self._opened.pop() == tag
