"""The page of the blinded reading: one for all scans, which its script fills."""

from __future__ import annotations

from dataclasses import dataclass

from pet_spect.report.rendering import environment, joined_assets, source_hash
from pet_spect.report.review.reasons import MOST_LETTERS, REASONS
from pet_spect.study.decisions import RATINGS


@dataclass(frozen=True)
class ReviewPage:
    """The page as it is sent.

    Attributes
    ----------
    text : str
    policy : str
        Its content security policy: one style and one script of its own, pictures and answers of this server alone.
    """

    text: str
    policy: str


def review_page(secret: str, total: int, *, simulated: bool, all_simulated: bool) -> ReviewPage:
    """Return the page.

    Parameters
    ----------
    secret : str
        What the script must send with every request that writes.
    total : int
        How many scans there are to rate.
    simulated, all_simulated : bool
        Whether the page says SIMULATED, and that nothing on it was measured in a person.
    """
    from markupsafe import Markup

    style, script = (
        joined_assets(names, suffix) for names, suffix in ((("report", "review"), ".css"), (("review",), ".js"))
    )
    content = {"secret": secret, "total": total, "simulated": simulated, "reasons": REASONS, "ratings": RATINGS}
    content["all_simulated"] = all_simulated
    template = environment().get_template("review.html.j2")
    text = template.render(content, most_letters=MOST_LETTERS, style=Markup(style), script=Markup(script))
    sources = {
        "default-src": "'none'",
        "style-src": source_hash(style),
        "script-src": source_hash(script),
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return ReviewPage(text, "; ".join(f"{name} {source}" for name, source in sources.items()))
