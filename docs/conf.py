"""The manual: pages in Markdown, the reference from the docstrings. Built without a network."""

from glassgate import __version__

project = "Glassgate"
author = "The Glassgate authors"
copyright = "The Glassgate authors"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
source_suffix = {".md": "markdown"}
exclude_patterns: list[str] = []
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
default_role = "code"  # `name` in a docstring is code; nothing is looked up

html_theme = "furo"
html_title = "Glassgate"
html_show_sphinx = False
html_copy_source = False
