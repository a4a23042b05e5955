"""`glassgate grammar`: sample sentences, list next words, print the demo's grammar."""

from pathlib import Path
from typing import Annotated

import typer

from glassgate.errors import BadInput

HELP = """Explore the demo's grammar, or one of your own.

For example:

    glassgate grammar sample --count 5

    glassgate grammar next "the boys who"
"""

app = typer.Typer(help=HELP, no_args_is_help=True)

GrammarFile = Annotated[
    Path | None,
    typer.Option(
        "--grammar", metavar="FILE", help="A grammar file.", show_default="the demo's grammar"
    ),
]


@app.command()
def sample(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Number of sentences.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    grammar: GrammarFile = None,
) -> None:
    """Print random sentences of a grammar, one per line.

    For example:

        glassgate grammar sample -n 5

        glassgate grammar sample -n 20000 --seed 1 > corpus.txt
    """
    from glassgate.grammar import Grammar

    for words in Grammar.load(grammar).sample(count, seed):
        typer.echo(" ".join(words))


@app.command("next")
def next_words(
    prefix: Annotated[str, typer.Argument(help='A sentence\'s first words, or "".')],
    grammar: GrammarFile = None,
) -> None:
    """Print the probability of each possible next word, exactly.

    For example:

        glassgate grammar next "the boys who the dog chases"

        glassgate grammar next "" --grammar mine.grammar
    """
    from glassgate.grammar import END, Grammar

    words = Grammar.load(grammar).prefixes(prefix.split())[-1].next_words
    for word, probability in sorted(words.items(), key=lambda pair: -pair[1]):
        typer.echo(f"{probability:.6f}  {'(end of sentence)' if word == END else word}")


@app.command()
def show(
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this new file instead."),
    ] = None,
) -> None:
    """Print the demo's grammar, as a starting point for one of your own.

    For example:

        glassgate grammar show --output mine.grammar

        glassgate grammar sample --grammar mine.grammar
    """
    from glassgate.files import write_whole
    from glassgate.grammar import Grammar

    text = Grammar.load().text
    if output is None:
        typer.echo(text, nl=False)
        return
    if output.exists():
        raise BadInput(f"{output} already exists: choose another name")
    if not output.parent.is_dir():
        raise BadInput(f"{output.parent} is not a folder, so {output.name} cannot be written there")
    write_whole(output, text.encode("utf-8"))
