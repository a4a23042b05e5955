"""The units that count: found by tracing, then held, and moved to another count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glassgate.nn.models import LanguageModel
from glassgate.nn.ragged import pad_ids
from glassgate.reproductions.counting.words import B_LETTER, Language, needed

States = tuple[Tensor, ...]
"""The parts of a state, each [1, B, H]: of an LSTM the output and the cell, else the output."""


LINEAR = 0.99  # correlation with the count, from which on a unit's state is linear in it


class Counters(NamedTuple):
    """The units that count, and which of them counts most.

    `units` are those whose state is linear in the number of a; where none is, the one that is
    closest. `correlation` is the largest, |r| from 0 to 1. `best` is the unit of `units` that
    moves the count by itself the most, and `moved` by how much (see `moved_count`).
    """

    units: list[int]
    correlation: float
    best: int
    moved: float


def trace_states(model: LanguageModel, symbols: Sequence[int]) -> Tensor:
    """Return the state after each symbol of one word, [T, H]: of an LSTM its cell."""
    states, values = None, []
    for symbol in symbols:
        states, _ = _step(model, torch.tensor([symbol]), states)
        values.append(states[-1][0, 0])
    return torch.stack(values)


def find_counters(model: LanguageModel, language: Language) -> Counters:
    """Find the units whose state is linear in the number of a read so far, and the best of them."""
    values = trace_states(model, language.word(language.trained)[: language.trained + 1])
    counts = np.arange(1, language.trained + 1)
    correlations = [_correlation(counts, column) for column in values[1:].double().numpy().T]
    units = [unit for unit, r in enumerate(correlations) if r >= LINEAR]
    units = units or [int(np.argmax(correlations))]
    alone = {unit: moved_count(model, language, [unit]) for unit in units}
    best = max(alone, key=alone.__getitem__)
    return Counters(units, max(correlations), best, alone[best])


def _correlation(counts: NDArray[np.int64], values: NDArray[np.float64]) -> float:
    """Return |r|; 0 where the state stays the same."""
    return float(abs(np.corrcoef(counts, values)[0, 1])) if np.ptp(values) > 0 else 0.0


def accepted_held(model: LanguageModel, language: Language, units: Sequence[int]) -> float:
    """Return the share of the training words that are counted exactly while units are held.

    From the first a on they have the states that they had after half of the longest word's a.
    """
    half = language.word(language.trained)[: language.trained // 2 + 1]
    parts = _read(model, half)
    held = {unit: [part[0, 0, unit] for part in parts] for unit in units}
    words = language.words(most=language.trained)
    inputs, lengths = pad_ids([word[:-1] for word in words])  # (T, B)
    targets, _ = pad_ids([word[1:] for word in words])
    taken, states = torch.ones(len(words), dtype=torch.bool), None
    for step, (symbols, due) in enumerate(zip(inputs, targets, strict=True)):
        states, probabilities = _step(model, symbols, states, held if step else {})
        right = probabilities.gather(-1, due[:, None])[:, 0]
        taken &= (right > needed(symbols, language, sure=True)) | (step >= lengths)
    return float(taken.float().mean())


def moved_count(model: LanguageModel, language: Language, units: Sequence[int]) -> float:
    """Return by how much of a difference in counts the b move, if units get another count's state.

    After n a the units get the state that they have after m: a network that counts with them now
    expects m b, and 1 is returned; 0 if it still expects n. The mean over four pairs n, m, a
    quarter of the longest training word apart.
    """
    quarter = language.trained // 4
    pairs = [(1, 2), (2, 3), (2, 1), (3, 2)]  # quarters
    states = {n: _read(model, language.word(n * quarter)[: n * quarter + 1]) for n in (1, 2, 3)}
    shares = []
    for n, m in pairs:
        mixed = tuple(part.clone() for part in states[n])
        for part, other in zip(mixed, states[m], strict=True):
            part[..., list(units)] = other[..., list(units)]
        ends = [_expected(model, language, state) for state in (mixed, states[n])]
        shares.append((ends[0] - ends[1]) / ((m - n) * quarter))
    return float(np.mean(shares))


def _expected(model: LanguageModel, language: Language, states: States) -> int:
    """Return how many b are read until what follows them is likelier than another b."""
    limit = 2 * language.trained
    for count in range(1, limit + 1):
        states, probabilities = _step(model, torch.tensor([B_LETTER]), states)
        if probabilities[0, B_LETTER + 1] > probabilities[0, B_LETTER]:
            return count
    return limit


def _read(model: LanguageModel, symbols: Sequence[int]) -> States:
    """Return the state after the last of some symbols."""
    states = None
    for symbol in symbols:
        states, _ = _step(model, torch.tensor([symbol]), states)
    assert states is not None
    return states


def _step(
    model: LanguageModel,
    symbols: Tensor,
    states: States | None,
    held: Mapping[int, Sequence[Tensor]] | None = None,
) -> tuple[States, Tensor]:
    """Read a symbol [B]; return the states, with units held, and the next one's probabilities."""
    whole = states if states is None or len(states) > 1 else states[0]
    with torch.no_grad():
        _, state = model.network(model.embedding(symbols)[None], whole)
        parts: States = state if isinstance(state, tuple) else (state,)
        for unit, values in (held or {}).items():
            for part, value in zip(parts, values, strict=True):
                part[..., unit] = value
        return parts, model.decoder(parts[0][0]).softmax(-1)  # (1, B, H), (B, V)
