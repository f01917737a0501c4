"""The verbs of the command line: flags, files in, files out; the science is elsewhere."""
