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

BATCH_SIZE = 25  # sequences read at once
GATES = {"gru": ("kept", "reset"), "lstm": ("kept", "input", "output")}
"""The gates that a report shows of each network; kept stands for the update or forget gate."""
MAX_LISTED = 12  # words, the most common ones
OTHER = -1  # stands for all other words; no word has this id


@dataclass(frozen=True, eq=False)
class Regulated:
    """How much of the previous state is passed, blended and dropped, as means over steps.

    Attributes
    ----------
    amounts
        Over every step of the sample, `<bos>` included.
    words
        Over the steps that read a word, by that word, the most common first; without `<bos>` and
        `<unk>`.
    """

    amounts: Amounts
    words: Mapping[str, Amounts]


@dataclass(frozen=True, eq=False)
class Layer:
    """The units of one layer, measured over every step of a sample, `<bos>` included."""

    memory: Memory
    saturation: Mapping[str, Saturation]  # by the names in GATES
    regulated: Regulated | None  # of a gru


@dataclass(frozen=True, eq=False)
class Reading:
    """One text, and what every unit did at each of its T words or characters.

    Attributes
    ----------
    words
        As the text spells them; in a language model `<bos>` comes first.
    unknown
        Words that the model reads as `<unk>`.
    layers
        For each layer arrays [T, H] by name: those in `GATES`, or `hidden` for a network without
        gates. A feedforward network has its last layer alone.
    outputs
        The rows of `connectivity`: every word but the first, or the classes.
    connectivity
        How strongly the logit of each output depends on each word read before it, [T - 1, T - 1];
        for a classifier on each word, [C, T]. None if a language model reads a single token.
    """

    words: tuple[str, ...]
    unknown: tuple[str, ...]
    layers: tuple[Mapping[str, Array], ...]
    outputs: tuple[str, ...]
    connectivity: Array | None


# Means over a sample ------------------------------------------------------------------------------


def measure_layers(
    loaded: Loaded, texts: Sequence[str], done: Callable[[int], None]
) -> tuple[Layer, ...]:
    """Measure the units of every layer over texts; empty for a network without gates.

    `done` is called with the number of texts read so far.
    """
    gate_names = GATES.get(loaded.settings.network)
    if gate_names is None:
        return ()
    network: Any = loaded.model.network
    sums: list[dict[str, Array]] = [
        defaultdict(lambda: np.zeros(loaded.settings.hidden_size))
        for _ in range(loaded.settings.layers)
    ]
    amounts: list[list[dict[int, Amounts]]] = [[] for _ in sums]  # by layer and batch
    words, steps = commonest_words(loaded, texts), 0
    for start in range(0, len(texts), BATCH_SIZE):
        batch = texts[start : start + BATCH_SIZE]
        embedded, tokens, lengths = _embed(loaded, batch)
        batch_steps = int(lengths.sum())
        traced = trace(network, embedded, None, lengths)
        for layer_sums, layer_amounts, gates in zip(sums, amounts, traced, strict=True):
            assert isinstance(gates, Gates | LSTMGates)
            if isinstance(gates, Gates):
                layer_amounts.append(amounts_by_word(gates, tokens.numpy(), lengths.numpy(), words))
            layer_sums["share"] += batch_steps * kept_share(gates.kept, lengths)
            for name, shares in saturation(gates, lengths).items():
                layer_sums[f"{name} left"] += batch_steps * shares.left
                layer_sums[f"{name} right"] += batch_steps * shares.right
        steps += batch_steps
        done(start + len(batch))
    return tuple(
        _layer_of_means(
            {name: total / steps for name, total in layer_sums.items()},
            gate_names,
            pool_batches(layer_amounts, words),
        )
        for layer_sums, layer_amounts in zip(sums, amounts, strict=True)
    )


def _layer_of_means(
    means: Mapping[str, Array], gate_names: Sequence[str], regulated: Regulated | None
) -> Layer:
    share = np.clip(means["share"], 0, 1)
    return Layer(
        Memory(share, memory_span(share)),
        {name: Saturation(means[f"{name} left"], means[f"{name} right"]) for name in gate_names},
        regulated,
    )


def commonest_words(loaded: Loaded, texts: Sequence[str]) -> dict[int, str]:
    """Return the most common words or characters of texts by id, at most `MAX_LISTED`."""
    vocabulary = loaded.vocabulary
    counts = Counter(i for text in texts for i in vocabulary.encode(text) if i != vocabulary.unk)
    ids = [i for i, _ in counts.most_common(MAX_LISTED)]
    return dict(zip(ids, vocabulary.tokens(ids), strict=True))


