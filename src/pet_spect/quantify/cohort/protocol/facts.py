"""Facts of a scan and of its visit that the protocol guard looks at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ScanProtocol:
    """How a scan was acquired and reconstructed; None where its sidecar does not say.

    Attributes
    ----------
    start_minutes : float or None
        From the injection to the start of the acquisition.
    maker, model : str or None
        Of the scanner, as vetted; ``unlisted`` where the text was withheld. The same holds for the other texts.
    reconstruction : str or None
    iterations, subsets : float or None
    filter_type : str or None
    filter_size_mm, filter_cutoff, filter_order : float or None
    attenuation, scatter : str or None
        Method of correction; ``applied`` if it has no known name, ``none`` if there was no correction.
    collimator_type, collimator : str or None
    energy_windows : tuple of (float, float)
        Lower and upper limits, keV; empty if not known.
    voxel_mm : (float, float, float) or None
        Edge lengths of a voxel.
    dose_mbq : float or None
        Injected activity net of the residual.
    duration_s : float or None
        How long was measured.
    """

    start_minutes: float | None = None
    maker: str | None = None
    model: str | None = None
    reconstruction: str | None = None
    iterations: float | None = None
    subsets: float | None = None
    filter_type: str | None = None
    filter_size_mm: float | None = None
    filter_cutoff: float | None = None
    filter_order: float | None = None
    attenuation: str | None = None
    scatter: str | None = None
    collimator_type: str | None = None
    collimator: str | None = None
    energy_windows: tuple[tuple[float, float], ...] = ()
    voxel_mm: tuple[float, float, float] | None = None
    dose_mbq: float | None = None
    duration_s: float | None = None


@dataclass(frozen=True)
class VisitFacts:
    """One scan with the circumstances of its visit; None where nobody says.

    Attributes
    ----------
    session : str
    days_since_treatment : float or None
        Negative before the treatment.
    glucose_mg_dl : float or None
        Blood glucose at injection.
    benzodiazepine : bool or None
        Whether the person was on benzodiazepines.
    declared_minutes : float or None
        From the injection to the start of the scan, as scans.tsv says.
    clocks_apart_minutes : float or None
        How far the injection times of the scan and of scans.tsv are apart, if that is more than a minute.
    scan : ScanProtocol or None
        None if nothing was measured in the scan.
    """

    session: str
    days_since_treatment: float | None = None
    glucose_mg_dl: float | None = None
    benzodiazepine: bool | None = None
    declared_minutes: float | None = None
    clocks_apart_minutes: float | None = None
    scan: ScanProtocol | None = None

    @property
    def start_minutes(self) -> float | None:
        """From the injection to the start: as the scan says, else as scans.tsv says."""
        own = None if self.scan is None else self.scan.start_minutes
        return self.declared_minutes if own is None else own
