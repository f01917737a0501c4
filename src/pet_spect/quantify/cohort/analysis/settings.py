"""Settings of the analysis that a study declares: the primary analysis of each tracer, the sets, the multiplicity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, cast, get_args

from pet_spect.errors import ConfigError, listed, shown
from pet_spect.quantify.cohort.change import CROSSES_ZERO
from pet_spect.quantify.comparisons import CONTRALATERAL, Measure

TestedQuantity = Literal["log_ratio", "change"]
AnalysisSet = Literal["as_accepted", "per_protocol", "all"]
MissingData = Literal["bounds", "complete_cases"]
Multiplicity = Literal["none", "holm", "fixed"]

PRIMARY_MEASURES: tuple[Measure, ...] = (
    "uptake_ratio",
    "late_early_ratio",
    "ratio_minus_one",
    "asymmetry_index_percent",
)
"""Measures that can be primary."""

SETS: tuple[AnalysisSet, ...] = get_args(AnalysisSet)

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sets": SETS,
    "missing_data": get_args(MissingData),
    "multiplicity": get_args(Multiplicity),
}

_ONLY_REFERENCE: Mapping[str, str] = {"ratio_minus_one": "pons", "asymmetry_index_percent": CONTRALATERAL}
"""The one reference of a measure that has no other."""


@dataclass(frozen=True, slots=True)
class PrimaryAnalysis:
    """The primary analysis of one tracer, of the whole target.

    Attributes
    ----------
    reference : str
        What the target is compared with.
    measure : str
        One of `PRIMARY_MEASURES`.
    quantity : {'log_ratio', 'change'}
        What is tested: ``ln(follow_up / baseline)``, or ``follow_up - baseline``. It is also what the other
        endpoints of the tracer are tested on.
    session : str
        The follow-up.
    """

    reference: str
    measure: Measure
    quantity: TestedQuantity
    session: str


_ENTRY = tuple(each.name for each in fields(PrimaryAnalysis))


@dataclass(frozen=True)
class Analysis:
    """The declared analysis of a study.

    Attributes
    ----------
    primary : mapping of str to PrimaryAnalysis
        By tracer.
    sets : tuple of {'as_accepted', 'per_protocol', 'all'}
        The analysis sets in the summary; the first is that of the primary analysis.
    missing_data : {'bounds', 'complete_cases'}
        Whether the summary also says between which bounds the mean lies if missing people are like the worst or the
        best observed one.
    multiplicity : {'none', 'holm', 'fixed'}
        How the p of the primary analyses are adjusted for their number.
    family : tuple of str
        The tracers over which they are adjusted, in the order of `primary`.
    """

    primary: Mapping[str, PrimaryAnalysis]
    sets: tuple[AnalysisSet, ...] = ("as_accepted",)
    missing_data: MissingData = "bounds"
    multiplicity: Multiplicity = "none"
    family: tuple[str, ...] = ()

    def as_config(self) -> dict[str, Any]:
        """Return the settings as `read_analysis` reads them, with everything written out."""
        return {
            "primary": {tracer: asdict(entry) for tracer, entry in self.primary.items()},
            "sets": list(self.sets),
            "missing_data": self.missing_data,
            "multiplicity": self.multiplicity,
        }


def read_analysis(
    settings: Mapping[str, Any], sessions: Sequence[str], early_of: Mapping[str, str] | None = None
) -> Analysis:
    """Return the analysis that the key `analysis` of a configuration declares.

    Parameters
    ----------
    settings : mapping
        As its schema allows it: `primary` (by tracer a reference, or reference, measure, quantity and session),
        `measure`, `quantity` and `session` of all tracers, `sets`, `missing_data`, `multiplicity`.
    sessions : sequence of str
        The first is the reference. The default follow-up is the last.
    early_of : mapping, optional
        Late tracer to the tracer of its early scan. An early scan supports a late one: it is no outcome of its own,
        and not in `family`.

    Raises
    ------
    ConfigError
        With what is found and needed, if the settings contradict each other or the sessions.

    Examples
    --------
    >>> analysis = read_analysis({"primary": {"FDG": "pons"}}, ["baseline", "month6", "year1"])
    >>> analysis.primary["FDG"]
    PrimaryAnalysis(reference='pons', measure='uptake_ratio', quantity='log_ratio', session='year1')
    """
    for keys, message in analysis_mistakes(settings, sessions, early_of):
        raise ConfigError(f"{': '.join(keys)}: {message}")
    primary = {tracer: _of_tracer(settings, tracer, sessions) for tracer in settings["primary"]}
    early = set((early_of or {}).values())
    return Analysis(
        primary={
            tracer: PrimaryAnalysis(**{name: entry[name] for name in _ENTRY}) for tracer, entry in primary.items()
        },
        sets=tuple(settings.get("sets", SETS)),
        missing_data=cast(MissingData, settings.get("missing_data", "bounds")),
        multiplicity=cast(Multiplicity, settings.get("multiplicity", "none")),
        family=tuple(tracer for tracer in primary if tracer not in early),
    )


def analysis_mistakes(
    settings: Mapping[str, Any], sessions: Sequence[str], early_of: Mapping[str, str] | None = None
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield where the settings contradict each other or the sessions, and what is needed there.

    Parameters
    ----------
    settings, sessions, early_of
        As in `read_analysis`.

    Yields
    ------
    (tuple of str, str)
        The keys below `analysis`, and the message.
    """
    for key, allowed in _CHOICES.items():
        chosen = settings.get(key, allowed[0])
        words = list(chosen) if key == "sets" and isinstance(chosen, list | tuple) else [chosen]
        unknown = [word for word in words if word not in allowed]
        if unknown or not words:
            found = shown(unknown[0] if unknown else chosen)
            yield (key,), f"found {found}, needed {listed(allowed, joined=' or ')}"
    for tracer in settings["primary"]:
        entry = _of_tracer(settings, tracer, sessions)
        keys, follow_ups = ("primary", tracer), sessions[1:]
        if entry["session"] not in follow_ups and follow_ups:
            yield keys, f"found session {shown(entry['session'])}, needed one of the follow-ups {listed(follow_ups)}"
        measure, reference = entry["measure"], entry["reference"]
        if entry["quantity"] not in get_args(TestedQuantity):
            yield keys, f"found quantity {shown(entry['quantity'])}, needed {listed(get_args(TestedQuantity))}"
        if measure not in PRIMARY_MEASURES:
            yield keys, f"found measure {shown(measure)}, needed one of {listed(PRIMARY_MEASURES)}"
        only = _ONLY_REFERENCE.get(measure, reference)
        if reference != only:
            yield keys, f"found reference {shown(reference)}, but {measure} has {only} only"
        if measure in CROSSES_ZERO and entry["quantity"] == "log_ratio":
            yield keys, f"found quantity log_ratio, but {measure} crosses zero; write quantity: change"
        if measure == "late_early_ratio" and tracer not in (early_of or {}):
            yield keys, f"found measure late_early_ratio, but tracer {tracer} has no early scan (key early)"


def same_reference(entry: str | Mapping[str, Any], reference: object) -> bool:
    """Return whether an entry of `analysis: primary` names a reference, in either form.

    Examples
    --------
    >>> same_reference("pons", "pons"), same_reference({"reference": "pons"}, "cerebellum")
    (True, False)
    """
    return (entry if isinstance(entry, str) else entry.get("reference", CONTRALATERAL)) == reference


def _of_tracer(settings: Mapping[str, Any], tracer: str, sessions: Sequence[str]) -> dict[str, Any]:
    """Return what is declared for a tracer, with the settings of all tracers and the defaults."""
    own = settings["primary"][tracer]
    own = {"reference": own} if isinstance(own, str) else own
    common = {key: settings[key] for key in ("measure", "quantity", "session") if settings.get(key) is not None}
    entry = {"measure": "uptake_ratio", "session": sessions[-1]} | common | own
    measure = entry["measure"]
    defaults = {
        "reference": _ONLY_REFERENCE.get(measure, CONTRALATERAL),
        "quantity": "change" if measure in CROSSES_ZERO else "log_ratio",
    }
    return defaults | entry
