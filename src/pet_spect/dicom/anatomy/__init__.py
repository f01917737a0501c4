"""T1-weighted MR and CT to a volume."""
