"""From scans to one participant space and on to the standard space; the only package that imports ants."""
