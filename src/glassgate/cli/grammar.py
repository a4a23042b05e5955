"""`glassgate grammar`: sentences from the embedded grammar or one's own, and its text."""

from pathlib import Path
from typing import Annotated

import typer

from glassgate.errors import BadInput

app = typer.Typer(help="Look at the demo's language, or at one of your own.", no_args_is_help=True)

GrammarFile = Annotated[
    Path | None,
    typer.Option(
        "--grammar", metavar="FILE", help="A grammar of your own.", show_default="embedded"
    ),
]


@app.command()
def sample(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many sentences.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the sentences.")] = 0,
    grammar: GrammarFile = None,
) -> None:
    """Print sentences, one a line.

    For example:

        glassgate grammar sample -n 5

        glassgate grammar sample -n 20000 --seed 1 > corpus.txt
    """
    from glassgate.grammar.grammar import Grammar

    for words in Grammar.load(grammar).sample(count, seed):
        typer.echo(" ".join(words))


@app.command("next")
def next_words(
    prefix: Annotated[str, typer.Argument(help="The beginning of a sentence; may be empty.")],
    grammar: GrammarFile = None,
) -> None:
    """Print the exact distribution of the next word after a prefix.

    For example:

        glassgate grammar next "the boys who the dog chases"
    """
    from glassgate.grammar.grammar import END, Grammar

    words = Grammar.load(grammar).prefixes(prefix.split())[-1].next_words
    for word, probability in sorted(words.items(), key=lambda pair: -pair[1]):
        typer.echo(f"{probability:.6f}  {'(end of sentence)' if word == END else word}")


@app.command()
def show(
    output: Annotated[
        Path | None, typer.Option(help="Write to a new file, not to the screen.")
    ] = None,
) -> None:
    """Print the embedded grammar, to be copied and changed.

    For example:

        glassgate grammar show --output mine.grammar

        glassgate grammar sample --grammar mine.grammar
    """
    from glassgate.files import write_whole
    from glassgate.grammar.grammar import Grammar

    text = Grammar.load().text
    if output is None:
        typer.echo(text, nl=False)
        return
    if output.exists():
        raise BadInput(f"{output} exists already; name a new file")
    if not output.parent.is_dir():
        raise BadInput(f"{output.parent} is not a folder, so {output.name} cannot be written there")
    write_whole(output, text.encode("utf-8"))
