"""Partial volume correction of regional means by a geometric transfer matrix."""
