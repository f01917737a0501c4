"""How far the regional uptake of scans lies from the mean of the tracer they are listed as.

    python benchmarks/tracer_patterns.py [--people 40] [--seed 5] [--cut-mm 0]

Scans are simulated in standard space, as if registered without error: people differ in regional uptake and asymmetry,
scanners in resolution, every third person has an infarct of 100 mL and crossed cerebellar diaschisis. ``--cut-mm`` puts
the lower end of every brain out of view. The HMPAO pattern is fitted to the regional means of a mean HMPAO-SPECT
(``patterns/regional_uptake.tsv`` of the reference data).
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray
from patterns import Standard, fitted
from scipy.ndimage import gaussian_filter

from pet_spect.quantify.smoothing import FWHM_TO_SIGMA
from pet_spect.registration.templates.appearance import region_factors, shares_in_view
from pet_spect.registration.templates.template import Template, make_template
from pet_spect.registration.templates.tracer_pattern import FAR, pattern_distance
from pet_spect.simulate.heads.regional_factors import regional_factors
from pet_spect.simulate.heads.standard_head import Head, healthy_head, standard_head
from pet_spect.simulate.population import SCANNER_RANGES

HMPAO_MAP_MM = 11.0
NOISE = {"FDG": 0.055, "IMZ": 0.08}
PAIRS = (("FDG", "FDG"), ("IMZ", "IMZ"), ("HMPAO", "IMZ"), ("FDG", "IMZ"), ("IMZ", "FDG"), ("HMPAO", "FDG"))
DIASCHISIS = ("cerebellum_gray_matter", "cerebellum_white_matter")


def stroke(head: Head) -> NDArray[np.float32]:
    """Return what an infarct of 100 mL on the left, with diaschisis, leaves of uptake."""
    points = np.einsum("ij,jxyz->ixyz", head.affine[:3, :3], np.indices(head.labels.shape))
    points += head.affine[:3, 3].reshape(3, 1, 1, 1)
    distance = sum(((points[i] - c) / r) ** 2 for i, (c, r) in enumerate(((-44, 24), (-2, 34), (10, 28))))
    left = np.where(distance < 1, 0.15, 1.0)
    left[np.isin(head.labels, head.labels_of(DIASCHISIS, "right"))] = 0.84
    return left.astype(np.float32)


def scan_distance(
    healthy: NDArray[np.float32],
    actual: str,
    listed: str,
    head: Head,
    template: Template,
    rng: np.random.Generator,
    cut_mm: float,
) -> float:
    """Return the distance of one person's scan."""
    activity = healthy * regional_factors(head.indices, rng, tracer=actual)[head.labels]
    fwhm_mm = rng.uniform(*SCANNER_RANGES[listed].fwhm_mm)
    sigma = fwhm_mm * FWHM_TO_SIGMA / head.affine[0, 0]
    seen = gaussian_filter(activity, sigma)
    noise = gaussian_filter(rng.standard_normal(seen.shape, dtype=np.float32), 0.7 * sigma)
    seen += NOISE[listed] * noise / noise.std() * np.sqrt(np.maximum(seen, 0) + 0.01)
    data = np.maximum(seen, 0).astype(np.float32)
    if cut_mm:
        lowest = np.argwhere(template.brain)[:, 2].min()
        data[:, :, : lowest + round(cut_mm / template.uptake.voxel_size[2])] = np.nan
    nothing = np.zeros(data.shape, dtype=bool)
    factors, _ = region_factors(data, template, nothing)
    return pattern_distance(factors, shares_in_view(data, template, nothing), template)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--cut-mm", type=float, default=0.0, help="how much of the lower end is out of view")
    options = parser.parse_args()
    rng, standard = np.random.default_rng(options.seed), Standard()
    head = standard_head(standard.atlas, step=2)
    hmpao = fitted(standard, "IMZ", "hmpao_group_mean", HMPAO_MAP_MM)
    healthy = {**head.uptake, "HMPAO": healthy_head(hmpao, standard.atlas, standard.tissue)[::2, ::2, ::2]}
    templates = {tracer: make_template(tracer, standard.atlas) for tracer in NOISE}
    left = stroke(head)
    print("| scan of | listed as | scans | least | median | greatest | flagged |\n|---|---|---|---|---|---|---|")
    for actual, listed in PAIRS:
        found = np.array(
            [
                scan_distance(
                    healthy[actual] * (left if person % 3 == 0 else 1),
                    actual,
                    listed,
                    head,
                    templates[listed],
                    rng,
                    options.cut_mm,
                )
                for person in range(options.people)
            ]
        )
        low, middle, high = np.percentile(found, [0, 50, 100])
        flagged = int((found > FAR).sum())
        print(f"| {actual} | {listed} | {len(found)} | {low:.2f} | {middle:.2f} | {high:.2f} | {flagged} |", flush=True)


if __name__ == "__main__":
    main()
