"""Check of the key `analysis` of a configuration, and of `primary`, its place in version 0.1."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pet_spect.errors import did_you_mean, listed, shown
from pet_spect.quantify.cohort.analysis.settings import analysis_mistakes, read_analysis, same_reference
from pet_spect.study.config_check import ConfigCheck

_OLD, _KEYS = ("primary",), ("analysis", "primary")


def take_old_primary(check: ConfigCheck) -> list[str]:
    """Move a `primary` at the top of a configuration into `analysis`, and return what to tell the user.

    If both are written they must agree, and `analysis: primary` counts, because it can say more.
    """
    old = check.as_written.get("primary")
    if old is None or not check.has("primary", "analysis"):
        return []
    if not _is_written(check):
        check.config["analysis"]["primary"] = dict(old)
        return ["config: primary has moved; it was read as analysis: primary"]
    written = check.config["analysis"]["primary"]
    for tracer, reference in old.items():
        if tracer not in written or not same_reference(written[tracer], reference):
            message = f"{tracer}: found {shown(reference)}, but analysis: primary does not say this; remove primary"
            check.add(_OLD, message, inside=(tracer,))
    return ["config: primary has moved; analysis: primary is used, which agrees with it"]


def check_primary_references(check: ConfigCheck, references: Collection[str], wrong: Collection[str]) -> None:
    """Note the primary references that a study does not have.

    Parameters
    ----------
    check : ConfigCheck
        After `take_old_primary`.
    references, wrong : collection of str
        The references, and those in which a mistake is noted already.
    """
    if not check.has("tracers", "primary", "analysis"):
        return
    primary = check.config["analysis"]["primary"]
    for tracer in check.config["tracers"]:
        entry = primary.get(tracer)
        name = entry.get("reference") if isinstance(entry, Mapping) else entry
        if name is not None and name not in {*references, *wrong}:
            near = did_you_mean(str(name), references)
            message = f"found {shown(name)}, needed one of the references {listed(references)}{near}"
            check.add((*_keys(check), tracer), message)


def check_analysis(check: ConfigCheck) -> None:
    """Note what is wrong with `analysis`; without a mistake, write out what it declares for each tracer."""
    if not check.has("analysis", "primary", "tracers", "sessions"):
        return
    settings, tracers = check.config["analysis"], check.config["tracers"]
    before = len(check.mistakes)
    _check_tracers(check)
    early_of = {name: tracer["early"] for name, tracer in tracers.items() if "early" in tracer}
    of_study = {name: entry for name, entry in settings["primary"].items() if name in tracers}
    settings = {**settings, "primary": of_study}
    if len(check.mistakes) == before:
        for keys, message in analysis_mistakes(settings, check.config["sessions"], early_of):
            check.add((*_keys(check)[:-1], *keys), message)
    if len(check.mistakes) == before:
        check.config["analysis"] = read_analysis(settings, check.config["sessions"], early_of).as_config()


def _check_tracers(check: ConfigCheck) -> None:
    tracers, primary = check.config["tracers"], check.config["analysis"]["primary"]
    for name in tracers:
        if name not in primary:
            check.add(_keys(check), f"tracer {name} has no primary reference")
    for name in primary if _is_written(check) or "primary" in check.as_written else ():
        if name not in tracers:
            check.add(_keys(check), f"tracer {name} is not among tracers ({listed(tracers)})", inside=(name,))


def _is_written(check: ConfigCheck) -> bool:
    return "primary" in (check.as_written.get("analysis") or {})


def _keys(check: ConfigCheck) -> tuple[str, ...]:
    """Return where the primary references stand."""
    return _OLD if "primary" in check.as_written and not _is_written(check) else _KEYS
