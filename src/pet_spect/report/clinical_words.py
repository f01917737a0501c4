"""Clinical words for the names that tables use: tracers, regions, references, analysis sets."""

from __future__ import annotations

from pet_spect.quantify.comparisons import CONTRALATERAL, NO_REFERENCE, OTHER_SIDE
from pet_spect.quantify.uptake import CORRECTED, LESIONFREE
from pet_spect.report.display import words

TRACERS = {"FDG": "glucose metabolism", "IMZ": "benzodiazepine-receptor binding"}
"""What the uptake of a tracer stands for."""

REGIONS = {
    "precentral": "motor cortex",
    "postcentral": "sensory cortex",
    "thalamus": "thalamus",
    "putamen": "putamen",
    "caudate": "caudate nucleus",
    "hippocampus": "hippocampus",
}
"""What a clinician calls a region of the atlas."""

REFERENCES = {
    CONTRALATERAL: "the contralateral one",
    "cerebellum_ipsilesional": "the ipsilesional cerebellum",
    "cerebellum_contralesional": "the contralesional cerebellum",
    "cerebellum": "the whole cerebellum",
    "pons": "the pons",
    "hemisphere_contralesional": "the contralesional hemisphere",
    "whole_brain": "the whole brain",
}
"""What the target is compared with, in a sentence."""

ANALYSIS_SETS = {"as_accepted": "as accepted", "per_protocol": "per protocol", "all": "all with a value"}

_ENDINGS = {
    LESIONFREE: " without the lesion",
    CORRECTED: ", corrected for partial volume,",
}


def target_words(region: str) -> str:
    """Return a target as a sentence has it, with the name in the atlas behind.

    Examples
    --------
    >>> target_words("precentral"), target_words("precentral_contralesional")
    ('the ipsilesional motor cortex (precentral)', 'the contralesional motor cortex (precentral)')
    >>> target_words("precentral_lesionfree")
    'the ipsilesional motor cortex (precentral) without the lesion'
    >>> target_words("basal_ganglia")
    'the ipsilesional basal ganglia'
    """
    side = "contralesional" if region.endswith(OTHER_SIDE) else "ipsilesional"
    name = region.removesuffix(OTHER_SIDE)
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), "")
    name = name.removesuffix(ending)
    behind = f" ({words(name)})" if name in REGIONS and REGIONS[name] != name else ""
    return f"the {side} {REGIONS.get(name, words(name))}{behind}{_ENDINGS.get(ending, '')}"


def reference_words(reference: str) -> str:
    """Return a reference as a sentence has it.

    Examples
    --------
    >>> reference_words("contralateral"), reference_words("white_matter")
    ('the contralateral one', 'the reference white matter')
    """
    return REFERENCES.get(reference, f"the reference {words(reference)}")


def endpoint_words(tracer: str, region: str, measure: str, reference: str) -> str:
    """Return what an endpoint measures, as the subject of a sentence.

    Examples
    --------
    >>> endpoint_words("FDG", "precentral", "uptake_ratio", "contralateral")
    'FDG uptake of the ipsilesional motor cortex (precentral) relative to the contralateral one'
    >>> endpoint_words("FDG", "precentral", "suv_mean", "none")
    'FDG uptake (SUV) of the ipsilesional motor cortex (precentral)'
    >>> endpoint_words("IMZ", "precentral", "asymmetry_index_percent", "contralateral")[:51]
    'the asymmetry index of IMZ uptake of the ipsilesion'
    """
    target, against = target_words(region), f" relative to {reference_words(reference)}"
    if reference == NO_REFERENCE:
        against = ""
    kinds = {
        "uptake_ratio": f"{tracer} uptake of {target}{against}",
        "suv_mean": f"{tracer} uptake (SUV) of {target}",
        "ratio_minus_one": f"the ratio minus one of {tracer} uptake of {target}{against}",
        "asymmetry_index_percent": f"the asymmetry index of {tracer} uptake of {target}",
        "late_early_ratio": f"the ratio of late to early {tracer} uptake of {target}",
    }
    return kinds.get(measure, f"{words(measure)} of {tracer} in {target}{against}")
