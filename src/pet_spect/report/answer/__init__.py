"""The primary endpoint of everybody: estimates, tests, precision."""
