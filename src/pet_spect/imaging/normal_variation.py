"""Spread of regional uptake and of its asymmetry between healthy people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pet_spect.imaging.normal_uptake import VERMIS

SMALLEST_EIGENVALUE = 0.01
"""Smaller eigenvalues of a correlation matrix are raised to this, and its diagonal is scaled back to 1."""


@dataclass(frozen=True)
class Group:
    """Regions that vary together.

    Attributes
    ----------
    name : str
        As in the source.
    regions : tuple of str
        Regions of CerebrA.
    cv_percent : float
        Between-person CV of uptake over cerebellar cortex.
    asymmetry_mean_percent, asymmetry_sd_percent : float
        Of the natural logarithm of left over right uptake, in percent; 0 for regions of the midline.
    """

    name: str
    regions: tuple[str, ...]
    cv_percent: float
    asymmetry_mean_percent: float
    asymmetry_sd_percent: float


GROUPS = (
    Group("superior_frontal_gyrus", ("superior_frontal",), 7.85, -0.37, 1.84),
    Group("orbitofrontal_cortex", ("lateral_orbitofrontal", "medial_orbitofrontal"), 7.09, -0.6, 1.86),
    Group(
        "dorsolateral_frontal_cortex",
        (
            "caudal_middle_frontal",
            "rostral_middle_frontal",
            "pars_opercularis",
            "pars_orbitalis",
            "pars_triangularis",
            "precentral",
        ),
        7.66,
        -0.72,
        2.97,
    ),
    Group("paracentral_lobule", ("paracentral",), 8.3, 0.07, 2.58),
    Group("postcentral_gyrus", ("postcentral",), 7.63, -0.71, 3.48),
    Group(
        "dorsolateral_parietal_cortex", ("superior_parietal", "supramarginal", "inferior_parietal"), 7.97, -0.01, 3.16
    ),
    Group("precuneus", ("precuneus",), 7.81, 0.67, 2.35),
    Group("anterior_cingulate_cortex", ("caudal_anterior_cingulate", "rostral_anterior_cingulate"), 8.82, 2.79, 3.1),
    Group("posterior_cingulate_cortex", ("posterior_cingulate",), 8.3, -1.18, 2.77),
    Group("isthmus_cingulate_cortex", ("isthmus_cingulate",), 8.29, -2.05, 2.93),
    Group(
        "lateral_temporal_cortex",
        ("superior_temporal", "transverse_temporal", "middle_temporal", "inferior_temporal"),
        6.83,
        -0.51,
        3.52,
    ),
    Group("mesial_temporal_cortex", ("entorhinal", "fusiform", "parahippocampal"), 6.14, 0.27, 2.89),
    Group("lateral_occipital_cortex", ("lateral_occipital",), 9.22, -0.46, 3.19),
    Group("pericalcarine_cortex", ("pericalcarine",), 9.29, -3.73, 3.75),
    Group("lingual_gyrus", ("lingual",), 7.15, 0.69, 2.72),
    Group("cuneus", ("cuneus",), 7.89, -0.72, 3.97),
    Group("insula", ("insula",), 8.05, -0.43, 3.38),
    Group("cerebellar_cortex", ("cerebellum_gray_matter",), 0.0, 0.23, 1.84),
    Group("thalamus", ("thalamus",), 7.01, -0.93, 2.51),
    Group("caudate", ("caudate",), 11.93, -1.28, 3.84),
    Group("putamen", ("putamen",), 8.53, 0.26, 2.59),
    Group("globus_pallidus", ("pallidum",), 7.96, -1.56, 2.97),
    Group("brainstem_wo_pons", ("brainstem",), 5.59, 0.0, 0.0),
    Group("pons", ("pons",), 5.98, 0.0, 0.0),
    Group("hippocampus", ("hippocampus",), 7.64, 0.51, 3.45),
    Group("amygdala", ("amygdala",), 7.52, -0.03, 3.69),
    Group("ventral_diencephalon", ("ventral_diencephalon",), 6.81, -0.2, 2.41),
)
"""FDG of 537 scans of 355 healthy adults: summary figures of the table in the wheel fdg-neurosegmenter 1.0.1 (MIT)."""

_UPTAKE_CORRELATION = """
100
85 100
95 85 100
77 56 72 100
84 73 90 81 100
82 72 89 68 87 100
82 71 82 78 80 86 100
80 77 72 61 66 58 65 100
84 71 81 84 78 76 86 77 100
74 73 74 53 63 71 82 66 75 100
78 83 84 55 78 87 74 66 68 73 100
64 74 67 52 68 69 65 65 60 66 85 100
47 38 58 46 61 73 54 21 43 40 65 53 100
43 36 47 36 51 47 50 36 37 43 44 47 58 100
51 51 55 44 60 57 60 49 47 53 61 73 64 85 100
60 54 65 58 72 71 72 48 58 58 67 63 72 78 82 100
74 84 73 50 67 61 62 86 67 66 75 77 23 40 57 51 100
58 60 59 45 51 47 51 57 58 61 51 50 24 38 40 39 62 100
55 53 55 28 44 50 42 55 48 59 56 50 23 31 37 34 59 65 100
60 67 64 48 59 50 50 51 51 52 54 53 30 35 42 41 63 70 54 100
36 50 35 35 38 19 29 46 34 32 32 46 2 21 35 25 56 61 32 80 100
23 33 19 31 27 10 18 43 30 28 28 46 1 15 29 19 46 53 34 44 65 100
21 33 19 27 26 13 16 32 24 24 30 44 8 13 22 17 38 48 30 43 56 80 100
48 63 46 29 43 40 41 64 46 62 63 75 14 30 46 35 74 59 64 51 52 59 55 100
36 56 32 23 33 25 28 58 34 44 53 68 3 19 37 25 68 48 46 48 61 66 63 89 100
36 48 35 35 37 23 31 56 44 39 41 53 8 27 39 29 61 72 46 58 77 81 66 64 68 100
"""
"""Percent, lower triangle: log uptake over cerebellar cortex, all groups but that one. Source as for `GROUPS`."""

_ASYMMETRY_CORRELATION = """
100
51 100
54 55 100
15 12 13 100
26 30 70 18 100
33 41 66 13 65 100
38 24 21 28 11 34 100
24 11 12 7 8 9 16 100
22 17 15 52 8 15 29 16 100
26 24 19 17 8 22 40 20 22 100
39 49 74 15 58 73 24 16 20 26 100
28 39 48 9 40 59 26 12 20 34 69 100
23 23 42 9 34 59 24 13 17 21 52 49 100
20 17 18 5 17 20 26 6 24 26 23 25 36 100
35 24 29 20 23 29 39 15 28 35 32 35 41 54 100
17 16 12 10 14 25 36 1 14 14 19 20 25 48 38 100
28 43 66 10 55 58 15 18 11 19 69 52 34 16 23 8 100
-8 15 18 1 23 24 -7 -1 7 -5 33 32 25 3 10 8 29 100
27 28 30 9 26 38 32 16 20 30 36 39 29 21 27 23 37 3 100
27 33 28 7 28 32 17 22 14 30 36 38 22 12 18 11 40 18 38 100
31 40 41 16 34 42 22 13 13 19 45 41 30 10 21 13 50 23 40 53 100
25 34 31 15 27 24 18 14 13 16 31 25 22 4 15 0 34 17 34 44 62 100
26 43 39 11 32 40 28 8 20 34 55 60 28 16 28 16 41 25 43 40 39 33 100
19 36 29 13 24 27 14 4 16 21 43 46 20 13 20 9 28 21 23 29 32 31 64 100
19 30 26 13 21 20 23 10 18 18 29 29 23 17 23 12 25 16 46 28 32 44 48 38 100
"""
"""Percent, lower triangle: log of left over right, all groups but the brainstem's two. Source as for `GROUPS`."""

