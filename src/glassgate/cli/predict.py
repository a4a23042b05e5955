"""`glassgate predict`: the next word after a text, or the class of a text."""

from collections.abc import Sequence
from typing import Annotated

import typer

from glassgate.cli.options import Model

SHOWN = 10  # next words
SPELLED = {
    "<unk>": "<unk> (any word it does not know)",
    "<eos>": "<eos> (end of the sentence)",
    " ": "' '",
}


def predict(
    model: Model, text: Annotated[str, typer.Argument(help="The words before, or the whole text.")]
) -> None:
    """Print the ten most likely next words, or the classes, with their probabilities.

    A language model begins with <bos>: after an empty text it predicts the
    first word. A word that the model does not know is read as <unk>.

    For example:

        glassgate predict model/ "the boy fell down and hurt"

        glassgate predict sentiment-model/ "I didn't quite enjoy the book."
    """
    from glassgate.experiments.predict import predict as asked
    from glassgate.train.load import load

    loaded = load(model)
    prediction = asked(loaded, text)
    say_unknown(prediction.unknown)
    names = prediction.ranked
    if loaded.kind == "language":
        between = "" if loaded.config.get("level") == "characters" else " "
        typer.echo(f"after: {between.join(map(visible, prediction.read))}")
        names = names[:SHOWN]
    for name, probability in names:
        typer.echo(f"{probability:.6f}  {SPELLED.get(name, visible(name))}")


def say_unknown(words: Sequence[str]) -> None:
    """Say on stderr which words the model does not know."""
    if words:
        are = "is" if len(words) == 1 else "are"
        named = ", ".join(repr(word) for word in words)
        typer.echo(f"{named} {are} not in the model's vocabulary: read as <unk>", err=True)


def visible(token: str) -> str:
    r"""Return a token as one can see it: a line break as \\n, a space as it is."""
    return repr(token)[1:-1] if token.isspace() and token != " " else token
