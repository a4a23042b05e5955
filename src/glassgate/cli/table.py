r"""Tables that R and pandas read: tab between columns, lines that begin with # said of them.

    read.delim("t.tsv", comment.char = "#", na.strings = "", encoding = "UTF-8")
    pandas.read_csv("t.tsv", sep="\t", comment="#", keep_default_na=False)

Both take what stands between quotation marks as it is, a # and a doubled mark included. What has
to be asked for is that words such as NA and null are words.
"""

from collections.abc import Iterable


def head(comments: Iterable[str], columns: Iterable[str]) -> str:
    """Return the first lines of a table: comments, and the names of its columns."""
    said = "".join(f"# {' '.join(comment.split())}\n" for comment in comments)
    return said + row(columns)


def row(values: Iterable[object]) -> str:
    """Return one line; numbers with a point have six places, text holds no tab or line break."""
    return "\t".join(map(_cell, values)) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if '"' in text or "#" in text else text
