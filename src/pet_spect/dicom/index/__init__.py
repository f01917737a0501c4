"""Draft tables of the series in a folder of DICOM files."""
