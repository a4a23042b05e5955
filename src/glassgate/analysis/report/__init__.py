"""All that a report says of a trained model, measured over a sample of a text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from glassgate.analysis.report.gradient import Flow, measure_flow
from glassgate.analysis.report.sample import Sample, draw, readable
from glassgate.analysis.report.units import Layer, Reading, measure_layers, read
from glassgate.analysis.report.words import Surprisals, measure_surprisal
from glassgate.errors import BadInput
from glassgate.train import Loaded, load
from glassgate.train.corpus import read_text
from glassgate.train.folder import METRICS, read_history
from glassgate.train.threads import on_threads
from glassgate.train.watch import Epoch

SENTENCES = 2  # chosen from the text where the reader names none
MOST_WORDS = 100  # tokens of a sentence: more cannot be looked at

Bar: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Takes a label and a total, and gives a context of a function that says how much is done."""


@dataclass(frozen=True)
class Parameter:
    """One array of weights: its name and shape, and what its numbers are like."""

    name: str
    shape: tuple[int, ...]
    mean: float
    deviation: float
    smallest: float
    largest: float

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Report:
    """A model and what it does with a text; a part that it has no answer to is None or empty.

    Attributes
    ----------
    model, text
        The names of the folder and of the file.
    kind, network
        "language" or "classifier"; feedforward, srn, gru or lstm.
    step
        What the network reads at a step: "word" (marks are words, too) or "character".
    history
        The epochs of its training; none where the folder does not tell.
    layers
        Of a gru or lstm.
    flow
        Of a network with a state, over texts of enough words.
    surprisals
        Of a language model.
    """

    model: str
    text: str
    kind: str
    network: str
    step: str
    sample: Sample
    history: tuple[Epoch, ...]
    layers: tuple[Layer, ...]
    readings: tuple[Reading, ...]
    flow: Flow | None
    surprisals: Surprisals | None
    parameters: tuple[Parameter, ...]


def gather(
    folder: Path,
    file: Path,
    sentences: Sequence[str],
    seed: int,
    bar: Bar,
    *,
    threads: int = 1,
) -> Report:
    """Read a model folder and a text, and measure all that the report says.

    Parameters
    ----------
    folder
        What `glassgate train` wrote.
    file
        UTF-8 text.
    sentences
        What to show the gates over; chosen from the text if there are none.
    seed
        Of the sample, at least 0.
    bar
        Shows the progress of each part.
    threads
        That do the computing, 1..256.

    Raises
    ------
    BadInput
        For a folder or a file that cannot be used, and a sentence of no token or more than
        `MOST_WORDS`.
    """
    loaded, text = load(folder), read_text(file)
    for sentence in sentences:
        _check(loaded, sentence)
    measure = "accuracy" if loaded.kind == "classifier" else "perplexity"
    history = read_history(folder, measure) if (folder / METRICS).exists() else ()
    sample = draw(loaded, text, seed)
    chosen = tuple(sentences) or readable(loaded, sample, SENTENCES)
    with on_threads(threads):
        return _measured(folder, file, loaded, sample, chosen, history, bar)


def _measured(
    folder: Path,
    file: Path,
    loaded: Loaded,
    sample: Sample,
    chosen: Sequence[str],
    history: tuple[Epoch, ...],
    bar: Bar,
) -> Report:
    with bar("gates", len(sample.texts)) as done:
        layers = measure_layers(loaded, sample.texts, done)
    with bar("surprisal", len(sample.texts)) as done:
        surprisals = measure_surprisal(loaded, sample, done)
    return Report(
        model=folder.resolve().name,
        text=file.name,
        kind=loaded.kind,
        network=loaded.settings.network,
        step="character" if loaded.config.get("level") == "characters" else "word",
        sample=sample,
        history=history,
        layers=layers,
        readings=tuple(read(loaded, sentence) for sentence in chosen),
        flow=measure_flow(loaded, sample.texts, sample.seed),
        surprisals=surprisals,
        parameters=parameters(loaded),
    )


def parameters(loaded: Loaded) -> tuple[Parameter, ...]:
    """Describe every array of weights of a model, in its own order."""
    return tuple(
        Parameter(
            name,
            tuple(weight.shape),
            weight.mean().item(),
            weight.std(correction=0).item(),
            weight.min().item(),
            weight.max().item(),
        )
        for name, weight in loaded.model.named_parameters()
    )


def _check(loaded: Loaded, sentence: str) -> None:
    tokens = len(loaded.vocabulary.spans(sentence))
    if not 1 <= tokens <= MOST_WORDS:
        shown = f"{sentence[:40]}…" if len(sentence) > 40 else sentence
        raise BadInput(
            f"a sentence must have 1 to {MOST_WORDS} words and marks, or characters, got {tokens} "
            f"in {shown!r}"
        )
