"""The comments at the top of a table of `glassgate score`: what its columns are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import glassgate
from glassgate.analysis.intervals import join_names
from glassgate.analysis.items import REGION, Items
from glassgate.analysis.score_table import Layout
from glassgate.train import Loaded


def describe(
    models: Mapping[str, Loaded],
    files: Mapping[str, Items],
    layout: Layout,
    corpora: Sequence[str],
) -> list[str]:
    """Describe what the values of a table are conditioned on, and every column that needs it."""
    return [
        f"glassgate score {glassgate.__version__}: {_scored_by(models, files)}",
        *_conditioned_on(list(models.values())),
        *_columns(next(iter(models.values())), layout, corpora),
        *_of_files(files.values(), layout),
    ]


def _scored_by(models: Mapping[str, Loaded], files: Mapping[str, Items]) -> str:
    loaded = next(iter(models.values()))
    kind = "sentences" if loaded.config.get("by_sentence") else "a stream"
    reads = f"of {kind} of {loaded.config.get('level', 'words')}"
    data = _each(model.config.get("data") for model in models.values())
    learned = f" trained on {join_names(data)}" if data else ""
    networks = _each(model.settings.network for model in models.values())
    if len(models) == 1:
        scored = f"{next(iter(models))}, a {networks[0]}"
    else:
        scored = f"{join_names(models)}, {len(models)} networks ({join_names(networks)})"
    return f"{join_names(files)}, scored by {scored} {reads}{learned}"


def _each(values: Iterable[str | None]) -> list[str]:
    """Return each value once, in order."""
    return list(dict.fromkeys(value for value in values if value))


def _conditioned_on(models: Sequence[Loaded]) -> Iterator[str]:
    remembers = any(loaded.settings.network != "feedforward" for loaded in models)
    level = models[0].config.get("level", "words")
    if models[0].config.get("by_sentence"):
        whole = "line"
        end = "<eos>, the end of a line, has its own row"
    else:
        whole = "text"
        carried = "the state is carried across lines; " if remembers else ""
        end = f"{carried}the model has no token for the end of a sentence, and the table no row"
    given = f"<bos>, the tokens before it in its {whole}" if remembers else "the token before it"
    start = "<bos> and the zero state" if remembers else "<bos>"
    yield (
        f"surprisal: in bits, -log2 P(token | {given}); the first token of a {whole} is scored "
        f"given {start}"
    )
    yield end
    yield (
        f"unknown: 1 if the model read <unk>, which stands for every {level[:-1]} that is not in "
        "its vocabulary"
    )


def _columns(loaded: Loaded, layout: Layout, corpora: Sequence[str]) -> Iterator[str]:
    if layout.words:
        by_character = loaded.config.get("level") == "characters"
        space = ", including the space after it" if by_character else ""
        yield (
            f"words are separated by spaces; the surprisal of one is the sum over its pieces{space}"
        )
    thing = "word" if layout.words else "token"
    yield (
        f"entropy: in bits, of the next token before the {thing}; entropy_reduction: max(0, that "
        f"less the one after the {thing}), 0 being that after <eos> (Hale 2006; one token ahead)"
    )
    several = ", of the piece with letters or digits if there is one such" if layout.words else ""
    yield f"rank: 1 + the number of tokens that were more probable{several}"
    if layout.frequencies is not None:
        yield (
            f"log_frequency: log2 of the occurrences among a million tokens of "
            f"{join_names(corpora)}; empty if there is none"
        )
    if layout.models > 1:
        yield (
            "values are means over models; _low and _high: their 95% interval (Student's t); "
            "unknown: 1 if any model read <unk>"
        )
    if layout.previous:
        yield f"previous_1_...: the {thing} before in the same sentence; empty at its start"


def _of_files(files: Iterable[Items], layout: Layout) -> Iterator[str]:
    renamed = [f"{old!r} is {new!r}" for old, new in (layout.further or {}).items() if old != new]
    if renamed:
        yield f"columns of the file that are called like one of the table: {join_names(renamed)}"
    if any(items.named(REGION) for items in files):
        yield "the regions of a sentence are joined before it is scored; <eos> is in none of them"
