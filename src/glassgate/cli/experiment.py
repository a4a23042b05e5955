"""`glassgate experiment`: questions asked of networks that are trained for it."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.answer import FirstSeed, Output, Seeds, answer, sampled
from glassgate.cli.options import Backend, Overwrite, Threads, WorkerCount
from glassgate.errors import BadInput
from glassgate.train.backends import LOKY, choose_workers

if TYPE_CHECKING:
    from glassgate.experiments.verdict.experiment import Plan
    from glassgate.experiments.verdict.reviews import Sentences as Pool

Sentences = Annotated[
    int | None,
    typer.Option(metavar="N", min=2, help="Sentences on the plot, in every review: 6, or 3."),
]
Verdicts = Annotated[
    Path | None, typer.Option(metavar="FILE.csv", help="Real verdicts, of two classes.")
]
Plot = Annotated[Path | None, typer.Option(metavar="FILE.txt", help="A text to put around them.")]
Text = Annotated[str, typer.Option(metavar="COLUMN", help="Column of the verdicts.")]
Label = Annotated[str, typer.Option(metavar="COLUMN", help="Column of their classes.")]

app = typer.Typer(help="Ask a question of networks trained for it.", no_args_is_help=True)


@app.callback()
def experiment() -> None:
    """Ask a question of networks trained for it."""


@app.command()
def verdict(
    output: Output = Path("verdict"),
    seed: FirstSeed = 0,
    seeds: Seeds = 5,
    sentences: Sentences = None,
    verdicts: Verdicts = None,
    plot: Plot = None,
    text: Text = "text",
    label: Label = "label",
    threads: Threads = 1,
    overwrite: Overwrite = False,
) -> None:
    """Ask who remembers the verdict of a book review, and what the gates do over it.

    Reviews of N neutral sentences on the plot have one verdict, at the start,
    in the middle or at the end. An SRN and a GRU learn to tell its class. The
    sentences are made up (N = 6), or real ones (N = 3): verdicts from a CSV
    file, the plot from a novel. The folder gets report.html, verdict.png and
    results.json: accuracy by where the verdict stands, whether the reset gate
    falls towards 0 at it and the kept share rises towards 1 after it, and what
    holding them costs. It takes some five to fifteen minutes.

    For example:

        glassgate experiment verdict

        glassgate experiment verdict --verdicts films.csv --plot novel.txt
    """
    from glassgate.cli.screen import announce
    from glassgate.cli.series import watching_series
    from glassgate.experiments.common import check_free

    check_free(output, overwrite)
    announce("Preparing reviews")
    from glassgate.experiments.verdict import experiment as asked
    from glassgate.experiments.verdict.page import charts, page, tables

    command = shlex.join(["glassgate", *sys.argv[1:]])
    plan, pool, files = _reviews(verdicts, plot, text, label)
    if sentences:
        plan = replace(plan, sentences=sentences)
    with watching_series(asked.work(seeds)) as watcher:
        chosen = range(seed, seed + seeds)
        results = asked.run(plan, pool, files, chosen, command, watcher, threads=threads)
    answer(results, page(results), charts(results), tables(results), output)


def _reviews(
    verdicts: Path | None, plot: Path | None, text: str, label: str
) -> tuple[Plan, Pool, dict[str, str]]:
    """Give the plan, the sentences, and the files that they are from, if they are from files."""
    from glassgate.experiments.verdict.experiment import MADE_UP, REAL
    from glassgate.experiments.verdict.real_reviews import Files, read_sentences
    from glassgate.experiments.verdict.reviews import all_sentences

    if verdicts and plot:
        files = Files(verdicts, plot, text, label)
        return REAL, read_sentences(files), files.to_json()
    if verdicts or plot:
        raise BadInput("--verdicts and --plot go together: name both files, or neither")
    return MADE_UP, all_sentences(), {}


@app.command()
def regulators(
    output: Output = Path("regulators"),
    seed: FirstSeed = 0,
    seeds: Seeds = 5,
    threads: Threads = 1,
    overwrite: Overwrite = False,
) -> None:
    """Ask why a GRU regulates its state twice: two gates, one, and fixed ones.

    The full GRU, one without reset gate, one without update gate, a unit with
    one gate for both, and one whose gates are fixed at learned means, all with
    as many learned numbers, learn the demo's language. The folder gets
    report.html, regulators.png and results.json: the divergence from the
    grammar, and accuracy at dependencies by distance. It takes some ten to
    fifteen minutes.

    For example:

        glassgate experiment regulators

        glassgate experiment regulators --seed 10 --seeds 8 --output more/
    """
    from glassgate.cli.screen import announce
    from glassgate.cli.series import watching_series
    from glassgate.experiments.common import check_free

    check_free(output, overwrite)
    announce("Sampling sentences")
    from glassgate.experiments.regulators import experiment as asked
    from glassgate.experiments.regulators.page import charts, page, tables

    command, plan = shlex.join(["glassgate", *sys.argv[1:]]), asked.Plan()
    languages = sampled(plan, seed, seeds)
    with watching_series(asked.work(seeds)) as watcher:
        results = asked.run(plan, languages, command, watcher, threads=threads)
    answer(results, page(results), charts(results), tables(results), output)


@app.command()
def spans(
    output: Output = Path("spans"),
    seed: FirstSeed = 0,
    seeds: Seeds = 5,
    threads: Threads = 1,
    overwrite: Overwrite = False,
) -> None:
    """Ask whether long-distance units exist: hold units by their memory span.

    GRUs learn the demo's language. Then the fifth of the units with the longest
    memory span, the middle one, the shortest one and random ones are held, so
    that they forget at every word or say nothing; more and more units in order
    of span; and each unit alone. The folder gets report.html, spans.png and
    results.json: accuracy at dependencies by distance, after each. It takes
    some five to ten minutes.

    For example:

        glassgate experiment spans

        glassgate experiment spans --seed 10 --seeds 8 --output more/
    """
    from glassgate.cli.screen import announce, bar
    from glassgate.cli.series import watching_series
    from glassgate.experiments.common import check_free

    check_free(output, overwrite)
    announce("Sampling sentences")
    from glassgate.experiments.spans import experiment as asked
    from glassgate.experiments.spans.page import charts, page, tables

    command, plan = shlex.join(["glassgate", *sys.argv[1:]]), asked.Plan()
    languages = sampled(plan, seed, seeds)
    with watching_series(seeds) as watcher:
        trained = asked.train(plan, languages, watcher, threads=threads)
    with bar("holding units", plan.holds * seeds) as done:
        results = asked.measure(plan, trained, command, done, threads=threads)
    answer(results, page(results), charts(results), tables(results), output)


@app.command()
def vanishing(
    output: Output = Path("vanishing"),
    seed: FirstSeed = 0,
    seeds: Seeds = 3,
    steps: Annotated[
        int, typer.Option(metavar="N", min=12, help="Training steps of each network.")
    ] = 1000,
    workers: WorkerCount = None,
    backend: Backend = LOKY,
    threads: Threads = 1,
    overwrite: Overwrite = False,
) -> None:
    """Ask whether the gradient vanishes, and who learns across 100 to 400 steps.

    A feedforward network, an SRN, a GRU and an LSTM learn the adding problem
    and copying memory at T = 100, 200 and 400; GRU and LSTM once more with
    memory spans set before training. The folder gets report.html, vanishing.png
    and results.json: what each has learned, its learning curve, and its gradient
    by lag before and after training. It takes some twenty to forty minutes, and
    as many times longer as there are more steps.

    For example:

        glassgate experiment vanishing

        glassgate experiment vanishing --steps 5000 --seeds 5 --output longer/
    """
    from glassgate.cli.screen import announce
    from glassgate.cli.series import watching_series
    from glassgate.experiments.common import check_free

    check_free(output, overwrite)
    announce("Preparing sequences")
    from glassgate.experiments.vanishing import experiment as asked
    from glassgate.experiments.vanishing.page import charts, page, tables

    command, plan = shlex.join(["glassgate", *sys.argv[1:]]), asked.Plan(steps=steps)
    chosen = range(seed, seed + seeds)
    with watching_series(asked.work(plan, chosen)) as watcher:
        processes = choose_workers(workers, backend, threads)
        results = asked.run(plan, chosen, command, watcher, workers=processes)
    answer(results, page(results), charts(results), tables(results), output)


@app.command()
def capacity(
    output: Output = Path("capacity"),
    seed: FirstSeed = 0,
    seeds: Seeds = 5,
    sizes: Annotated[
        str, typer.Option(metavar="N,...", help="Numbers of units, two or more.")
    ] = "4,8,16,32,64",
    threads: Threads = 1,
    overwrite: Overwrite = False,
) -> None:
    """Ask how near to the truth networks come with how many parameters.

    SRN, GRU and LSTM of several sizes learn the demo's language. The folder
    gets report.html, capacity.png and results.json: the KL divergence from the
    grammar by the number of parameters, and how the networks compare at equal
    numbers. It takes some ten to fifteen minutes.

    For example:

        glassgate experiment capacity

        glassgate experiment capacity --sizes 16,32,64,128 --output larger/
    """
    from glassgate.cli.screen import announce
    from glassgate.cli.series import watching_series
    from glassgate.experiments.common import check_free

    check_free(output, overwrite)
    announce("Sampling sentences")
    from glassgate.experiments.capacity import experiment as asked
    from glassgate.experiments.capacity.page import charts, page, tables

    plan = asked.Plan(asked.read_sizes(sizes))
    command = shlex.join(["glassgate", *sys.argv[1:]])
    languages = sampled(plan, seed, seeds, items=False)
    with watching_series(asked.work(plan, seeds)) as watcher:
        results = asked.run(plan, languages, command, watcher, threads=threads)
    answer(results, page(results), charts(results), tables(results), output)
