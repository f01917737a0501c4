"""Every check of a scan with its value and its limit, and what came out of it."""
