"""`glassgate explore`: write a page in which trained networks run, and gates can be held."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassgate.cli.options import Overwrite, check_different, check_free, label


def explore(
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL...", help="Model folders written by `glassgate train`, one or several."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.html", help="The page.")
    ] = Path("explorer.html"),
    text: Annotated[
        Path | None,
        typer.Option(
            "--text",
            metavar="FILE.txt",
            help="UTF-8 text: the page opens with its beginning, and measures how long units "
            "remember over a sample of it. By default sentences of the grammar, if there is one.",
        ),
    ] = None,
    grammar: Annotated[
        Path | None,
        typer.Option(
            "--grammar",
            metavar="FILE",
            help="The grammar of the models' language, whose exact probabilities stand beside "
            "theirs.",
            show_default="the demo's grammar, if a model has exactly its words",
        ),
    ] = None,
    large: Annotated[
        bool, typer.Option("--large", help="Write the page even if the weights take over 20 MB.")
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a page in which trained networks run: type a sentence, hold gates, see what changes.

    The page is a single file that opens without a network connection. The networks run in it,
    language models and classifiers alike, on whatever sentence you type.

    For example:

        glassgate explore model/

        glassgate explore demo/models/srn demo/models/gru --output box.html --open
    """
    from glassgate.cli.screen import announce_reading

    check_free(output, overwrite)
    check_different("model", models)
    announce_reading(*models)
    from glassgate.explorer import Content, write_explorer
    from glassgate.grammar import Grammar
    from glassgate.train import load
    from glassgate.train.corpus import read_text

    content = Content(
        {name: load(folder) for name, folder in zip(label(models), models, strict=True)},
        None if grammar is None else Grammar.load(grammar),
        "" if text is None else read_text(text),
    )
    write_explorer(output, content, large=large)
    typer.echo(f"{output}: {', '.join(content.models)}; open it in a browser.")
    if show:
        import webbrowser

        webbrowser.open(output.resolve().as_uri())
