"""`glassgate experiment`: questions asked of networks that are trained for it."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from glassgate.cli.options import Overwrite

if TYPE_CHECKING:
    from glassgate.experiments.content import Chart, Page, Table
    from glassgate.experiments.language import Language

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the results go.")
]
FirstSeed = Annotated[int, typer.Option(min=0, help="The first of the seeds.")]
Seeds = Annotated[
    int, typer.Option(metavar="N", min=2, help="How many seeds, each with its own sentences.")
]
FILE_WIDTH = 120  # characters of a table that goes to a file

app = typer.Typer(help="Ask a question of networks trained for it.", no_args_is_help=True)


@app.callback()
def experiment() -> None:
    """Ask a question of networks trained for it."""


@app.command()
def verdict(
    output: Output = Path("verdict"),
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    sentences: Annotated[
        int, typer.Option(metavar="N", min=2, help="Sentences on the plot, in every review.")
    ] = 6,
    overwrite: Overwrite = False,
) -> None:
    """Ask who remembers the verdict of a book review, and what the gates do over it.

    Reviews of N neutral sentences on the plot have one verdict, at the start, in the middle or at
    the end. An SRN and a GRU learn to tell its class. The folder gets report.html,
    verdict.png and results.json: accuracy by where the verdict stands and how far from the end,
    and the GRU's mean kept share and reset gate over the verdict and over the plot around it.

    For example:

        glassgate experiment verdict

        glassgate experiment verdict --sentences 10 --seed 1 --output long/
    """
    from glassgate.cli.screen import watching
    from glassgate.experiments import verdict as asked
    from glassgate.experiments.output import check_free
    from glassgate.experiments.verdict_page import charts, page, tables

    check_free(output, overwrite)
    command = shlex.join(["glassgate", *sys.argv[1:]])
    with watching() as watcher:
        results = asked.run(asked.Plan(sentences=sentences), seed, command, watcher)
    _answer(results, page(results), charts(results), tables(results), output)


@app.command()
def regulators(
    output: Output = Path("regulators"),
    seed: FirstSeed = 0,
    seeds: Seeds = 5,
    overwrite: Overwrite = False,
) -> None:
    """Ask why a GRU regulates its state twice: units with two gates, one, and fixed ones.

    The full GRU, one without reset gate, one without update gate, a unit with one gate for both,
    and one whose gates are fixed at learned means, all with as many learned numbers, learn the
    demo's language. The folder gets report.html, regulators.png and results.json: the
    divergence from the grammar, and accuracy at dependencies by distance.

    For example:

        glassgate experiment regulators

        glassgate experiment regulators --seed 10 --seeds 8 --output more/
    """
    from glassgate.cli.screen import watching
    from glassgate.experiments import regulators as asked
    from glassgate.experiments.output import check_free
    from glassgate.experiments.regulators_page import charts, page, tables

    check_free(output, overwrite)
    command, plan = shlex.join(["glassgate", *sys.argv[1:]]), asked.Plan()
    languages = _sampled(plan, seed, seeds)
    with watching() as watcher:
        results = asked.run(plan, languages, command, watcher)
    _answer(results, page(results), charts(results), tables(results), output)


@app.command()
def spans(
    output: Output = Path("spans"),
    seed: FirstSeed = 0,
    seeds: Seeds = 5,
    overwrite: Overwrite = False,
) -> None:
    """Ask whether long-distance units exist: hold units by memory span, and see what breaks.

    GRUs learn the demo's language. Then the fifth of the units with the longest memory span, the
    middle one, the shortest one and random ones are held, so that they forget at every word or
    say nothing; more and more units in order of span; and each unit alone. The folder gets
    report.html, spans.png and results.json: accuracy at dependencies by distance, after each.

    For example:

        glassgate experiment spans

        glassgate experiment spans --seed 10 --seeds 8 --output more/
    """
    from glassgate.cli.screen import bar, watching
    from glassgate.experiments import spans as asked
    from glassgate.experiments.output import check_free
    from glassgate.experiments.spans_page import charts, page, tables

    check_free(output, overwrite)
    command, plan = shlex.join(["glassgate", *sys.argv[1:]]), asked.Plan()
    languages = _sampled(plan, seed, seeds)
    with watching() as watcher:
        trained = asked.train(plan, languages, watcher)
    with bar("holding units", plan.holds * seeds) as done:
        results = asked.measure(plan, trained, command, done)
    _answer(results, page(results), charts(results), tables(results), output)


class _Sizes(Protocol):
    """How many sentences a plan takes of a language."""

    @property
    def train(self) -> int: ...
    @property
    def held_out(self) -> int: ...


def _sampled(plan: _Sizes, first: int, count: int) -> dict[int, Language]:
    """Sample the demo's language for each seed."""
    from glassgate.cli.screen import bar
    from glassgate.data.grammar import Grammar
    from glassgate.experiments.language import sample_language

    grammar, languages = Grammar.load(), {}
    with bar("sampling sentences and dependencies", count) as done:
        for seed in range(first, first + count):
            languages[seed] = sample_language(grammar, seed, plan.train, plan.held_out)
            done(len(languages))
    return languages


def _answer(
    results: Mapping[str, Any],
    page: Page,
    charts: Mapping[str, Chart],
    tables: Sequence[Table],
    output: Path,
) -> None:
    """Write what was found, print its tables, and say where it is."""
    from glassgate.experiments.output import write
    from glassgate.experiments.picture import picture
    from glassgate.report.content_page import content_page

    names = write(results, content_page(page), picture(charts), output)
    for table in tables:
        _print(table)
    typer.echo(f"{output} holds {', '.join(names[:-1])} and {names[-1]}")


def _print(content: Table) -> None:
    """Print a table; numbers stand to the right."""
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
