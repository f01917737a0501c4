"""The trial's clinical outcomes: scales, adverse events, and how they go with the change in the images."""
