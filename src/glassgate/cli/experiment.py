"""`glassgate experiment NAME`: one command for every experiment in `glassgate.experiments`.

An experiment's folder declares its question and the options of its plan; `ask` does what all
experiments share.
"""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from glassgate.cli.options import (
    Backend,
    Overwrite,
    Resume,
    Threads,
    WorkerCount,
    check_plots,
    holds_output,
    suggest_resume,
)
from glassgate.cli.screen import announce
from glassgate.experiments import EXPERIMENTS, load
from glassgate.experiments.common import (
    PIECES,
    QUICK_SEEDS,
    Experiment,
    Option,
    Plan,
    check_free,
    provenance,
    write,
)
from glassgate.train.backends import LOKY, Workers, choose_workers

if TYPE_CHECKING:
    from glassgate.experiments.finished import Finished
    from glassgate.experiments.runner import Runner
    from glassgate.pages.content import Page

QUICK_WARNING = (
    "This is a quick run: it has less data and fewer seeds than a whole one, which the command "
    "makes without --quick, so networks are worse and more claims undecided."
)

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write the results to.")
]
FirstSeed = Annotated[int, typer.Option(min=0, max=10**9, help="First seed.")]
Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Run all of the experiment on less data, in one or two minutes; claims may stay "
        f"undecided. By default with {QUICK_SEEDS} seeds.",
    ),
]


@holds_output
def ask(
    experiment: Experiment[Any, Any],
    output: Output,
    seed: FirstSeed,
    seeds: int | None,  # the option of `_seeds`
    quick: Quick = False,
    workers: WorkerCount = None,
    backend: Backend = LOKY,
    threads: Threads = 1,
    overwrite: Overwrite = False,
    resume: Resume = False,
    **options: Any,
) -> None:
    """Run an experiment, print its tables, and write page, picture and results.json.

    `options` are those of `experiment.plan`. What is finished of a run is kept in the folder until
    the results are written.
    """
    check_free(output, overwrite, resume=resume)
    check_plots()
    announce(experiment.preparing)
    from glassgate.experiments.finished import Finished

    plan = experiment.plan(**options)
    plan = experiment.quick(plan) if quick else plan
    count = seeds or (QUICK_SEEDS if quick else experiment.seeds)
    finished = Finished(output, _made_by(experiment, plan))
    if overwrite:
        finished.discard()
    finished.check()
    chosen = choose_workers(workers, backend, threads)
    with suggest_resume(output / PIECES):
        results = experiment.run(plan, range(seed, seed + count), _runner(chosen, finished))
        command = shlex.join(["glassgate", *sys.argv[1:]])
        made = {
            "experiment": experiment.name,
            **provenance(command, experiment.packages),
            "quick": quick,
        }
        answer(experiment, {**made, **results}, output)
    finished.discard()


def _made_by(experiment: Experiment[Any, Any], plan: Plan) -> dict[str, Any]:
    """Return what decides the results of a run's pieces."""
    versions = provenance("", experiment.packages)["versions"]
    return {"experiment": experiment.name, "versions": versions, "plan": plan.to_json()}


def _runner(workers: Workers, finished: Finished) -> Runner:
    """Return what runs the trainings, with bars or lines of progress."""
    from glassgate.cli.counts import counting
    from glassgate.cli.screen import waiting
    from glassgate.cli.series import watching_series
    from glassgate.experiments.runner import Runner

    watching = partial(watching_series, workers=workers.count)
    return Runner(workers, watching, counting, waiting, finished)


def answer(experiment: Experiment[Any, Any], results: dict[str, Any], output: Path) -> None:
    """Write the results, print their tables, and say where they are.

    With two seeds, page and terminal say how wide the intervals are; so they do of a quick run.
    """
    from glassgate.analysis.intervals import TWO_SEEDS_WARNING
    from glassgate.cli.tables import print_table
    from glassgate.pages import charts_png, content_page

    warnings = [QUICK_WARNING] if results["quick"] else []
    warnings += [TWO_SEEDS_WARNING] if len(results["seeds"]) == 2 else []
    warning = " ".join(warnings)
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


class Registered(TyperGroup):
    """The experiments of a registry as commands, imported when the command line names them."""

    registry: Mapping[str, str] = EXPERIMENTS

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer passes it
        """Return the names of the experiments."""
        return list(self.registry)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002
        """Return the command of an experiment."""
        if cmd_name not in self.registry:
            return None
        return command(load(cmd_name, self.registry))


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
    question = escape(inspect.cleandoc(experiment.question))  # square brackets are no markup
    return "\n\n".join([question, "For example:", *examples])


def _signature(experiment: Experiment[Any, Any]) -> inspect.Signature:
    """Return the parameters of the command: those of `ask`, with the experiment's own options."""
    defaults = {"output": Path(experiment.name), "seed": 0, "seeds": None}
    annotations = {"seeds": _seeds(experiment)}
    shared = [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(parameter.name, parameter.default),
            annotation=annotations.get(parameter.name, parameter.annotation),
        )
        for parameter in inspect.signature(ask, eval_str=True).parameters.values()
        if parameter.name not in ("experiment", "options")
    ]
    own = map(_option, inspect.signature(experiment.plan).parameters.values())
    place = [parameter.name for parameter in shared].index("seeds") + 1
    return inspect.Signature([*shared[:place], *own, *shared[place:]])


def _seeds(experiment: Experiment[Any, Any]) -> Any:
    """Return the annotation of the option --seeds, with the experiment's own default."""
    option = typer.Option(
        metavar="N",
        min=2,
        help="Number of seeds; each has its own initial weights and, if drawn, data.",
        show_default=f"{experiment.seeds}; {QUICK_SEEDS} with --quick",
    )
    return Annotated[int | None, option]


def _option(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return a parameter of `Experiment.plan` as one that typer turns into an option."""
    kind, option = get_args(parameter.annotation)
    assert isinstance(option, Option)
    shown = typer.Option(help=option.help, metavar=option.metavar, min=option.least)
    return parameter.replace(annotation=Annotated[kind, shown])


app = typer.Typer(cls=Registered, help="Train networks to answer a question.", no_args_is_help=True)


@app.callback()
def experiment() -> None:
    """Train networks to answer a question."""
