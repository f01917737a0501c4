"""Scans that were converted before: NIfTI with a JSON in BIDS form."""
