"""Methods text of a run, and where its numbers come from."""
