"""Sphinx: the site of all pages, and the reference of the Python functions. It needs no network, nor do its pages.

The source is the whole repository, so that the links of README.md, config/README.md and docs work here as they do
where the files are read one by one.
"""

from pet_spect import __version__

project = "pet_spect"
author = "The pet_spect maintainers"
copyright = author  # noqa: A001 - the name that Sphinx wants
version = release = __version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", "config/README.md", "atlases/README.md", "docs/**.md", "docs/**.rst"]
exclude_patterns = [".*", "demo", "build", "results", "tests", "src", "benchmarks"]
html_theme = "furo"
html_title = f"pet_spect {__version__}"
html_extra_path = ["site"]
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # a browser does not let a page from disk fetch others
html_theme_options = {"top_of_page_buttons": []}
autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say the types
numpydoc_show_class_members = False
default_role = "code"
myst_heading_anchors = 4
myst_links_external_new_tab = False
