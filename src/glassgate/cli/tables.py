"""Tables on the screen: with rules around them, or as plain columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassgate.pages.content import Table

FILE_WIDTH = 120  # characters of a table that is printed to a file


def print_table(content: Table) -> None:
    """Print a table; columns of numbers are aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Printed

    printed = Printed(box=box.SIMPLE_HEAD)
    for column, values in zip(content.columns, zip(*content.rows, strict=True), strict=True):
        numeric = all(re.fullmatch(r"[-+]?[\d.,]+%?", value) for value in values)
        printed.add_column(column, justify="right" if numeric else "left")
    for row in content.rows:
        printed.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(printed)


def align(lines: Sequence[Sequence[str]], text_columns: int) -> str:
    """Return lines of cells as columns; the first ones hold text, the others numbers."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number < text_columns else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
