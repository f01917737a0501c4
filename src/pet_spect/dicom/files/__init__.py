"""The files of a scan: folders, archives, and which of them are DICOM images."""
