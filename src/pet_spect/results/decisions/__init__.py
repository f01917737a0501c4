"""What people decided about scans, as tables and as a log."""
