"""QC of a scan: what the scan itself shows and what a person decided, joined to pass, warn or fail."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from pet_spect.errors import listed
from pet_spect.model import ANATOMICAL, Decision, Refusal, ScanKey, Side, opposite
from pet_spect.quantify.laterality import (
    FEWEST_REGIONS,
    Asymmetry,
    agreement,
    asymmetry,
    comparable,
    mirrored,
    side_of_deficit,
)
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.roles import ScanUptake
from pet_spect.remarks import NEVER, WITH_WITNESS, Remark, read_cell
from pet_spect.remarks.catalogue import CATALOGUE, Code

_NO_FAULTS: Mapping[ScanKey, Refusal] = MappingProxyType({})

_MASK_ML = 0.1
_MASK_SHARE = 2 / 3


@dataclass(frozen=True)
class ScanQc:
    """What becomes of one scan.

    Attributes
    ----------
    status : {'measured', 'refused', 'missing', 'excluded'}
        As in scans.tsv.
    fault : Refusal or None
        Why it is not ``measured``, or what was accepted.
    decision : {'accept', 'exclude'} or None
        What a person decided about the fault.
    failure : Remark or None
        Why its values are shown but not used; None if they are used.
    notes : tuple of Remark
        What to look at.
    stated_code : str or None
        What the person who excluded it calls the fault, in place of the code of `fault`: any word.
    """

    status: str
    fault: Refusal | None = None
    decision: str | None = None
    failure: Remark | None = None
    notes: tuple[Remark, ...] = ()
    stated_code: str | None = None


def judge_absent(status: str, fault: Refusal | None, decisions: Sequence[Decision]) -> ScanQc:
    """Return the scan_qc on a scan that was refused or never made.

    To accept a refusal says that it is known; the scan stays refused.
    """
    if fault is None:
        return ScanQc(status, decision=decisions[0].decision if decisions else None)
    if fault.stage == "decision":
        exclusion = _exclusion(decisions)
        return ScanQc("excluded", fault) if exclusion is None else _excluded(exclusion)
    return ScanQc(status, *_signed(fault, decisions))


def _exclusion(decisions: Sequence[Decision]) -> Decision | None:
    return next((decision for decision in decisions if decision.decision == "exclude"), None)


def _excluded(decision: Decision) -> ScanQc:
    failure = Remark.of("excluded", reason=decision.reason)
    said = Refusal("decision", failure.code, decision.reason)
    return ScanQc("excluded", said, "exclude", failure=failure, stated_code=decision.code)


def judge_measured(
    scans: Sequence[ScanUptake],
    lesion_side: Side,
    decisions: Mapping[ScanKey, Sequence[Decision]],
    cerebellum: Collection[str] = (),
    protocol_faults: Mapping[ScanKey, Refusal] = _NO_FAULTS,
) -> list[ScanQc]:
    """Return the scan_qc on each measured scan of one participant.

    A scan is excluded if a person says so in qc.tsv; or if its regions, or the lesion that the registration
    saw, lie on the other side than participants.tsv says, if it mirrors the participant's other scans, if
    the lesion mask lies on the other side, or if the protocol does not allow it. A person may accept each of
    these faults but a mirrored scan (`remarks.NEVER`); that the scan itself disagrees (`remarks.WITH_WITNESS`),
    only where a drawn lesion mask or the lesion in an anatomical image is on `lesion_side`. A scan that a person
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
    protocol_faults : mapping
        What the protocol guard refuses (`pet_spect.quantify.cohort.protocol.guard`).
    """
    excluded = {
        scan.key: _excluded(exclusion)
        for scan in scans
        if (exclusion := _exclusion(decisions.get(scan.key, ()))) is not None
    }
    compared = [scan for scan in scans if scan.key not in excluded]
    judgements = _judge_compared(compared, lesion_side, decisions, cerebellum, protocol_faults)
    judged = dict(zip([scan.key for scan in compared], judgements, strict=True))
    return [(excluded | judged)[scan.key] for scan in scans]


def _judge_compared(
    scans: Sequence[ScanUptake],
    lesion_side: Side,
    decisions: Mapping[ScanKey, Sequence[Decision]],
    cerebellum: Collection[str],
    protocol_faults: Mapping[ScanKey, Refusal],
) -> list[ScanQc]:
    patterns = [
        asymmetry({region: (value.mean, value.volume_ml) for region, value in scan.values.items()}, cerebellum)
        for scan in scans
    ]
    shown_sides = [side_of_deficit(scan.deficit_ml) for scan in scans]
    contradicted = mirrored(patterns, shown_sides, lesion_side)
    all_disagree = len(scans) > 1 and all(agreement(side, lesion_side) == "disagree" for side in shown_sides)
    scan_qcs = []
    for place, (scan, side, mirror_image) in enumerate(zip(scans, shown_sides, contradicted, strict=True)):
        faults = [
            _side_fault(scan, lesion_side, all_disagree),
            _mask_fault(scan, lesion_side),
            _anatomy_fault(scan, lesion_side),
        ]
        if mirror_image:
            faults.append(Refusal.of("laterality", Remark.of("laterality_mirrored")))
        shown = [fault for fault in faults if fault is not None]
        of_protocol = [protocol_faults[scan.key]] if scan.key in protocol_faults else []
        scan_qc = _weigh([*shown, *of_protocol], scan, lesion_side, decisions.get(scan.key, ()))
        if not shown:
            clear_side = side or _anatomy_side(scan)
            doubts = _doubts(patterns[place], [*patterns[:place], *patterns[place + 1 :]], clear_side)
            scan_qc = replace(scan_qc, notes=(*scan_qc.notes, *doubts))
        scan_qcs.append(scan_qc)
    return scan_qcs


def _side_fault(scan: ScanUptake, lesion_side: Side, all_disagree: bool) -> Refusal | None:
    shown = side_of_deficit(scan.deficit_ml)
    if agreement(shown, lesion_side) != "disagree":
        return None
    smaller, larger = sorted(scan.deficit_ml)
    case = "all_scans" if all_disagree else "scan"
    remark = Remark.of("laterality_disagree", case=case, larger=larger, other=shown, smaller=smaller, side=lesion_side)
    return Refusal.of("laterality", remark)


def _anatomy_side(scan: ScanUptake) -> Side | None:
    """Return the side of the lesion that the person's anatomical image shows, if there is one and it is clear."""
    return side_of_deficit(scan.lesion_seen_ml) if scan.lesion_seen_in.startswith(ANATOMICAL) else None


