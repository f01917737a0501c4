"""Reconstructed SPECT (NM) to a volume."""
