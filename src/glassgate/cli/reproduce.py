"""`glassgate reproduce NAME`: published claims, run again as experiments."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from glassgate.cli.experiment import Registered
from glassgate.experiments import load
from glassgate.reproductions import REPRODUCTIONS, Reproduction


class Reproductions(Registered):
    """The registered reproductions as commands."""

    registry: Mapping[str, str] = REPRODUCTIONS


app = typer.Typer(cls=Reproductions, invoke_without_command=True)


@app.callback()
def reproduce(context: typer.Context) -> None:
    """Run again what papers published, and compare; without a name, list what there is."""
    if context.invoked_subcommand is not None:
        return
    from glassgate.cli.tables import print_table
    from glassgate.pages.content import Table

    rows = []
    for name in REPRODUCTIONS:
        reproduction = load(name, REPRODUCTIONS)
        assert isinstance(reproduction, Reproduction)
        rows.append((name, reproduction.source, reproduction.duration))
    print_table(Table(("name", "source", "whole run on two cores"), rows))
    typer.echo("glassgate reproduce NAME runs one; --quick takes one or two minutes.")
