"""The commands of `glassgate`, put together; each has a file of its own.

Commands import what they need when they run, so that ``glassgate --help`` answers at once.
"""

import os
from typing import Annotated

import typer

from glassgate import __version__
from glassgate.cli import (
    bench,
    compare,
    convert,
    demo,
    experiment,
    explore,
    grammar,
    inspect,
    pairs,
    predict,
    report,
    reproduce,
    score,
    trace,
    train,
)
from glassgate.cli.variadic import VariadicCommand

app = typer.Typer(
    name="glassgate",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.add_typer(train.app, name="train")
app.command("compare")(compare.compare)
app.command("predict")(predict.predict)
app.command("score", cls=VariadicCommand)(score.score)
app.command("pairs", cls=VariadicCommand)(pairs.pairs)
app.command("trace")(trace.trace)
app.command("report")(report.report)
app.command("explore")(explore.explore)
app.command("bench")(bench.bench)
app.command("convert")(convert.convert)
app.command("inspect")(inspect.inspect)
app.add_typer(experiment.app, name="experiment")
app.add_typer(reproduce.app, name="reproduce")
app.add_typer(grammar.app, name="grammar")


def print_version(wanted: bool) -> None:
    """Print the version and end, if it is wanted."""
    if wanted:
        typer.echo(f"glassgate {__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """GRUs you can see into, at a speed you can ship.

    For example:

        glassgate demo

        glassgate train language novel.txt --output model/

        glassgate train language --help
    """
    if context.invoked_subcommand != "bench":  # bench times torch with its default threads
        prepare_threads()


def prepare_threads() -> None:
    """Set the environment variables that torch's thread runtimes and MKL read on import.

    Variables that the user has set stay as they are. Threads that wait for one another sleep at
    once: on a busy machine a spinning thread takes the core from the thread it waits for. And
    MKL's products have the same bits on any number of threads.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # GNU's runtime; about a microsecond
        os.environ.setdefault("KMP_BLOCKTIME", "0")  # Intel's and LLVM's; milliseconds
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