def amounts_by_word(
    gates: Gates, tokens: NDArray[np.int64], lengths: NDArray[np.int64], words: Mapping[int, str]
) -> dict[int, Amounts]:
    """Return the amounts of one batch by word id, with `OTHER` for all words that are not listed.

    `tokens` are the ids that were read, [T, B], and `lengths` how many of each sequence, [B].
    """
    ids = np.where(np.isin(tokens, list(words)), tokens, OTHER)
    amounts = Regulation.of(gates).by_class(ids, lengths)
    return {i: amounts[i] for i in (OTHER, *words) if i in amounts}


def pool_batches(
    batches: Sequence[Mapping[int, Amounts]], words: Mapping[int, str]
) -> Regulated | None:
    """Average the amounts of batches, as `amounts_by_word` returns them; None if there are none."""
    if not batches:
        return None
    return Regulated(
        _average_steps([amounts for batch in batches for amounts in batch.values()]),
        {
            word: _average_steps([batch[i] for batch in batches if i in batch])
            for i, word in words.items()
        },
    )


def _average_steps(parts: Sequence[Amounts]) -> Amounts:
    """Average over all steps of several parts, each weighted by its number of steps."""
    steps = [part.steps for part in parts]
    passed, blended, dropped = (
        np.average([part[amount] for part in parts], axis=0, weights=steps) for amount in range(3)
    )
    return Amounts(passed, blended, dropped, sum(steps))


def average_layers(layers: Sequence[Regulated]) -> Regulated:
    """Average each amount over the units of all layers, which have the same number of units."""
    return Regulated(
        _average_units([layer.amounts for layer in layers]),
        {word: _average_units([layer.words[word] for layer in layers]) for word in layers[0].words},
    )


def _average_units(layers: Sequence[Amounts]) -> Amounts:
    passed, blended, dropped = np.mean([layer[:3] for layer in layers], axis=(0, 2))
    return Amounts(passed, blended, dropped, layers[0].steps)


# Every step of a sentence -------------------------------------------------------------------------


def read(loaded: Loaded, text: str) -> Reading:
    """Read a text from the zero state and record what every unit does."""
    spelled = loaded.vocabulary.words(text)
    ids = read_ids(loaded, text)
    bos = loaded.vocabulary.tokens(ids[: len(ids) - len(spelled)])  # empty for a classifier
    words = (*bos, *spelled)
    connected, outputs = None, words[1:]
    if isinstance(loaded.model, Classifier):
        connected, outputs = _class_connectivity(loaded.model, ids), loaded.classes
    elif len(ids) > 1:
        connected = connectivity(loaded.model, ids[:-1], ids[1:])
    embedded, _, _ = _embed(loaded, [text])
    return Reading(
        words=words,
        unknown=tuple(loaded.vocabulary.unknown(text)),
        layers=_unit_values(loaded, embedded),
        outputs=outputs,
        connectivity=connected,
    )


def _class_connectivity(model: Classifier, ids: Sequence[int]) -> Array:
    """Return the connectivity of the logit of each class to each word, [C, T]."""
    classes = model.readout.out_features
    copies = model.embedding(torch.tensor(ids))[:, None].expand(-1, classes, -1)  # (T, C, I)
    embedded = copies.detach().requires_grad_()
    last = last_outputs(model.network, embedded, torch.full((classes,), len(ids)))  # (C, H)
    logits = model.readout(last).diagonal()  # (C,): of copy c, the logit of class c
    (gradient,) = torch.autograd.grad(logits.sum(), embedded)  # (T, C, I)
    connected: Array = gradient.norm(dim=-1).t().numpy()
    return connected


@torch.no_grad()
def _embed(loaded: Loaded, texts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the network's input [T, B, I], the ids it embeds [T, B], and the lengths [B]."""
    tokens, lengths = pad_ids([read_ids(loaded, text) for text in texts])
    return loaded.model.embedding(tokens), tokens, lengths


@torch.no_grad()
def _unit_values(loaded: Loaded, embedded: Tensor) -> tuple[dict[str, Array], ...]:
    """Return the gates, or the state, of each layer over one text, arrays [T, H] by name."""
    network: Any = loaded.model.network
    if isinstance(network, Feedforward):
        return ({"hidden": network(embedded)[0][:, 0].numpy()},)
    names = GATES.get(loaded.settings.network, ("hidden",))
    return tuple(
        {name: arrays(layer)[name][:, 0] for name in names} for layer in trace(network, embedded)
    )
