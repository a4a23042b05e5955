"""`glassgate bench`: time a GRU on this machine, and compare it with torch's."""

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
    from glassgate.speed.measurement import Measured
    from glassgate.speed.workloads import Workload

ROUNDS = 7  # enough for quartiles, and done in less than a minute
PRINT_WIDTH = 160  # columns; wider than any table, so that a redirected table is not wrapped


def bench(
    threads: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Number of threads; single steps always use one.",
            show_default="all cores",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.json", help="Write all times, in seconds."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Time a GRU on this machine, compared with torch.nn.GRU and with the machine's limits.

    The results of both are checked against the equations in float64 before
    they are timed. The floor is the time that the machine needs for the
    arithmetic alone, or for reading the weights, measured in the same rounds.
    The benchmark takes less than a minute; run nothing else meanwhile.

    For example:

        glassgate bench

        glassgate bench --threads 1 --output speed.json
    """
    from glassgate.cli.screen import announce

    announce("Timing a GRU, which takes less than a minute")
    from glassgate.speed.contenders import TORCH
    from glassgate.speed.host import check_threads, cores
    from glassgate.speed.tables import errors, table
    from glassgate.speed.workloads import SHORT

    threads = cores() if threads is None else threads
    check_threads(threads)
    if output is not None:
        check_free(output, overwrite)
    results = _measure(SHORT, threads)
    typer.echo(header(threads, ROUNDS))
    print_table(table(results, [TORCH]))
    if output is not None:
        write(output, results)
    if sentences := errors(results):
        typer.echo("\n".join(sentences), err=True)
        raise typer.Exit(1)


def _measure(workloads: Sequence[Workload], threads: int) -> list[Measured]:
    from glassgate.speed import machine
    from glassgate.speed.contenders import GLASSGATE, TORCH, contenders_for
    from glassgate.speed.measurement import measure

    results = []
    with bar(len(workloads) * ROUNDS) as advance:
        for workload in workloads:
            makers = {name: contenders_for(workload)[name] for name in (GLASSGATE, TORCH)}
            results.append(measure(workload, makers, machine, threads, ROUNDS, advance))
    return results


@contextmanager
def bar(rounds: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar if stderr is a terminal; yield a function that advances it by a round."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("measuring", total=rounds)
        yield lambda: progress.advance(task)


def header(threads: int, rounds: int) -> str:
    """Describe the machine and settings of the benchmark."""
    import torch

    from glassgate.speed.host import describe_host

    facts = describe_host()
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['system']}\n"
        f"engine target {facts['target']}, torch {torch.__version__}, float32\n"
        f"single steps on 1 thread, all others on {threads}; medians of {rounds} rounds"
    )


def print_table(content: Table) -> None:
    """Print a table with numbers aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    printed = RichTable(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for column, values in zip(content.columns, zip(*content.rows, strict=True), strict=True):
        numeric = any(value[:1].isdigit() for value in values)
        printed.add_column(column, justify="right" if numeric else "left")
    for row in content.rows:
        printed.add_row(*row)
    Console(width=PRINT_WIDTH).print(printed)


def write(output: Path, results: Sequence[Measured]) -> None:
    """Write all measurements and a description of the machine."""
    from glassgate.experiments.common import provenance
    from glassgate.files import write_whole
    from glassgate.speed.host import describe_host
    from glassgate.speed.tables import to_json

    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    contents = {**provenance(command), "host": describe_host(), "works": to_json(results)}
    write_whole(output, (json.dumps(contents, indent=2) + "\n").encode())
    typer.echo(f"{output} has the times of all rounds")
