"""PET series to a volume and an SUV factor."""
