"""The user's side of a study: config, tables, and where scans lie."""
