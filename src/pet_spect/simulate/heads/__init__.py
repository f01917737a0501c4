"""Simulated heads: anatomy, uptake, stroke and body."""
