"""The manual: pages in Markdown, the reference from the docstrings. Built without a network."""

from sphinx.application import Sphinx

from glassgate import __version__

project = "Glassgate"
author = "The Glassgate authors"
copyright = "The Glassgate authors"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns: list[str] = []
myst_heading_anchors = 3

napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
autodoc_typehints = "none"  # docstrings give shapes and units, which say more
autodoc_member_order = "bysource"
default_role = "code"  # `name` in a docstring is code; nothing is looked up

html_theme = "furo"
html_title = "Glassgate"
html_show_sphinx = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Connect what is done to pages and docstrings on their way."""
    app.connect("source-read", close_examples)
    app.connect("autodoc-skip-member", skip_fields)


def close_examples(app: Sphinx, name: str, source: list[str]) -> None:
    """Drop the blank line that ends an example for doctest."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def skip_fields(
    app: Sphinx, kind: str, name: str, member: object, skip: bool, options: object
) -> bool | None:
    """Leave out the fields of named tuples: the docstring of the class has them."""
    return True if (getattr(member, "__doc__", "") or "").startswith("Alias for field") else None
