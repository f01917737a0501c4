"""DICOM that can be shared: the same images and SUV, and nothing that tells whose they are."""
