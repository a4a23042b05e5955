"""`glassgate train`: train a language model or a classifier on data of one's own."""

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
    Recipe,
    Resume,
    Sentences,
    suggest_resume,
    with_settings,
)
from glassgate.train.settings import CLASSIFIER, LANGUAGE, MINIMUM_FREQUENCY, Settings

if TYPE_CHECKING:
    from glassgate.train import Outcome

HELP = """Train a language model or a classifier on your own data.

For example:

    glassgate train language novel.txt --output model/

    glassgate train classifier reviews.csv --output sentiment-model/
"""

app = typer.Typer(help=HELP, no_args_is_help=True)

Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write the model to.")
]
Reviews = Annotated[
    Path, typer.Argument(metavar="REVIEWS.csv", help="UTF-8 CSV file with a header line.")
]


@app.command()
@with_settings(LANGUAGE)
def language(
    corpus: Corpus,
    output: Folder,
    settings: Settings,
    characters: Characters = False,
    sentences: Sentences = False,
    minimum_frequency: MinimumFrequency = MINIMUM_FREQUENCY,
    recipe: Recipe = None,
    threads: MeasuredThreads = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    log: Log = None,
) -> None:
    """Train a language model to predict the next word of a text.

    The text is read as one stream, with the state carried from step to step;
    with --sentences every line is a sequence of its own. The last tenth of the
    text is held out, and the weights of the epoch that predicts it best are
    kept.

    For example:

        glassgate train language novel.txt --network gru --output model/

        glassgate train language austen/*.txt --hidden-size 256 -o austen-model/

        glassgate train language lines.txt --sentences --output model/

        glassgate train language sampled.txt --sentences --recipe grammar -o gru/

        glassgate train language novel.txt --network srn --bptt 1 -o elman/

    In several processes, with the same gradients as in one:

        accelerate launch --multi_gpu --num_processes 2 -m glassgate train ...
    """
    from glassgate.cli.screen import announce_reading, watching

    announce_reading(*corpus)
    from glassgate.train import Output, train_language
    from glassgate.train.folder import STATE

    with suggest_resume(output / STATE), watching() as watcher:
        outcome = train_language(
            corpus,
            Output(output, overwrite=overwrite, resume=resume, tensorboard=log is not None),
            settings,
            level="characters" if characters else "words",
            by_sentence=sentences,
            minimum_frequency=minimum_frequency,
            recipe=recipe,
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
    output: Folder,
    settings: Settings,
    text: Annotated[str, typer.Option(metavar="COLUMN", help="Column of the text.")] = "text",
    label: Annotated[str, typer.Option(metavar="COLUMN", help="Column of the class.")] = "label",
    minimum_frequency: MinimumFrequency = MINIMUM_FREQUENCY,
    threads: MeasuredThreads = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    log: Log = None,
) -> None:
    """Train a classifier of texts.

    A random tenth of the texts is held out, and the weights of the epoch that
    classifies them best are kept. Empty texts are counted and skipped.

    For example:

        glassgate train classifier reviews.csv --output sentiment-model/

        glassgate train classifier tweets.csv --text body --label mood -o mood/
    """
    from glassgate.cli.screen import announce_reading, watching

    announce_reading(reviews)
    from glassgate.train import Output, train_classifier
    from glassgate.train.folder import STATE

    with suggest_resume(output / STATE), watching() as watcher:
        outcome = train_classifier(
            reviews,
            Output(output, overwrite=overwrite, resume=resume, tensorboard=log is not None),
            settings,
            text=text,
            label=label,
            minimum_frequency=minimum_frequency,
            threads=threads,
            watchers=[watcher(settings.network)],
        )
    _report(outcome, settings, output, f'glassgate predict {output} "a text to classify"')


def _report(outcome: Outcome, settings: Settings, output: Path, *commands: str) -> None:
    """Print the result of a training, and commands to try next."""
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
    has_state = settings.network != "feedforward"
    trace = [f'glassgate trace {output} "a whole sentence"'] if has_state else []
    for command in (*commands, *trace):
        typer.echo(f"  {command}")
