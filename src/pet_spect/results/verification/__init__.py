"""Whether a results folder is as its run left it."""
