"""Pages from templates: each carries its own style and script, and a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pet_spect import __version__
from pet_spect.files import whole_file

if TYPE_CHECKING:
    from jinja2 import Environment

ASSETS = Path(__file__).parent / "assets"


def write_page(path: Path, template: str, content: Mapping[str, Any], allow: Mapping[str, str] | None = None) -> None:
    """Write one page.

    Parameters
    ----------
    path : Path
    template : str
        Name of a template that extends ``layout.html.j2``: ``person`` for ``person.html.j2``. The page carries
        ``report.css`` and ``report.js`` and, if they exist, the style and script of this name.
    content : mapping of str to Any
        What the template shows; ``simulated`` and ``all_simulated`` among it.
    allow : mapping of str to str, optional
        What the policy of the page allows besides, see `policy`.
    """
    from markupsafe import Markup

    style, script = (joined_assets(("report", template), suffix) for suffix in (".css", ".js"))
    text = (
        environment()
        .get_template(f"{template}.html.j2")
        .render(
            content,
            version=__version__,
            style=Markup(style),
            script=Markup(script),
            policy=policy(style, script, allow or {}),
        )
    )
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


@cache
def joined_assets(names: tuple[str, ...], suffix: str) -> str:
    """Return the assets of these names that exist, one behind the other."""
    files = [ASSETS / f"{name}{suffix}" for name in names]
    return "".join(file.read_text("utf-8") for file in files if file.exists())


def policy(style: str, script: str, allow: Mapping[str, str]) -> str:
    """Return the content security policy of a page with one style and one script of its own.

    Pictures come from the folders beside the page; nothing is fetched, framed or sent.

    Parameters
    ----------
    style, script : str
        What stands in the page; known by their SHA-256.
    allow : mapping of str to str
        Further sources by directive, such as ``{"script-src": "'self'"}``.
    """
    sources = {
        "default-src": "'none'",
        "style-src": source_hash(style),
        "script-src": source_hash(script),
        "img-src": "'self' file:",
        "form-action": "'none'",
        "base-uri": "'none'",
    }
    for name, more in allow.items():
        sources[name] = f"{sources[name]} {more}" if name in sources else more
    return "; ".join(f"{name} {source}" for name, source in sources.items())


def source_hash(text: str) -> str:
    """Return how a content security policy names a style or a script that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


@cache
def environment() -> Environment:
    """Return the templates of the report, in which everything is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("pet_spect.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
