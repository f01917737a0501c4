"""What is in a heap of DICOM files, told as draft tables."""
