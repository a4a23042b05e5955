"""`glassgate predict`: the next word after a text, or the class of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.options import Clamps, Model
from glassgate.errors import BadInput

if TYPE_CHECKING:
    from glassgate.analysis.prediction import Prediction

SHOWN = 10  # next words
NAMED = 20  # unknown words
SPELLED = {
    "<unk>": "<unk> (any word it does not know)",
    "<eos>": "<eos> (end of the sentence)",
    " ": "' '",
}


def predict(
    model: Model,
    text: Annotated[str, typer.Argument(help="The words before, or the whole text.")],
    clamp: Clamps = None,
) -> None:
    """Print the ten most likely next words, or the classes, with their probabilities.

    A language model begins with <bos>: after an empty text it predicts the
    first word. A word that the model does not know is read as <unk>.

    With --clamp there are two columns: as the model is, and with gates held.
    Words are then the ten most likely of either.

    For example:

        glassgate predict model/ "the boy fell down and hurt"

        glassgate predict sentiment-model/ "I didn't quite enjoy the book."

        glassgate predict model/ "the boy fell" --clamp "layer=0 units=3,7 kept=0"
    """
    from glassgate.cli.screen import announce_reading

    announce_reading(model)
    from glassgate.analysis.prediction import predict as asked
    from glassgate.cli.clamps import clamps
    from glassgate.train import load

    loaded = load(model)
    if clamp and loaded.settings.network != "gru":
        raise BadInput(f"the model is of network {loaded.settings.network}: --clamp needs a gru")
    predictions = [asked(loaded, text)]
    if clamp:
        with clamps(loaded.model, clamp):
            predictions.append(asked(loaded, text))
    say_unknown(predictions[0].unknown)
    if loaded.kind == "language":
        between = "" if loaded.config.get("level") == "characters" else " "
        typer.echo(f"after: {between.join(map(visible, predictions[0].read))}")
    if clamp:
        typer.echo(f"held: {'; '.join(clamp)}\nbefore    held")
    for line in _lines(predictions, SHOWN if loaded.kind == "language" else None):
        typer.echo(line)


def _lines(predictions: Sequence[Prediction], most: int | None) -> Iterator[str]:
    """Give what is among the `most` likely of any prediction, in the order of the first."""
    shown = {name for prediction in predictions for name, _ in prediction.ranked[:most]}
    columns = [dict(prediction.ranked) for prediction in predictions]
    for name in columns[0]:
        if name in shown:
            chances = "  ".join(f"{column[name]:.6f}" for column in columns)
            yield f"{chances}  {SPELLED.get(name, visible(name))}"


def say_unknown(words: Sequence[str]) -> None:
    """Say on stderr which words the model does not know."""
    if words:
        are = "is" if len(words) == 1 else "are"
        named = ", ".join(repr(word) for word in words[:NAMED])
        if len(words) > NAMED:
            named += f" and {len(words) - NAMED:,} more"
        typer.echo(f"{named} {are} not in the model's vocabulary: read as <unk>", err=True)


def visible(token: str) -> str:
    r"""Return a token as one can see it: a line break as \\n, a space as it is."""
    return repr(token)[1:-1] if token.isspace() and token != " " else token
