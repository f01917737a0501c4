"""One DICOM object: header, pixels, identity and times."""
