"""Where the head lies in a scan, told before any warp."""
