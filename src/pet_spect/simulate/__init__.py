"""A simulated trial with known truth, written as DICOM."""
