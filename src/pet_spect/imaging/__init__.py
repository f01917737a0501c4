"""Images as files and arrays: NIfTI, resampling, atlases, and what normal brains look like."""
