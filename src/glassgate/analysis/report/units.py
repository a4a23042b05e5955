"""What the units of a model do: means over a sample, and every step of a few sentences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glassgate.analysis.prediction import read_ids
from glassgate.formulation import Array
from glassgate.gates import Gates, kept_share, memory_span
from glassgate.inside.connections import connectivity
from glassgate.inside.memory import Memory
from glassgate.inside.regulation import Amounts, Regulation
from glassgate.inside.saturation import Saturation, saturation
from glassgate.inside.trace import trace
from glassgate.inside.trace.states import LSTMGates, arrays
from glassgate.nn import Feedforward
from glassgate.nn.models import Classifier
from glassgate.nn.ragged import last_outputs, pad_ids
from glassgate.train import Loaded

BATCH = 25  # sequences read at once
GATES = {"gru": ("kept", "reset"), "lstm": ("kept", "input", "output")}
"""The gates that a report shows of each kind of network. Kept stands for update and forget."""


LISTED = 12  # words, the commonest
OTHER = -1  # no word's id


@dataclass(frozen=True, eq=False)
class Layer:
    """The units of one layer, over every step of a sample; `<bos>` is one of them."""

    memory: Memory
    saturation: Mapping[str, Saturation]  # by the names in GATES
    regulated: Regulated | None  # of a gru


@dataclass(frozen=True, eq=False)
class Reading:
    """One text, and what every unit did at each of its T words, or characters.

    Attributes
    ----------
    words
        As the text spells them, `<bos>` first in a language model.
    unknown
        Those that the model reads as `<unk>`.
    layers
        For each layer arrays [T, H] by name: those in `GATES`; of a network without gates `hidden`.
        Of a feedforward network the last layer alone.
    outputs
        What the rows of the connectivity are of: every word but the first, or the classes.
    connectivity
        How the logit of each output hangs on each word read before it, [T - 1, T - 1]; or on each
        word, [C, T]. None of a single word.
    """

    words: tuple[str, ...]
    unknown: tuple[str, ...]
    layers: tuple[Mapping[str, Array], ...]
    outputs: tuple[str, ...]
    connectivity: Array | None


def measure_layers(
    loaded: Loaded, texts: Sequence[str], done: Callable[[int], None]
) -> tuple[Layer, ...]:
    """Measure the units of every layer over texts; none of a network without gates.

    `done` is told how many texts have been read.
    """
    names = GATES.get(loaded.settings.network)
    if names is None:
        return ()
    sums: list[dict[str, Array]] = [
        defaultdict(lambda: np.zeros(loaded.settings.hidden_size))
        for _ in range(loaded.settings.layers)
    ]
    network: Any = loaded.model.network
    words, steps = common(loaded, texts), 0
    amounts: list[list[dict[int, Amounts]]] = [[] for _ in sums]
    for start in range(0, len(texts), BATCH):
        chunk = texts[start : start + BATCH]
        embedded, tokens, lengths = _embedded(loaded, chunk)
        here = int(lengths.sum())
        traced = trace(network, embedded, None, lengths)
        for of, parts, gates in zip(sums, amounts, traced, strict=True):
            assert isinstance(gates, Gates | LSTMGates)
            if isinstance(gates, Gates):
                parts.append(by_word(gates, tokens.numpy(), lengths.numpy(), words))
            of["share"] += here * kept_share(gates.kept, lengths)
            for name, found in saturation(gates, lengths).items():
                of[f"{name} left"] += here * found.left
                of[f"{name} right"] += here * found.right
        steps += here
        done(start + len(chunk))
    return tuple(
        _layer({name: total / steps for name, total in of.items()}, names, regulated(parts, words))
        for of, parts in zip(sums, amounts, strict=True)
    )


def read(loaded: Loaded, text: str) -> Reading:
    """Read a text from zero state, and write down what every unit does."""
    spelled = loaded.vocabulary.words(text)
    ids = read_ids(loaded, text)
    marks = loaded.vocabulary.tokens(ids[: len(ids) - len(spelled)])  # `<bos>`, or nothing
    words = (*marks, *spelled)
    connected, outputs = None, words[1:]
    if isinstance(loaded.model, Classifier):
        connected, outputs = _of_classes(loaded.model, ids), loaded.classes
    elif len(ids) > 1:
        connected = connectivity(loaded.model, ids[:-1], ids[1:])
    embedded, _, _ = _embedded(loaded, [text])
    return Reading(
        words,
        tuple(loaded.vocabulary.unknown(text)),
        _layers(loaded, embedded),
        outputs,
        connected,
    )


def _of_classes(model: Classifier, ids: Sequence[int]) -> Array:
    """Return how the logit of each class hangs on each word, as `connectivity` says it, [C, T]."""
    classes = model.readout.out_features
    copies = model.embedding(torch.tensor(ids))[:, None].expand(-1, classes, -1)  # (T, C, I)
    embedded = copies.detach().requires_grad_()
    last = last_outputs(model.network, embedded, torch.full((classes,), len(ids)))  # (C, H)
    logits = model.readout(last).diagonal()  # (C,): of copy c, the logit of class c
    (gradient,) = torch.autograd.grad(logits.sum(), embedded)  # (T, C, I)
    connected: Array = gradient.norm(dim=-1).t().numpy()
    return connected


@torch.no_grad()
def _embedded(loaded: Loaded, texts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the network reads, [T, B, I], the ids of that, [T, B], and the lengths [B]."""
    tokens, lengths = pad_ids([read_ids(loaded, text) for text in texts])
    return loaded.model.embedding(tokens), tokens, lengths