def _anatomy_fault(scan: ScanUptake, lesion_side: Side) -> Refusal | None:
    if _anatomy_side(scan) != opposite(lesion_side):
        return None
    volume_ml, other = max(scan.lesion_seen_ml), opposite(lesion_side)
    remark = Remark.of("laterality_disagree", case="anatomy", seen=volume_ml, other=other, side=lesion_side)
    return Refusal.of("laterality", remark)


def _mask_ml(scan: ScanUptake) -> dict[str, float]:
    """Return how much of the drawn lesion mask lies in the regions of each side; an estimated one is not counted."""
    volume = {"left": 0.0, "right": 0.0, "n/a": 0.0}
    for part in scan.whole_parts:
        value = scan.values[part]
        if math.isfinite(value.lesion_fraction):
            volume[part[1]] += value.lesion_fraction * value.volume_ml
    return volume


def mask_side(scan: ScanUptake) -> Side | None:
    """Return the side of the drawn lesion mask, if there is one and it is clear."""
    volume = _mask_ml(scan)
    total = volume["left"] + volume["right"]
    sides: tuple[Side, Side] = ("left", "right")
    return next((side for side in sides if total >= _MASK_ML and volume[side] >= _MASK_SHARE * total), None)


def _witnessed(scan: ScanUptake, lesion_side: Side) -> bool:
    """Return whether a drawn lesion mask, or an anatomical image that shows the lesion, agrees with lesion_side."""
    return lesion_side in (_anatomy_side(scan), mask_side(scan))


def _mask_fault(scan: ScanUptake, lesion_side: Side) -> Refusal | None:
    if mask_side(scan) != opposite(lesion_side):
        return None
    volume = _mask_ml(scan)
    wrong = volume[opposite(lesion_side)]
    total = wrong + volume[lesion_side]
    other = opposite(lesion_side)
    return Refusal.of("laterality", Remark.of("lesion_mask_side", share=wrong / total, other=other, side=lesion_side))


