"""Simulated volumes written as DICOM."""
