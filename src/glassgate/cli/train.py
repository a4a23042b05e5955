"""`glassgate train`: fit a language model or a classifier to one's own data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.options import (
    Characters,
    Corpus,
    Log,
    MeasuredThreads,
    MinimumFrequency,
    Overwrite,
    Resume,
    Sentences,
    saying_how_to_go_on,
    with_settings,
)
from glassgate.train.settings import CLASSIFIER, LANGUAGE, MINIMUM_FREQUENCY, Settings

if TYPE_CHECKING:
    from glassgate.train.loop import Outcome

app = typer.Typer(help="Train a network on data of your own.", no_args_is_help=True)

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the model goes.")
]
Reviews = Annotated[Path, typer.Argument(metavar="REVIEWS.csv", help="UTF-8, with a header line.")]


@app.command()
@with_settings(LANGUAGE)
def language(
    corpus: Corpus,
    output: Output,
    settings: Settings,
    characters: Characters = False,
    sentences: Sentences = False,
    minimum_frequency: MinimumFrequency = MINIMUM_FREQUENCY,
    threads: MeasuredThreads = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    log: Log = None,
) -> None:
    """Learn to predict the next word; the last tenth of the text is held out.

    The text is one stream, read in stretches with the state carried on,
    unless --sentences makes every line a sequence of its own. The best
    epoch on the held-out text is kept.

    For example:

        glassgate train language novel.txt --network gru --output model/

        glassgate train language austen/*.txt --hidden-size 256 -o austen-model/

        glassgate train language lines.txt --sentences --output model/

        glassgate train language novel.txt --network srn --bptt 1 -o elman/

    In several processes, with the gradients of one:

        accelerate launch --multi_gpu --num_processes 2 -m glassgate train ...
    """
    from glassgate.cli.screen import announce_reading, watching

    announce_reading(*corpus)
    from glassgate.train import run

    with saying_how_to_go_on(), watching() as watcher:
        outcome = run.train_language(
            corpus,
            run.Output(output, overwrite, resume, tensorboard=log is not None),
            settings,
            level="characters" if characters else "words",
            by_sentence=sentences,
            minimum_frequency=minimum_frequency,
            threads=threads,
            watchers=[watcher(settings.network)],
        )
    predict = f'glassgate predict {output} "the beginning of a sentence"'
    score = f"glassgate score {output} FILE.txt --output surprisal.tsv"
    _report(outcome, settings, output, predict, score)


@app.command()
@with_settings(CLASSIFIER, without=("bptt",))
def classifier(
    reviews: Reviews,
    output: Output,
    settings: Settings,
    text: Annotated[str, typer.Option(metavar="COLUMN", help="That holds the text.")] = "text",
    label: Annotated[str, typer.Option(metavar="COLUMN", help="That holds the class.")] = "label",
    minimum_frequency: MinimumFrequency = MINIMUM_FREQUENCY,
    threads: MeasuredThreads = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    log: Log = None,
) -> None:
    """Learn the class of a text; a random tenth of the texts is held out.

    Empty texts are counted and skipped. The best epoch on the held-out texts
    is kept.

    For example:

        glassgate train classifier reviews.csv --output sentiment-model/

        glassgate train classifier tweets.csv --text body --label mood -o mood/
    """
    from glassgate.cli.screen import announce_reading, watching

    announce_reading(reviews)
    from glassgate.train import run

    with saying_how_to_go_on(), watching() as watcher:
        outcome = run.train_classifier(
            reviews,
            run.Output(output, overwrite, resume, tensorboard=log is not None),
            settings,
            text=text,
            label=label,
            minimum_frequency=minimum_frequency,
            threads=threads,
            watchers=[watcher(settings.network)],
        )
    _report(outcome, settings, output, f'glassgate predict {output} "a text of unknown class"')


def _report(outcome: Outcome, settings: Settings, output: Path, *commands: str) -> None:
    """Say what was reached and what can be done with it."""
    from glassgate.cli.lines import figures
    from glassgate.cli.screen import is_main

    if not is_main():
        return
    best, last = outcome.best, outcome.history[-1]
    typer.echo(f"{settings.network}: best epoch {best.epoch} of {last.epoch}, {figures(best)}")
    typer.echo(
        f"trained in {outcome.train_seconds:.1f} s, {outcome.tokens_per_second:,.0f} tokens/s"
    )
    typer.echo(f"The model is in {output}. Next:")
    trace = [f'glassgate trace {output} "a whole sentence"'] if settings.network == "gru" else []
    for command in (*commands, *trace):
        typer.echo(f"  {command}")
