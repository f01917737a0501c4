"""Sphinx: the reference of the Python functions, from their docstrings. Needs no network."""

from pet_spect import __version__

project = "pet_spect"
author = "The pet_spect maintainers"
copyright = author  # noqa: A001 - the name that Sphinx wants
version = release = __version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
root_doc = "index"
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "description": "Uptake of the motor cortex after stroke"}
html_show_sourcelink = False
autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say the types
numpydoc_show_class_members = False
default_role = "code"
