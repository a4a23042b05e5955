"""The manual: pages in Markdown, the reference from the docstrings. Built without a network."""

import ast
import inspect
import textwrap
import tokenize
from io import StringIO

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
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_attr_annotations = False
napoleon_custom_sections = [("Attributes", "params_style")]  # one list, in the docstring's words
autodoc_typehints = "none"  # the docstrings give shapes and units instead
autodoc_member_order = "bysource"
default_role = "code"  # `name` in a docstring is code; nothing is looked up

html_theme = "furo"
html_title = "Glassgate"
html_show_sphinx = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["manual.css"]


def setup(app: Sphinx) -> None:
    """Connect the changes to pages and docstrings before they are rendered."""
    app.connect("source-read", close_examples)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("autodoc-process-docstring", list_fields, priority=400)  # before napoleon reads it


def close_examples(app: Sphinx, name: str, source: list[str]) -> None:
    """Drop the blank line that doctest needs at the end of an example."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def skip_fields(
    app: Sphinx, kind: str, name: str, member: object, skip: bool, options: object
) -> bool | None:
    """Leave out the fields of named tuples: the docstring of the class has them."""
    return True if (getattr(member, "__doc__", "") or "").startswith("Alias for field") else None


def list_fields(
    app: Sphinx, kind: str, name: str, member: object, options: object, lines: list[str]
) -> None:
    """Add the comments on the fields of a data class as its attributes, unless it lists them."""
    if not isinstance(member, type) or {"Attributes", "Parameters"}.intersection(lines):
        return
    bases = [base for base in reversed(member.__mro__) if base.__module__.startswith("glassgate")]
    fields = {field: comment for base in bases for field, comment in _comments(base).items()}
    if fields:
        rulers = [index for index, line in enumerate(lines) if line and not line.strip("-")]
        start = rulers[0] - 1 if rulers else len(lines)
        entries = [line for field in fields.items() for line in (field[0], f"    {field[1]}")]
        lines[start:start] = ["", "Attributes", "----------", *entries, ""]


def _comments(kind: type) -> dict[str, str]:
    """Read the comments on the public fields of a class, by name."""
    source = textwrap.dedent(inspect.getsource(kind))
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }
    (definition,) = ast.parse(source).body
    fields = [node for node in definition.body if isinstance(node, ast.AnnAssign)]
    return {
        ast.unparse(field.target): comments[field.end_lineno]
        for field in fields
        if field.end_lineno in comments and not ast.unparse(field.target).startswith("_")
    }
