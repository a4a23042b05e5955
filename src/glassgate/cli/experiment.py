"""`glassgate experiment NAME`: one command for every experiment in `glassgate.experiments`.

An experiment's folder declares its question and the options of its plan; `ask` does what all
experiments share.
"""

from __future__ import annotations

import inspect
import shlex
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from glassgate.cli.options import (
    Backend,
    Overwrite,
    Threads,
    WorkerCount,
    check_plots,
    holds_output,
)
from glassgate.experiments import EXPERIMENTS, load
from glassgate.experiments.common import Experiment, Option, check_free, provenance, write
from glassgate.train.backends import LOKY, choose_workers

if TYPE_CHECKING:
    from glassgate.pages.content import Page

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write the results to.")
]
FirstSeed = Annotated[int, typer.Option(min=0, max=10**9, help="First seed.")]
Seeds = Annotated[
    int, typer.Option(metavar="N", min=2, help="Number of seeds; each has its own data.")
]


@holds_output
def ask(
    experiment: Experiment[Any, Any],
    output: Output,
    seed: FirstSeed,
    seeds: Seeds,
    workers: WorkerCount = None,
    backend: Backend = LOKY,
    threads: Threads = 1,
    overwrite: Overwrite = False,
    **options: Any,
) -> None:
    """Run an experiment, print its tables, and write page, picture and results.json.

    `options` are those of `experiment.plan`.
    """
    from glassgate.cli.counts import counting
    from glassgate.cli.screen import announce, waiting
    from glassgate.cli.series import watching_series

    check_free(output, overwrite)
    check_plots()
    announce(experiment.preparing)
    from glassgate.experiments.runner import Runner

    plan = experiment.plan(**options)
    chosen = choose_workers(workers, backend, threads)
    watching = partial(watching_series, workers=chosen.count)
    runner = Runner(chosen, watching, counting, waiting)
    results = experiment.run(plan, range(seed, seed + seeds), runner)
    command = shlex.join(["glassgate", *sys.argv[1:]])
    answer(experiment, {"experiment": experiment.name, **provenance(command), **results}, output)


def answer(experiment: Experiment[Any, Any], results: dict[str, Any], output: Path) -> None:
    """Write the results, print their tables, and say where they are.

    With two seeds, page and terminal say how wide the intervals are.
    """
    from glassgate.analysis.intervals import TWO_SEEDS_WARNING
    from glassgate.cli.tables import print_table
    from glassgate.pages import charts_png, content_page

    warning = TWO_SEEDS_WARNING if len(results["seeds"]) == 2 else ""
    page = _with_provenance(experiment.page(results), results, warning)
    image = charts_png(experiment.charts(results))
    names = write(results, content_page(page), image, output)
    for table in experiment.tables(results):
        print_table(table)
    if warning:
        typer.echo(warning)
    typer.echo(f"{output} holds {', '.join(names[:-1])} and {names[-1]}")


def _with_provenance(page: Page, results: dict[str, Any], warning: str) -> Page:
    """Add to a page how its results were made."""
    from glassgate.analysis.intervals import join_names

    made = {"command": results["command"], "seeds": join_names(map(str, results["seeds"]))}
    facts = made | dict(page.facts) | results["versions"]
    return replace(page, lead=f"{page.lead} {warning}".rstrip(), facts=facts)


# The commands -------------------------------------------------------------------------------------


class Experiments(TyperGroup):
    """The registered experiments as commands; each is imported when the command line names it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer passes it
        """Return the names of the experiments."""
        return list(EXPERIMENTS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002
        """Return the command of an experiment."""
        return command(load(cmd_name)) if cmd_name in EXPERIMENTS else None


def command(experiment: Experiment[Any, Any]) -> TyperCommand:
    """Make the command that asks one experiment's question."""

    def run(**values: Any) -> None:
        ask(experiment, **values)

    run.__doc__ = _help(experiment)
    run.__signature__ = _signature(experiment)  # type: ignore[attr-defined]
    only = typer.Typer(add_completion=False, rich_markup_mode="rich")
    only.command(experiment.name)(run)
    made = typer.main.get_command(only)
    assert isinstance(made, TyperCommand)
    return made


def _help(experiment: Experiment[Any, Any]) -> str:
    """Return the question, and the examples as paragraphs."""
    examples = [f"    {example}" for example in experiment.examples]
    return "\n\n".join([inspect.cleandoc(experiment.question), "For example:", *examples])


def _signature(experiment: Experiment[Any, Any]) -> inspect.Signature:
    """Return the parameters of the command: those of `ask`, with the experiment's own options."""
    defaults = {"output": Path(experiment.name), "seed": 0, "seeds": experiment.seeds}
    shared = [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(parameter.name, parameter.default),
        )
        for parameter in inspect.signature(ask, eval_str=True).parameters.values()
        if parameter.name not in ("experiment", "options")
    ]
    own = map(_option, inspect.signature(experiment.plan).parameters.values())
    place = [parameter.name for parameter in shared].index("seeds") + 1
    return inspect.Signature([*shared[:place], *own, *shared[place:]])


def _option(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return a parameter of `Experiment.plan` as one that typer turns into an option."""
    kind, option = get_args(parameter.annotation)
    assert isinstance(option, Option)
    shown = typer.Option(help=option.help, metavar=option.metavar, min=option.least)
    return parameter.replace(annotation=Annotated[kind, shown])


app = typer.Typer(
    cls=Experiments, help="Train networks to answer a question.", no_args_is_help=True
)


@app.callback()
def experiment() -> None:
    """Train networks to answer a question."""
