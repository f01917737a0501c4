"""Pictures of scans and registrations as PNG."""
