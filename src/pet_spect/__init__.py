"""Ipsilateral motor-cortex uptake in FDG-PET and IMZ-SPECT, from DICOM to a change table."""

from __future__ import annotations

__version__ = "0.1.0"
