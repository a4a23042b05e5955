"""`glassgate predict`: the next word after a text, or the class of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.options import Clamps, Model

if TYPE_CHECKING:
    from glassgate.analysis.prediction import Prediction

MAX_SHOWN = 10  # next words
MAX_NAMED = 20  # unknown words
DISPLAY = {  # how tokens are printed
    "<unk>": "<unk> (any unknown word)",
    "<eos>": "<eos> (end of the sentence)",
    " ": "' '",
}


def predict(
    model: Model,
    text: Annotated[
        str, typer.Argument(help="The words before the next one, or the text to classify.")
    ],
    clamp: Clamps = None,
) -> None:
    """Print the ten most probable next words, or the probability of each class.

    A language model reads <bos> first, so that after an empty text it predicts
    the first word. Words that are not in its vocabulary are read as <unk>.

    With --clamp there are two columns of probabilities: without and with the
    clamps. The words are then the ten most probable of each.

    For example:

        glassgate predict model/ "the boy fell down and hurt"

        glassgate predict sentiment-model/ "I didn't quite enjoy the book."

        glassgate predict model/ "the boy fell" --clamp "layer=0 units=3,7 kept=0"
    """
    from glassgate.cli.screen import announce_reading

    announce_reading(model)
    from glassgate.analysis.prediction import predict as predict_text
    from glassgate.cli.clamps import clamps
    from glassgate.train import load

    loaded = load(model)
    predictions = [predict_text(loaded, text)]
    if clamp:
        with clamps(loaded.model, clamp):
            predictions.append(predict_text(loaded, text))
    warn_unknown(predictions[0].unknown)
    if loaded.kind == "language":
        separator = "" if loaded.config.get("level") == "characters" else " "
        typer.echo(f"after: {separator.join(map(visible, predictions[0].read))}")
    if clamp:
        typer.echo(f"held: {'; '.join(clamp)}\nfree      held")
    for line in _lines(predictions, MAX_SHOWN if loaded.kind == "language" else None):
        typer.echo(line)


def _lines(predictions: Sequence[Prediction], count: int | None) -> Iterator[str]:
    """Yield the `count` most probable outcomes of each prediction, in the order of the first."""
    shown = {name for prediction in predictions for name, _ in prediction.ranked[:count]}
    columns = [dict(prediction.ranked) for prediction in predictions]
    for name in columns[0]:
        if name in shown:
            probabilities = "  ".join(f"{column[name]:.6f}" for column in columns)
            yield f"{probabilities}  {DISPLAY.get(name, visible(name))}"


def warn_unknown(words: Sequence[str]) -> None:
    """Print to stderr which words are not in the model's vocabulary."""
    if words:
        are = "is" if len(words) == 1 else "are"
        named = ", ".join(repr(word) for word in words[:MAX_NAMED])
        if len(words) > MAX_NAMED:
            named += f" and {len(words) - MAX_NAMED:,} more"
        typer.echo(f"{named} {are} not in the model's vocabulary: read as <unk>", err=True)


def visible(token: str) -> str:
    r"""Return a token with whitespace visible: a line break as \\n, but a space as it is."""
    return repr(token)[1:-1] if token.isspace() and token != " " else token
