"""`glassgate demo`: the main job on the embedded grammar, from nothing to the page."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassgate.cli.grammar import GrammarFile
from glassgate.cli.options import Overwrite, Threads, check_plots, holds_output

if TYPE_CHECKING:
    from glassgate.analysis.language import Language
    from glassgate.experiments.demo.experiment import Results, Trained
    from glassgate.grammar import Grammar

MODELS = "models"  # the folder of the networks' model folders
EXPLORER = "explorer.html"


@holds_output
def demo(
    output: Annotated[Path, typer.Option(help="Folder to write the results to.")] = Path("demo"),
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed of sentences, weights and training order.")
    ] = 0,
    grammar: GrammarFile = None,
    threads: Threads = 1,
    overwrite: Overwrite = False,
) -> None:
    """Train four networks on one language and show what they remember, and how.

    Writes report.html (open it in a browser), results.json (the same numbers), gates.png, a model
    folder for each network: models/feedforward, models/srn, models/gru and models/lstm; and
    explorer.html, a page in which the four networks run on your own sentences.

    For example:

        glassgate demo --output demo

        glassgate predict demo/models/gru "the boy fell down and hurt"

        glassgate demo --seed 7 --grammar mine.grammar --output mine
    """
    from glassgate.cli.screen import announce, waiting, watching
    from glassgate.experiments.common import check_free

    check_free(output, overwrite)
    check_plots()
    announce("Sampling sentences and dependencies")
    from glassgate.analysis import language as sampled
    from glassgate.experiments.demo.experiment import NETWORKS, run_demo
    from glassgate.grammar.grammar import Grammar
    from glassgate.train.folder import check_free as check_folder
    from glassgate.train.threads import on_threads

    for name in NETWORKS:
        check_folder(output / MODELS / name, overwrite)
    loaded = Grammar.load(grammar)
    with waiting("sampling sentences and dependencies"):
        language = sampled.sample_language(loaded, seed, sampled.TRAIN, sampled.HELD_OUT)
    with watching() as watcher, on_threads(threads):
        results, networks = run_demo(language, seed, watcher)
    _save(output / MODELS, networks, language, seed, overwrite)
    _write(output, results)
    _write_explorer(output, list(networks), loaded)
    _print(results)
    typer.echo(f"\nThe page is {output / 'report.html'}; open it in a browser.")
    typer.echo(f"The networks run in {output / EXPLORER}: type a sentence, hold a gate.")
    typer.echo(f"The networks are in {output / MODELS}: {', '.join(networks)}.")


def _save(
    folder: Path, networks: "dict[str, Trained]", language: "Language", seed: int, overwrite: bool
) -> None:
    """Write a model folder for each network."""
    import hashlib

    from glassgate.train.run import Output, Source, save_trained

    text = "".join(f"{' '.join(words)}\n" for words in language.train)
    name = f"{len(language.train)} sentences of {language.grammar.rules.file.name}, seed {seed}"
    source = Source(name, hashlib.sha256(text.encode()).hexdigest())
    for network, trained in networks.items():
        model, settings, outcome = trained
        output = Output(folder / network, overwrite=overwrite)
        save_trained(model, outcome, language.vocabulary, source, settings, output)


def _write(output: Path, results: "Results") -> None:
    import io
    import json

    import numpy as np

    from glassgate.experiments.common import provenance
    from glassgate.experiments.demo.page import demo_page
    from glassgate.files import write_whole
    from glassgate.pages.pictures import GatePanel, gate_picture

    made = provenance(shlex.join(["glassgate", *sys.argv[1:]]))
    facts = {"command": made["command"], "seed": str(results["seed"]), **made["versions"]}
    shown = results["gates"]
    kept, reset = (np.asarray(shown[name]) for name in ("kept", "reset"))  # (T, H)
    span = np.asarray(results["memory"]["span_words"])  # (H,)
    panel = GatePanel({"kept": kept, "reset": reset}, span, "the corpus")
    picture = io.BytesIO()
    gate_picture(shown["words"], [panel], picture, "The gates of the GRU over one sentence")
    output.mkdir(parents=True, exist_ok=True)
    write_whole(output / "report.html", demo_page(results, facts).encode())
    write_whole(output / "gates.png", picture.getvalue())
    write_whole(output / "results.json", json.dumps({**made, **results}, indent=1).encode())


def _write_explorer(output: Path, networks: list[str], grammar: "Grammar") -> None:
    """Write the page in which the networks run, from their model folders."""
    from glassgate.explorer import Content, write_explorer
    from glassgate.train import load

    models = {name: load(output / MODELS / name) for name in networks}
    write_explorer(output / EXPLORER, Content(models, grammar))


def _print(results: "Results") -> None:
    from rich.console import Console
    from rich.table import Table

    from glassgate.experiments.demo.tables import overview

    content = overview(results)
    table = Table(title=None, caption=content.caption, caption_justify="left")
    for place, name in enumerate(content.columns):
        table.add_column(name, justify="left" if place == 0 else "right")
    for row in content.rows:
        table.add_row(*row)
    Console(highlight=False).print(table)
