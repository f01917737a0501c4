"""Works that a methods text cites."""

from __future__ import annotations

from typing import NamedTuple


class Work(NamedTuple):
    """A work as it is cited and as it stands in the list of references."""

    short: str
    full: str


SYN = Work(
    "Avants et al. 2008",
    "Avants BB, Epstein CL, Grossman M, Gee JC. Symmetric diffeomorphic image registration with cross-correlation:"
    " evaluating automated labeling of elderly and neurodegenerative brain. Med Image Anal 2008;12:26-41."
    " doi 10.1016/j.media.2007.06.004",
)
ANTS = Work(
    "Tustison et al. 2021",
    "Tustison NJ, Cook PA, Holbrook AJ, et al. The ANTsX ecosystem for quantitative biological and medical imaging."
    " Sci Rep 2021;11:9068. doi 10.1038/s41598-021-87564-6",
)
MATTES = Work(
    "Mattes et al. 2003",
    "Mattes D, Haynor DR, Vesselle H, Lewellen TK, Eubank W. PET-CT image registration in the chest using free-form"
    " deformations. IEEE Trans Med Imaging 2003;22:120-128. doi 10.1109/TMI.2003.809072",
)
MNI = Work(
    "Fonov et al. 2011",
    "Fonov V, Evans AC, Botteron K, Almli CR, McKinstry RC, Collins DL. Unbiased average age-appropriate atlases for"
    " pediatric studies. NeuroImage 2011;54:313-327. doi 10.1016/j.neuroimage.2010.07.033",
)
CEREBRA = Work(
    "Manera et al. 2020",
    "Manera AL, Dadar M, Fonov V, Collins DL. CerebrA, registration and manual label correction of Mindboggle-101 atlas"
    " for MNI-ICBM152 template. Sci Data 2020;7:237. doi 10.1038/s41597-020-0557-9",
)
NILEARN = Work("Nilearn contributors", "Nilearn contributors. nilearn (software). doi 10.5281/zenodo.8397156")
NIBABEL = Work(
    "Brett et al.", "Brett M, Markiewicz CJ, Hanke M, et al. nipy/nibabel (software). doi 10.5281/zenodo.591597"
)
PYDICOM = Work("Mason et al.", "Mason DL, et al. pydicom: an open source DICOM library (software).")
SNAKEMAKE = Work(
    "Mölder et al. 2021",
    "Mölder F, Jablonski KP, Letcher B, et al. Sustainable data analysis with Snakemake. F1000Research 2021;10:33."
    " doi 10.12688/f1000research.29032.2",
)
ROUSSET = Work(
    "Rousset et al. 1998",
    "Rousset OG, Ma Y, Evans AC. Correction for partial volume effects in PET: principle and validation. J Nucl Med"
    " 1998;39:904-911. PMID 9591599",
)
DICOM_PET = Work(
    "DICOM PS3.3", "NEMA. Digital Imaging and Communications in Medicine (DICOM) PS3.3, section C.8.9.1: PET series."
)
HODGES_LEHMANN = Work(
    "Hodges and Lehmann 1963",
    "Hodges JL, Lehmann EL. Estimates of location based on rank tests. Ann Math Stat 1963;34:598-611."
    " doi 10.1214/aoms/1177704172",
)
WILCOXON = Work(
    "Wilcoxon 1945",
    "Wilcoxon F. Individual comparisons by ranking methods. Biometrics Bull 1945;1:80-83. doi 10.2307/3001968",
)
PHIPSON_SMYTH = Work(
    "Phipson and Smyth 2010",
    "Phipson B, Smyth GK. Permutation p-values should never be zero. Stat Appl Genet Mol Biol 2010;9:39."
    " doi 10.2202/1544-6115.1585",
)
HOLM = Work("Holm 1979", "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.")
CLOPPER_PEARSON = Work(
    "Clopper and Pearson 1934",
    "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the binomial."
    " Biometrika 1934;26:404-413. doi 10.1093/biomet/26.4.404",
)


class Cited:
    """The works cited so far, each once, in the order in which they were first cited.

    Examples
    --------
    >>> cited = Cited()
    >>> cited(SYN, MNI)
    '(Avants et al. 2008; Fonov et al. 2011)'
    >>> [work.short for work in cited.works]
    ['Avants et al. 2008', 'Fonov et al. 2011']
    """

    def __init__(self) -> None:
        self.works: list[Work] = []

    def __call__(self, *works: Work) -> str:
        """Return works as a text cites them, and note them."""
        self.works += [work for work in works if work not in self.works]
        return f"({'; '.join(work.short for work in works)})"
