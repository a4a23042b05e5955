"""What a command shows while it works: bars on a terminal, lines of text elsewhere.

All of it goes to stderr, so that stdout holds results and nothing else.
"""

import os
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


def is_main() -> bool:
    """Whether this is the one process, or the first of several, that speaks to the user."""
    return os.environ.get("RANK", "0") == "0"


def announce(line: str) -> None:
    """Say what the command is about to do, unless torch is there already and it starts at once."""
    if is_main() and "torch" not in sys.modules:  # which takes a second or two to import
        print(line, file=sys.stderr, flush=True)


def announce_reading(*paths: Path) -> None:
    """Say which files or folders the command is about to read."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    announce(f"Reading {paths[0]}{more}")


@contextmanager
def watching() -> Iterator[Callable[[str], Watcher]]:
    """Give a function that makes the watcher of a network from its label.

    Several processes part on the way out; left to the interpreter's end, their threads abort it.
    """
    from torch import distributed

    console = Console(stderr=True, quiet=not is_main(), highlight=False)
    try:
        if console.is_terminal:
            with Bars(console) as bars:
                yield bars.watcher
        else:
            yield lambda label: Lines(label, say_on(console))
        if distributed.is_available() and distributed.is_initialized():
            distributed.barrier()  # nobody hangs up on one who is still talking
    finally:
        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Draw a bar, or say lines; give a function that says how much of `total` is done."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Counter(label, total, say_on(console)).update
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Show that work of unknown length goes on."""
    console = Console(stderr=True, highlight=False)
    with console.status(label) if console.is_terminal else ticking(label, say_on(console)):
        yield


def say_on(console: Console) -> Callable[[str], None]:
    """Return what prints a line as it is, however long."""
    return partial(console.print, markup=False, soft_wrap=True)


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
