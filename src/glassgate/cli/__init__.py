"""The command line: `glassgate COMMAND`, each command in a file of its own.

Commands import what they need when they run, so that ``glassgate --help`` answers at once.
"""

import os
import sys

import typer

from glassgate.cli import (
    bench,
    compare,
    convert,
    demo,
    experiment,
    grammar,
    inspect,
    pairs,
    predict,
    report,
    score,
    trace,
    train,
)
from glassgate.errors import BadInput
from glassgate.train.interrupt import Interrupted

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
app.command("score")(score.score)
app.command("pairs")(pairs.pairs)
app.command("trace")(trace.trace)
app.command("report")(report.report)
app.command("bench")(bench.bench)
app.command("convert")(convert.convert)
app.command("inspect")(inspect.inspect)
app.add_typer(experiment.app, name="experiment")
app.add_typer(grammar.app, name="grammar")


@app.callback()
def start(context: typer.Context) -> None:
    """GRUs you can see into, at a speed you can ship."""
    if context.invoked_subcommand != "bench":  # which times torch as anybody else meets it
        prepare_threads()


def prepare_threads() -> None:
    """Set what the runtimes below torch read when it is imported, where the user has set nothing.

    Threads that wait for one another go to sleep at once: spinning, they take the core from the
    one they wait for when the machine is busy. And MKL's products have the same bits on any number
    of threads.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # GNU's runtime; about a microsecond
        os.environ.setdefault("KMP_BLOCKTIME", "0")  # Intel's and LLVM's; milliseconds
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")


def main() -> None:
    """Run the command line: exit code 0, 2 for bad input, 130 after Ctrl-C."""
    try:
        app()
    except BadInput as error:
        _fail(str(error), 2)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), 2)
    except Interrupted as stopped:
        _fail(str(stopped), 130)
    except KeyboardInterrupt:
        _fail("stopped", 130)


def _fail(message: str, code: int) -> None:
    if os.environ.get("LOCAL_RANK", "0") == "0":  # of several processes one speaks, per machine
        print(f"glassgate: {message}", file=sys.stderr)
    sys.exit(code)