def _layer(means: Mapping[str, Array], names: Sequence[str], amounts: Regulated | None) -> Layer:
    share = np.clip(means["share"], 0, 1)
    return Layer(
        Memory(share, memory_span(share)),
        {name: Saturation(means[f"{name} left"], means[f"{name} right"]) for name in names},
        amounts,
    )


@torch.no_grad()
def _layers(loaded: Loaded, embedded: Tensor) -> tuple[dict[str, Array], ...]:
    """Return the arrays [T, H] of each layer over one text."""
    network: Any = loaded.model.network
    if isinstance(network, Feedforward):
        return ({"hidden": network(embedded)[0][:, 0].numpy()},)
    names = GATES.get(loaded.settings.network, ("hidden",))
    return tuple(
        {name: arrays(layer)[name][:, 0] for name in names} for layer in trace(network, embedded)
    )


@dataclass(frozen=True, eq=False)
class Regulated:
    """Passed, blended and dropped of one layer's units, means over steps.

    Attributes
    ----------
    amounts
        Over every step of the sample; `<bos>` is one of them.
    words
        Over the steps that read a word, by that word, the commonest first; without `<bos>` and
        `<unk>`.
    """

    amounts: Amounts
    words: Mapping[str, Amounts]


def common(loaded: Loaded, texts: Sequence[str]) -> dict[int, str]:
    """Give the commonest words, or characters, of texts by their ids, `LISTED` at most."""
    vocabulary = loaded.vocabulary
    read = Counter(i for text in texts for i in vocabulary.encode(text) if i != vocabulary.unk)
    ids = [i for i, _ in read.most_common(LISTED)]
    return dict(zip(ids, vocabulary.tokens(ids), strict=True))


def by_word(
    gates: Gates, tokens: NDArray[np.int64], lengths: NDArray[np.int64], words: Mapping[int, str]
) -> dict[int, Amounts]:
    """Give the amounts of one batch by the ids of some words, and for all others by `OTHER`.

    `tokens` are the ids that were read, [T, B], `lengths` how many of each sequence, [B].
    """
    ids = np.where(np.isin(tokens, list(words)), tokens, OTHER)
    found = Regulation.of(gates).by_class(ids, lengths)
    return {i: found[i] for i in (OTHER, *words) if i in found}


def regulated(parts: Sequence[Mapping[int, Amounts]], words: Mapping[int, str]) -> Regulated | None:
    """Put batches together, as `by_word` gives them; None if there are none."""
    if not parts:
        return None
    return Regulated(
        _together([amounts for part in parts for amounts in part.values()]),
        {word: _together([part[i] for part in parts if i in part]) for i, word in words.items()},
    )


def _together(parts: Sequence[Amounts]) -> Amounts:
    """Average over all steps of some parts."""
    steps = [part.steps for part in parts]
    passed, blended, dropped = (
        np.average([part[amount] for part in parts], axis=0, weights=steps) for amount in range(3)
    )
    return Amounts(passed, blended, dropped, sum(steps))
