"""`glassgate bench`: how fast a GRU runs on this machine, beside torch's."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.options import Overwrite, check_free

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glassgate.pages.content import Table
    from glassgate.speed.measure import Measured
    from glassgate.speed.shapes import Work

ROUNDS = 7  # enough for quartiles, and the whole is over in less than a minute
WIDE = 160  # columns, more than any table has: a file keeps them, a terminal wraps what is too much


def bench(
    threads: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Threads of all works but single steps.", show_default="all cores"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.json", help="Every single time, in seconds."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Time a GRU on this machine, beside torch.nn.GRU and the machine's own floor.

    The results of both are checked against the equations in float64 before
    they are timed. The floor is what the processor needs for the arithmetic
    alone, or for reading the weights, measured in the same rounds. It takes
    less than a minute; let nothing else run meanwhile.

    For example:

        glassgate bench

        glassgate bench --threads 1 --output speed.json
    """
    from glassgate.cli.screen import announce

    announce("Timing a GRU, for less than a minute")
    from glassgate.speed.contenders import TORCH
    from glassgate.speed.host import check_threads, cores
    from glassgate.speed.shapes import SHORT
    from glassgate.speed.table import errors, table

    threads = cores() if threads is None else threads
    check_threads(threads)
    if output is not None:
        check_free(output, overwrite)
    results = _measure(SHORT, threads)
    typer.echo(header(threads, ROUNDS))
    print_table(table(results, [TORCH]))
    if output is not None:
        write(output, results)
    if refused := errors(results):
        typer.echo("\n".join(refused), err=True)
        raise typer.Exit(1)


def _measure(works: Sequence[Work], threads: int) -> list[Measured]:
    from glassgate.speed import machine
    from glassgate.speed.contenders import GLASSGATE, TORCH, contenders
    from glassgate.speed.measure import measure

    results = []
    with bar(len(works) * ROUNDS) as advance:
        for work in works:
            makers = {name: contenders(work)[name] for name in (GLASSGATE, TORCH)}
            results.append(measure(work, makers, machine, threads, ROUNDS, advance))
    return results


@contextmanager
def bar(rounds: int) -> Iterator[Callable[[], None]]:
    """Show a bar on stderr where that is a terminal; yield what moves it on by a round."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("measuring", total=rounds)
        yield lambda: progress.advance(task)


def header(threads: int, rounds: int) -> str:
    """Say what the times were measured on."""
    import torch

    from glassgate.speed.host import host

    facts = host()
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['system']}\n"
        f"engine target {facts['target']}, torch {torch.__version__}, float32\n"
        f"single steps on 1 thread, all else on {threads}; medians of {rounds} rounds"
    )


def print_table(content: Table) -> None:
    """Print a table; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Printed

    printed = Printed(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for column, values in zip(content.columns, zip(*content.rows, strict=True), strict=True):
        numeric = any(value[:1].isdigit() for value in values)
        printed.add_column(column, justify="right" if numeric else "left")
    for row in content.rows:
        printed.add_row(*row)
    Console(width=WIDE).print(printed)


def write(output: Path, results: Sequence[Measured]) -> None:
    """Write everything that was measured, and on what."""
    from glassgate.experiments.common import provenance
    from glassgate.files import write_whole
    from glassgate.speed.host import host
    from glassgate.speed.table import to_json

    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    said = {**provenance(command), "host": host(), "works": to_json(results)}
    write_whole(output, (json.dumps(said, indent=2) + "\n").encode())
    typer.echo(f"{output} holds every time of every round")
