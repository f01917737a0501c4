"""Whether a scan's values may be used: what the scan itself says, and what a person decided."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from pet_spect.model import Decision, Refusal, ScanKey, Side, opposite
from pet_spect.quantify.laterality import (
    FEWEST_REGIONS,
    Asymmetry,
    LesionEvidence,
    agreement,
    asymmetry,
    comparable,
    lesion_evidence,
    mirrored,
)
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.reasons import split_reasons
from pet_spect.quantify.roles import ScanUptake

_MASK_ML = 0.1
_MASK_SHARE = 2 / 3
_SEEN_ML = 5.0
_SEEN_SHARE = 3 / 4


@dataclass(frozen=True)
class Verdict:
    """What becomes of one scan.

    Attributes
    ----------
    status : {'measured', 'refused', 'missing', 'excluded'}
        As in scans.tsv.
    fault : Refusal or None
        Why it is not ``measured``, or what was accepted.
    decision : {'accept', 'exclude'} or None
        What a person decided about the fault.
    failure : str
        ``code: text`` why its values are shown but not used; empty if they are used.
    notes : tuple of str
        ``code: text`` of what to look at.
    """

    status: str
    fault: Refusal | None = None
    decision: str | None = None
    failure: str = ""
    notes: tuple[str, ...] = ()


def judge_absent(status: str, fault: Refusal | None, decision: Decision | None) -> Verdict:
    """Return the verdict on a scan that was refused or never made."""
    if fault is None:
        return Verdict(status, decision=decision.decision if decision else None)
    if fault.stage == "decision":
        if decision is not None and decision.decision == "exclude":
            return _excluded(decision)
        return Verdict("excluded", fault)
    return Verdict(status, *_signed(fault, decision))


def _excluded(decision: Decision) -> Verdict:
    said = Refusal("decision", decision.code or "excluded", decision.reason)
    return Verdict("excluded", said, "exclude", failure=f"excluded: {decision.reason}")


def judge_measured(
    scans: Sequence[ScanUptake],
    lesion_side: Side,
    decisions: Mapping[ScanKey, Decision],
    cerebellum: Collection[str] = (),
) -> list[Verdict]:
    """Return the verdict on each measured scan of one participant.

    A scan is excluded if a person says so in qc.tsv; or if its regions, or the lesion that the registration
    saw, lie on the other side than participants.tsv says, if it mirrors the participant's other scans, or
    if the lesion mask lies on the other side, unless a person accepts just that. A scan that a person
    excluded is compared with no other: its fault must not fall back on the good ones.

    Parameters
    ----------
    scans : sequence of ScanUptake
        The measured scans of one participant.
    lesion_side : {'left', 'right'}
        From participants.tsv.
    decisions : mapping
        From qc.tsv.
    cerebellum : collection of str
        The regions that are cerebellum in this atlas; they have no say.
    """
    excluded = {
        scan.key: _excluded(decision)
        for scan in scans
        if (decision := decisions.get(scan.key)) is not None and decision.decision == "exclude"
    }
    compared = [scan for scan in scans if scan.key not in excluded]
    judged = dict(
        zip([scan.key for scan in compared], _judge_compared(compared, lesion_side, decisions, cerebellum), strict=True)
    )
    return [(excluded | judged)[scan.key] for scan in scans]


def _judge_compared(
    scans: Sequence[ScanUptake],
    lesion_side: Side,
    decisions: Mapping[ScanKey, Decision],
    cerebellum: Collection[str],
) -> list[Verdict]:
    patterns = [
        asymmetry({region: (value.mean, value.volume_ml) for region, value in scan.values.items()}, cerebellum)
        for scan in scans
    ]
    evidence = [lesion_evidence(pattern) for pattern in patterns]
    contradicted = mirrored(patterns, [found.side for found in evidence], lesion_side)
    all_disagree = len(scans) > 1 and all(agreement(found, lesion_side) == "disagree" for found in evidence)
    verdicts = []
    for place, (scan, found, mirror_image) in enumerate(zip(scans, evidence, contradicted, strict=True)):
        fault = (
            _side_fault(found, lesion_side, all_disagree)
            or _mask_fault(scan, lesion_side)
            or _seen_fault(scan, lesion_side)
        )
        if fault is None and mirror_image:
            text = "left and right are exchanged against another scan of this participant"
            fault = Refusal("laterality", "laterality_mirrored", text)
        verdict = _weigh(fault, decisions.get(scan.key))
        if fault is None:
            told = found.side or _seen_side(scan)
            doubts = _doubts(patterns[place], [*patterns[:place], *patterns[place + 1 :]], told)
            verdict = replace(verdict, notes=tuple(doubts))
        verdicts.append(verdict)
    return verdicts


def _side_fault(found: LesionEvidence, lesion_side: Side, all_disagree: bool) -> Refusal | None:
    if agreement(found, lesion_side) != "disagree":
        return None
    text = (
        f"the scan shows its deficit on the {found.side} (z = {abs(found.z):.1f}), participants.tsv says {lesion_side}"
    )
    if all_disagree:
        text += "; so does every scan of this participant: is lesion_side right?"
    return Refusal("laterality", "laterality_disagree", text)


def _seen_side(scan: ScanUptake) -> Side | None:
    """Return the side of the lesion that the registration saw, if it is clear."""
    for side, volume in zip(("left", "right"), scan.lesion_seen_ml, strict=True):
        if volume >= max(_SEEN_ML, _SEEN_SHARE * sum(scan.lesion_seen_ml)):
            return cast(Side, side)
    return None


def _seen_fault(scan: ScanUptake, lesion_side: Side) -> Refusal | None:
    if _seen_side(scan) != opposite(lesion_side):
        return None
    text = (
        f"the person's scans show a lesion of {max(scan.lesion_seen_ml):.1f} mL on the {opposite(lesion_side)},"
        f" participants.tsv says {lesion_side}: are they mirrored, or is lesion_side wrong?"
    )
    return Refusal("laterality", "laterality_disagree", text)


def _mask_fault(scan: ScanUptake, lesion_side: Side) -> Refusal | None:
    volume = {"left": 0.0, "right": 0.0, "n/a": 0.0}
    for (region, side), value in scan.values.items():
        if not region.endswith("_lesionfree") and math.isfinite(value.lesion_fraction):
            volume[side] += value.lesion_fraction * value.volume_ml
    wrong = volume[opposite(lesion_side)]
    total = wrong + volume[lesion_side]
    if total < _MASK_ML or wrong < _MASK_SHARE * total:
        return None
    other = opposite(lesion_side)
    text = f"{wrong / total:.0%} of the lesion mask lies on the {other}, participants.tsv says {lesion_side}"
    return Refusal("laterality", "lesion_mask_side", text)


def _doubts(pattern: Asymmetry, others: Sequence[Asymmetry], side: Side | None) -> Iterator[str]:
    """Yield what the scan could not be asked, so that a check that is not possible does not look passed."""
    n = len(pattern.regions)
    if n < FEWEST_REGIONS:
        yield (
            f"laterality_undetermined: only {n} paired region{'s' * (n != 1)} of the cerebrum, {FEWEST_REGIONS} are"
            " needed to see on which side the lesion is"
        )
    elif side is None:
        yield "laterality_undetermined: the scan itself does not show on which side the lesion is"
    if others and not any(comparable(pattern, other) for other in others):
        yield (
            f"likeness_not_possible: fewer than {FEWEST_REGIONS} paired regions are shared with another scan of this"
            " participant, so that a mirrored one would not be found"
        )


def _weigh(fault: Refusal | None, decision: Decision | None) -> Verdict:
    if fault is None:
        return Verdict("measured", decision=decision.decision if decision else None)
    fault, verdict = _signed(fault, decision)
    told = f"{fault.code}: {fault.reason}"
    if verdict == "accept" and decision is not None:
        return Verdict("measured", fault, verdict, notes=(f"{told} (accepted: {decision.reason})",))
    return Verdict("excluded", fault, verdict, failure=told)


def _signed(fault: Refusal, decision: Decision | None) -> tuple[Refusal, str | None]:
    """Return the fault and the decision about it; accepting one fault does not accept another."""
    if decision is None:
        return fault, None
    if decision.decision == "accept" and decision.code != fault.code:
        return replace(fault, reason=f"{fault.reason} (qc.tsv accepts {decision.code or 'no code'} only)"), None
    return fault, decision.decision


def refuse_without_primary(verdict: Verdict, primary: Ratio, decision: Decision | None) -> Verdict:
    """Return the verdict once the ratios are known: a scan without its primary ratio is refused, too."""
    if verdict.status != "measured" or math.isfinite(primary.value):
        return verdict
    code, _, text = split_reasons(primary.reason)[0].partition(": ")
    fault, signed = _signed(Refusal("measure", code, text), decision)
    return replace(verdict, status="refused", fault=fault, decision=signed)
