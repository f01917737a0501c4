"""Blinded reading of the registration pictures in a browser on this computer."""
