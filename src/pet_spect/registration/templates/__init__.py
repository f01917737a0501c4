"""Tracer templates, and the uptake expected of one person."""