def _doubts(pattern: Asymmetry, others: Sequence[Asymmetry], side: Side | None) -> Iterator[Remark]:
    """Yield the checks that were not possible for the scan, so that they do not look passed."""
    if side is None:
        yield Remark.of("laterality_undetermined")
    if others and not any(comparable(pattern, other) for other in others):
        yield Remark.of("likeness_not_possible", fewest=FEWEST_REGIONS)


def _weigh(faults: Sequence[Refusal], scan: ScanUptake, lesion_side: Side, decisions: Sequence[Decision]) -> ScanQc:
    """Return the scan_qc on a scan with these faults; it is used only if each of them is accepted."""
    notes = []
    for fault in faults:
        signed_fault, scan_qc = _signed(fault, decisions)
        if scan_qc is not None and (needed := _not_enough(fault.code, scan, lesion_side)):
            signed_fault = replace(
                signed_fault, reason=f"{signed_fault.reason} (the sign-off in qc.tsv does not count: {needed})"
            )
            scan_qc = None
        if scan_qc is None:
            return ScanQc("excluded", signed_fault, failure=signed_fault.remark)
        reason = next(decision.reason for decision in decisions if decision.code == fault.code)
        notes.append(Remark.said(signed_fault.code, f"{signed_fault.reason} (accepted: {reason})"))
    accepted_faults = [*scan.accepted, *faults]
    if not accepted_faults:
        return ScanQc("measured", decision=decisions[0].decision if decisions else None)
    # a scan may have been let through by the decision about another one of the person
    signed = any(decision.code == fault.code for decision in decisions for fault in accepted_faults)
    return ScanQc("measured", accepted_faults[0], "accept" if signed else None, notes=tuple(notes))


def _not_enough(code: Code, scan: ScanUptake, lesion_side: Side) -> str:
    """Return why the acceptance of a code does not count for a scan; empty if it does."""
    if code in NEVER:
        return f"{code} cannot be accepted: {CATALOGUE[code].never_for}; exclude the scan or correct it"
    if code in WITH_WITNESS and not _witnessed(scan, lesion_side):
        return (
            f"a drawn lesion mask, or an anatomical image that shows the lesion, on the {lesion_side} is needed"
            " (lesion_mask or anat in participants.tsv)"
        )
    return ""


def _signed(fault: Refusal, decisions: Sequence[Decision]) -> tuple[Refusal, str | None]:
    """Return the fault and the decision about it; accepting one fault does not accept another."""
    for decision in decisions:
        if decision.decision == "exclude" or decision.code == fault.code:
            return fault, decision.decision
    if not decisions:
        return fault, None
    codes = listed((decision.code or "no code" for decision in decisions), joined=" and ")
    return replace(fault, reason=f"{fault.reason} (qc.tsv accepts {codes} only)"), None


def sign_offs(scan_qc: ScanQc, scan: ScanUptake, decisions: Sequence[Decision]) -> str:
    """Return every decision about a scan with its signature, and whether it has an effect.

    Parameters
    ----------
    scan_qc : ScanQc
        The last one on the scan.
    scan : ScanUptake
    decisions : sequence of Decision
        From qc.tsv, about this scan.
    """
    shown = {note.code for note in (*scan_qc.notes, *scan.notes)}
    texts = []
    for decision in decisions:
        what = f"{decision.decision} {decision.code}" if decision.code else decision.decision
        text = f"{what}: {decision.reason} ({decision.initials}, {decision.time}, version {decision.version})"
        if decision.decision == "accept" and not (scan_qc.status == "measured" and decision.code in shown):
            text += {
                "measured": f", without effect: the scan does not show {decision.code}",
                "missing": ", without effect: no scan is listed",
            }.get(scan_qc.status, ", but the scan is not used")
        texts.append(text)
    return "; ".join(texts)


def refuse_without_primary(scan_qc: ScanQc, primary: Ratio, decisions: Sequence[Decision]) -> ScanQc:
    """Return the scan_qc once the ratios are known: a scan without its primary ratio is refused, too."""
    if scan_qc.status != "measured" or math.isfinite(primary.value):
        return scan_qc
    fault, signed = _signed(Refusal.of("measure", read_cell(primary.reason)[0]), decisions)
    return replace(scan_qc, status="refused", fault=fault, decision=signed)
