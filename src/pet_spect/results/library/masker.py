"""A masker as nilearn and scikit-learn know them: images in, one number per region out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from pet_spect.imaging.atlases import AtlasSource, load_atlas
from pet_spect.imaging.brain_overlap import check_brain_overlap
from pet_spect.imaging.given_images import given_images
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan


class UptakeMasker(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Mean uptake of every region of an atlas, as a row of numbers per image.

    Parameters
    ----------
    atlas : str, path, nibabel image, nilearn atlas object, pair or Atlas, default 'CerebrA'
        As for `pet_spect.load_atlas`.
    blur_mm, min_coverage, check_space
        As for `pet_spect.extract_uptake`.

    Attributes
    ----------
    atlas_ : Atlas
        After `fit`.
    region_names_ : list of str
        After `fit`: ``precentral left``, in the order of the columns.

    Examples
    --------
    >>> from pet_spect.model import Atlas, Region
    >>> import nibabel as nib
    >>> labels = np.array([[[1]], [[1]], [[2]], [[2]]], dtype=np.uint8)
    >>> toy = Atlas("toy", labels, np.eye(4), (Region(1, "motor", "left"), Region(2, "motor", "right")))
    >>> image = nib.Nifti1Image(np.array([[[60]], [[62]], [[90]], [[94]]], dtype=np.float32), np.eye(4))
    >>> masker = UptakeMasker(toy).fit()
    >>> masker.region_names_, masker.transform([image])
    (['motor left', 'motor right'], array([[61., 92.]]))
    """

    def __init__(
        self,
        atlas: AtlasSource = "CerebrA",
        *,
        blur_mm: float = 0.0,
        min_coverage: float = 0.9,
        check_space: bool = True,
    ) -> None:
        self.atlas = atlas
        self.blur_mm = blur_mm
        self.min_coverage = min_coverage
        self.check_space = check_space

    def fit(self, images: Any = None, y: Any = None) -> UptakeMasker:
        """Read the atlas; images are not needed."""
        self.atlas_ = load_atlas(self.atlas)
        self.region_names_ = [f"{region.name} {region.side}" for region in self.atlas_.regions]
        return self

    def transform(self, images: Any) -> NDArray[np.float64]:
        """Return the mean uptake of the regions.

        Parameters
        ----------
        images : path, nibabel image, list or dict of them
            Each in the space of the atlas.

        Returns
        -------
        (n_images, n_regions) float array
            In the unit of the image; NaN where less than `min_coverage` of the region is in view.
        """
        regions = ParticipantRegions(self.atlas_, min_coverage=self.min_coverage)
        rows = []
        for image in given_images(images):
            if self.check_space:
                check_brain_overlap(image.volume, name=image.name)
            rows.append([region.mean for region in measure_scan(image.volume, regions, blur_mm=self.blur_mm).uptake])
        return np.array(rows, dtype=np.float64)
