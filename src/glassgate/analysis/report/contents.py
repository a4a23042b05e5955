"""Everything that a report says of a trained model, measured over a sample of a text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from glassgate.analysis.report.followers import ColouredUnits, colour_units
from glassgate.analysis.report.gradient import Flow, measure_flow
from glassgate.analysis.report.sample import Sample, choose_sentences, draw_sample
from glassgate.analysis.report.similarity import Similarity, measure_similarity
from glassgate.analysis.report.steps import sample_steps
from glassgate.analysis.report.units import (
    Layer,
    Reading,
    Regulated,
    average_layers,
    measure_layers,
    read,
)
from glassgate.analysis.report.words import Surprisals, measure_surprisal
from glassgate.errors import BadInput
from glassgate.train.corpus import read_text
from glassgate.train.folder import METRICS, read_history
from glassgate.train.model import Loaded, load
from glassgate.train.threads import on_threads
from glassgate.train.watch import Epoch

SENTENCES = 2  # chosen from the text if the user names none
MAX_TOKENS = 100  # of a sentence shown token by token

Bar: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""A progress bar: takes a label and a total, and yields a function that sets what is done."""


@dataclass(frozen=True)
class Parameter:
    """One array of weights: its name and shape, and statistics of its numbers."""

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
    """A model and what it does with a text; a part that does not apply to it is None or empty.

    Attributes
    ----------
    model, text
        The names of the folder and of the file.
    kind, network
        "language" or "classifier"; feedforward, srn, gru or lstm.
    step
        What the network reads at each step: "word" (punctuation marks count as words) or
        "character".
    sample
        The part of the text that was measured.
    history
        The epochs of its training; empty if the folder has no record of them.
    layers
        Of a gru or lstm.
    readings
        What every unit does in a few sentences.
    coloured
        Single units that follow something, along these sentences and texts of the sample.
    similarity
        Which words are treated alike; None if the sample is too small.
    flow
        Of a network with a state, if the text has long enough sequences.
    surprisals
        Of a language model.
    parameters
        Every array of weights.
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
    coloured: ColouredUnits
    similarity: Similarity | None
    flow: Flow | None
    surprisals: Surprisals | None
    parameters: tuple[Parameter, ...]

    @property
    def size(self) -> int:
        """The number of parameters."""
        return sum(parameter.size for parameter in self.parameters)

    @property
    def best_epoch(self) -> Epoch:
        """The epoch with the lowest held-out loss, whose weights the model has."""
        return min(self.history, key=lambda epoch: epoch.valid_loss)

    @property
    def mean_regulation(self) -> Regulated | None:
        """Up- and down-regulation averaged over the units of all layers; None but for a gru."""
        layers = [layer.regulated for layer in self.layers if layer.regulated]
        return average_layers(layers) if layers else None


def gather(
    folder: Path,
    file: Path,
    sentences: Sequence[str],
    seed: int,
    bar: Bar,
    *,
    threads: int = 1,
) -> Report:
    """Read a model folder and a text, and measure everything that the report says.

    Parameters
    ----------
    folder
        What `glassgate train` wrote.
    file
        UTF-8 text.
    sentences
        Shown word by word; chosen from the text if there are none.
    seed
        Of the sample, at least 0.
    bar
        Shows the progress of each part.
    threads
        For computing, 1..256.

    Raises
    ------
    BadInput
        When the folder or the file cannot be used, or a sentence has no token or more than
        `MAX_TOKENS`.
    """
    loaded, text = load(folder), read_text(file)
    for sentence in sentences:
        _check_length(loaded, sentence)
    measure = "accuracy" if loaded.kind == "classifier" else "perplexity"
    history = read_history(folder, measure) if (folder / METRICS).exists() else ()
    sample = draw_sample(loaded, text, seed)
    chosen = tuple(sentences) or choose_sentences(loaded, sample, SENTENCES)
    with on_threads(threads):
        return _measure(folder, file, loaded, sample, chosen, history, bar)


def _measure(
    folder: Path,
    file: Path,
    loaded: Loaded,
    sample: Sample,
    sentences: Sequence[str],
    history: tuple[Epoch, ...],
    bar: Bar,
) -> Report:
    with bar("gates", len(sample.texts)) as done:
        layers = measure_layers(loaded, sample.texts, done)
    with bar("surprisal", len(sample.texts)) as done:
        surprisals = measure_surprisal(loaded, sample, done)
    steps, memories = sample_steps(loaded, sample), [layer.memory for layer in layers]
    return Report(
        model=folder.resolve().name,
        text=file.name,
        kind=loaded.kind,
        network=loaded.settings.network,
        step="character" if loaded.config.get("level") == "characters" else "word",
        sample=sample,
        history=history,
        layers=layers,
        readings=tuple(read(loaded, sentence) for sentence in sentences),
        coloured=colour_units(loaded, sample, steps, memories, sentences),
        similarity=measure_similarity(loaded, steps, sample.seed),
        flow=measure_flow(loaded, sample.texts, sample.seed),
        surprisals=surprisals,
        parameters=describe_parameters(loaded),
    )


def describe_parameters(loaded: Loaded) -> tuple[Parameter, ...]:
    """Return statistics of every array of weights, in the model's own order."""
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


def _check_length(loaded: Loaded, sentence: str) -> None:
    tokens = len(loaded.vocabulary.spans(sentence))
    if not 1 <= tokens <= MAX_TOKENS:
        quoted = f"{sentence[:40]}…" if len(sentence) > 40 else sentence
        raise BadInput(f"a sentence must have 1 to {MAX_TOKENS} tokens, got {tokens} in {quoted!r}")
