"""Progress of a command: bars on a terminal, lines of text elsewhere; and tables for files.

Progress goes to stderr, so that stdout holds nothing but results.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from glassgate.cli.bars import Bars
from glassgate.cli.lines import Counter, Lines, ticking
from glassgate.train.watch import Watcher

TO_QUOTE = re.compile('["#\\t\\n\\r]')  # what R and pandas read otherwise in a bare cell


def is_main() -> bool:
    """Whether this process, the only or the first one, prints to the user."""
    return os.environ.get("RANK", "0") == "0"


def announce(line: str) -> None:
    """Print what the command does first, unless torch is imported already.

    Importing torch takes a second or two, in which the user sees this line.
    """
    if is_main() and "torch" not in sys.modules:
        print(line, file=sys.stderr, flush=True)


def announce_reading(*paths: Path) -> None:
    """Print which files or folders the command reads."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    announce(f"Reading {paths[0]}{more}")


@contextmanager
def watching() -> Iterator[Callable[[str], Watcher]]:
    """Yield a function that makes the watcher of a network from its label.

    On the way out, several processes leave their group; if that were left to the end of the
    interpreter, their threads would abort it.
    """
    from torch import distributed

    console = Console(stderr=True, quiet=not is_main(), highlight=False)
    try:
        if console.is_terminal:
            with Bars(console) as bars:
                yield bars.watcher
        else:
            yield lambda label: Lines(label, line_printer(console))
        if distributed.is_available() and distributed.is_initialized():
            distributed.barrier()  # no process leaves while another still communicates
    finally:
        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar, or print lines; yield a function to call with how much of `total` is done."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Counter(label, total, line_printer(console)).update
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Show that work of unknown length is in progress."""
    console = Console(stderr=True, highlight=False)
    with console.status(label) if console.is_terminal else ticking(label, line_printer(console)):
        yield


def line_printer(console: Console) -> Callable[[str], None]:
    """Return a function that prints a line unchanged, without markup or wrapping."""
    return partial(console.print, markup=False, soft_wrap=True)


def head(comments: Iterable[str], columns: Iterable[str]) -> str:
    """Return the first lines of a table: comments, and the names of its columns."""
    lines = "".join(f"# {' '.join(comment.split())}\n" for comment in comments)
    return lines + row(columns)


def row(values: Iterable[object]) -> str:
    """Return one line of a table; floats have six decimals, and None is an empty cell.

    Text with a quotation mark, a #, a tab or a line break is quoted, so that R and pandas read it
    back as it was.
    """
    return "\t".join(map(_cell, values)) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if TO_QUOTE.search(text) else text