_MIDLINE = ("brainstem_wo_pons", "pons")
_REFERENCE = "cerebellar_cortex"

FOLLOWS: Mapping[str, str] = MappingProxyType(
    {
        "accumbens_area": "putamen",
        "basal_forebrain": "ventral_diencephalon",
        "cerebellum_white_matter": _REFERENCE,
        "optic_chiasm": "ventral_diencephalon",
        **dict.fromkeys(VERMIS, _REFERENCE),
    }
)
"""Regions that the source lacks, and the group whose factor they have. Ventricles follow the mean of all."""


def correlation(percent: str) -> NDArray[np.float64]:
    r"""Return a correlation matrix from its lower triangle in percent, made positive definite.

    Eigenvalues below `SMALLEST_EIGENVALUE` are raised to it; then rows and columns are scaled so that the
    diagonal is 1 again.

    Examples
    --------
    >>> correlation("100\n50 100")
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    rows = [[int(number) / 100 for number in line.split()] for line in percent.strip().splitlines()]
    matrix = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        matrix[index, : index + 1] = matrix[: index + 1, index] = row
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < SMALLEST_EIGENVALUE:
        matrix = (vectors * np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
        scale = 1 / np.sqrt(np.diag(matrix))
        matrix *= scale * scale[:, np.newaxis]
    return matrix


PEOPLE_OVER_PATTERN = 0.945
"""Cerebellar uptake of people over that of the pattern, relative to the rest of the brain.

The pattern was fitted to a mean map. In it the other regions read less over the cerebellum than in the people of
`GROUPS`: the mean over all groups of simulated over real uptake was 0.945 before this factor
(`benchmarks/patterns.py --people 60`).
"""

UPTAKE_GROUPS = tuple(group for group in GROUPS if group.name != _REFERENCE)
UPTAKE_CORRELATION = correlation(_UPTAKE_CORRELATION)
"""Of log uptake over cerebellar cortex, between `UPTAKE_GROUPS`."""

ASYMMETRY_GROUPS = tuple(group for group in GROUPS if group.name not in _MIDLINE)
ASYMMETRY_CORRELATION = correlation(_ASYMMETRY_CORRELATION)
"""Of log left/right ratios, between `ASYMMETRY_GROUPS`."""
