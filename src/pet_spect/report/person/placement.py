"""Registration of one participant in a line: whether the checks passed, and how well the folds are placed."""

from __future__ import annotations

from collections.abc import Sequence

from pet_spect.report.results_folder import lesion_line
from pet_spect.results.registration.registration_entries import RegisteredEntry
from pet_spect.results.registration.registration_record import RegistrationRecord

MEANINGS = (
    "Pattern distance: how far the regional uptake lies from the tracer's mean, in spreads between people."
    " Misplacement: how far a fold may lie from where the warp puts it (standard deviation). They have no limit."
)
"""What the measurements mean that are given without a limit."""


def lesion_sentence(record: RegistrationRecord | None) -> str:
    """Return where the outlined lesion is from and how large it is; nothing if none is known."""
    if record is None or record.lesion is None:
        return ""
    line = f"{lesion_line(record)}."
    return line if record.lesion.source == "given" else f"{line} The program outlined it from the images."


def placement_lines(record: RegistrationRecord | None, everybodys_mm: Sequence[float]) -> list[str]:
    """Return whether the scans passed the checks of the registration, and the misplacement beside everybody's.

    Parameters
    ----------
    record : RegistrationRecord or None
        None if nothing was registered.
    everybodys_mm : sequence of float
        Misplacement of every participant of the study.

    Examples
    --------
    >>> from pet_spect.results.registration.registration_record import Settings, WarpEntry
    >>> warp = WarpEntry(jacobian_low=0.71, jacobian_high=1.65, misplacement_mm=1.853)
    >>> settings = Settings(gates={}, deformation={})
    >>> record = RegistrationRecord(participant="sub-01", warp=warp, settings=settings)
    >>> placement_lines(record, [0.735, 1.853])
    ['Misplacement 1.85 mm: the worst of this study (0.73 to 1.85 mm).']
    """
    if record is None:
        return []
    lines = [_checks(record)] if record.scans else []
    if record.warp is not None:
        lines.append(f"Misplacement {record.misplacement_mm:.2f} mm{_among(record.misplacement_mm, everybodys_mm)}.")
    return lines


def _checks(record: RegistrationRecord) -> str:
    fine, with_remark, refused = [], [], []
    for scan in record.scans:
        visit = f"{scan.session} {scan.tracer}"
        if not isinstance(scan, RegisteredEntry):
            refused.append(visit)
        elif scan.warnings or scan.flags or scan.cut_flags:
            with_remark.append(visit)
        else:
            fine.append(visit)
    if not (with_remark or refused):
        return f"All checks of the registration passed ({len(fine)} of {len(fine)} scans)."
    parts = [f"{len(fine)} of {len(record.scans)} scans passed all checks of the registration"]
    parts += [f"refused: {', '.join(refused)}"] if refused else []
    parts += [f"passed with a remark: {', '.join(with_remark)}"] if with_remark else []
    return "; ".join(parts) + "."


def _among(own: float, everybodys: Sequence[float]) -> str:
    if len(everybodys) < 2:
        return ""
    low, high = min(everybodys), max(everybodys)
    worst = "the worst of this study" if own >= high > low else "range in this study"
    return f": {worst} ({low:.2f} to {high:.2f} mm)"
