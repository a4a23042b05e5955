"""What a language model makes of many tokens at once: surprisal, entropy and rank.

Sentences are independent of each other, so those of similar length are read as one batch. A stream
is read in stretches, and its state is carried from one to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from glassgate.nn.checks import valid_steps
from glassgate.nn.models import LanguageModel, State
from glassgate.nn.ragged import pad_ids, run_ragged
from glassgate.train.threads import Pace

MAX_TOKENS = 4096  # tokens that a network reads at once
MAX_LOGITS = 2**22  # logits that a decoder computes at once


class Predicted(NamedTuple):
    """A token, and the distribution that predicted it."""

    bits: float  # surprisal: -log2 of its probability
    entropy: float  # of the distribution, in bits
    rank: int  # 1 + the number of tokens that were more probable


def predict_sentences(
    model: LanguageModel,
    bos: int,
    sentences: Sequence[Sequence[int]],
    progress: Callable[[int], object] | None = None,
    pace: Pace | None = None,
) -> list[list[Predicted]]:
    """Predict every token of each sentence, from `<bos>` and the zero state.

    Each sentence has at least one token. `progress` is called with the number of sentences done;
    `pace` chooses the threads for each batch.
    """
    predicted: list[list[Predicted]] = [[]] * len(sentences)
    done = 0
    for batch in _batches([len(ids) for ids in sentences]):
        with _pace_piece(pace, sum(len(sentences[i]) for i in batch)):
            of_batch = _predict_batch(model, bos, [sentences[i] for i in batch])
        for i, own in zip(batch, of_batch, strict=True):
            predicted[i] = own
        done += len(batch)
        if progress is not None:
            progress(done)
    return predicted


@torch.no_grad()
def predict_stream(
    model: LanguageModel,
    before: int,
    ids: Sequence[int],
    state: State | None,
    pace: Pace | None = None,
) -> tuple[list[Predicted], State | None]:
    """Predict the tokens `ids` that follow the token `before`; return the last state as well.

    `state` is the state before `before` is read; None is the zero state. `pace` chooses the threads
    for each stretch.
    """
    tokens = torch.tensor([before, *ids])  # (T + 1,)
    predicted: list[Predicted] = []
    stretches = (torch.split(part, MAX_TOKENS) for part in (tokens[:-1], tokens[1:]))
    for inputs, targets in zip(*stretches, strict=True):
        with _pace_piece(pace, len(targets)):
            hidden, state = model.network(model.embedding(inputs[:, None]), state)  # (t, 1, H)
            predicted += _to_list(_measure_targets(model, hidden[:, 0], targets))
    return predicted, state


@torch.no_grad()
def next_entropy(model: LanguageModel, before: int, state: State | None) -> float:
    """Return the entropy in bits of what follows the token `before`, read in `state`."""
    hidden, _ = model.network(model.embedding(torch.tensor([[before]])), state)  # (1, 1, H)
    ((_, entropy, _),) = _to_list(_measure_targets(model, hidden[:, 0], torch.tensor([before])))
    return entropy


def _pace_piece(pace: Pace | None, tokens: int) -> AbstractContextManager[None]:
    return nullcontext() if pace is None else pace.piece(tokens)


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Yield the indices of sentences of similar length, at most `MAX_TOKENS` tokens when padded."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[i] * (len(batch) + 1) > MAX_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


@torch.no_grad()
def _predict_batch(
    model: LanguageModel, bos: int, sentences: list[Sequence[int]]
) -> list[list[Predicted]]:
    """Predict every token of the sentences of one batch."""
    if len(sentences) == 1:  # of any length, so read in stretches
        return [predict_stream(model, bos, sentences[0], None)[0]]
    inputs, lengths = pad_ids([[bos, *ids[:-1]] for ids in sentences])  # (T, B), (B,)
    targets, _ = pad_ids(sentences)  # (T, B)
    valid = valid_steps(lengths, len(inputs))  # (T, B)
    hidden = run_ragged(model.network, model.embedding(inputs), lengths)  # (N, H)
    measures = torch.zeros((*targets.shape, 3), dtype=torch.float64)  # (T, B, 3)
    measures[valid] = _measure_targets(model, hidden, targets[valid])
    columns = zip(measures.transpose(0, 1), lengths.tolist(), strict=True)
    return [_to_list(column[:length]) for column, length in columns]


def _to_list(measures: Tensor) -> list[Predicted]:
    """Return measures [N, 3] as `_measure` gives them, as a list of N."""
    return [Predicted(bits, entropy, int(rank)) for bits, entropy, rank in measures.tolist()]


def _measure_targets(model: LanguageModel, hidden: Tensor, targets: Tensor) -> Tensor:
    """Return the measures [N, 3] of target tokens [N] given the states [N, H], in float64."""
    rows = max(1, MAX_LOGITS // model.decoder.out_features)
    blocks = zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True)
    return torch.cat([_measure(model.decoder(states), ids) for states, ids in blocks])


def _measure(logits: Tensor, targets: Tensor) -> Tensor:
    """Return surprisal, entropy and rank [N, 3] of target tokens [N]; overwrites the logits [N, V].

    With s the logits less the largest one and Z the sum of exp(s), the surprisal is log Z - s of
    the token, and the entropy log Z - sum(s exp(s)) / Z, both in bits. Only the sums are float64;
    with float64 throughout, results differ by less than 2e-6 bits.
    """
    own = logits.gather(1, targets[:, None])  # (N, 1)
    rank = 1 + (logits > own).sum(1)  # (N,)
    largest = logits.amax(1, keepdim=True)  # (N, 1)
    shifted = logits.sub_(largest)  # (N, V)
    weights = shifted.exp()  # (N, V)
    total = weights.sum(1).double()  # (N,)
    mean = weights.mul_(shifted).sum(1).double() / total  # (N,) of s
    surprisal = total.log() + largest[:, 0].double() - own[:, 0].double()
    entropy = total.log() - mean
    return torch.stack((surprisal / math.log(2), entropy / math.log(2), rank.double()), 1)
