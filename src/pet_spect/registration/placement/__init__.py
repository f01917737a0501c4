"""The position of the head in a scan, found before any warp."""
