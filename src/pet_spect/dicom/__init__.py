"""From DICOM objects to a volume with its geometry, unit and SUV factor."""
