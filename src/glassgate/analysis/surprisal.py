"""Surprisal of many tokens at once, in bits.

Sentences are independent of each other, so those of similar length are read as one batch. A stream
is read in stretches, and its state is carried from one to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from glassgate.nn.checks import valid_steps
from glassgate.nn.models import LanguageModel, State
from glassgate.nn.ragged import pad_ids, run_ragged
from glassgate.train.threads import Pace

MAX_TOKENS = 4096  # tokens that a network reads at once
MAX_LOGITS = 2**22  # logits that a decoder computes at once


def sentence_bits(
    model: LanguageModel,
    bos: int,
    sentences: Sequence[Sequence[int]],
    progress: Callable[[int], object] | None = None,
    pace: Pace | None = None,
) -> list[list[float]]:
    """Return the surprisal of every token of each sentence, from `<bos>` and the zero state.

    Each sentence has at least one token. `progress` is called with the number of sentences done;
    `pace` chooses the threads for each batch.
    """
    bits: list[list[float]] = [[]] * len(sentences)
    done = 0
    for batch in _batches([len(ids) for ids in sentences]):
        with _pace_piece(pace, sum(len(sentences[i]) for i in batch)):
            batch_bits = _batch_bits(model, bos, [sentences[i] for i in batch])
        for i, own in zip(batch, batch_bits, strict=True):
            bits[i] = own
        done += len(batch)
        if progress is not None:
            progress(done)
    return bits


@torch.no_grad()
def stream_bits(
    model: LanguageModel,
    before: int,
    ids: Sequence[int],
    state: State | None,
    pace: Pace | None = None,
) -> tuple[list[float], State | None]:
    """Return the surprisal of the tokens `ids` that follow the token `before`, and the last state.

    `state` is the state before `before` is read; None is the zero state. `pace` chooses the threads
    for each stretch.
    """
    tokens = torch.tensor([before, *ids])  # (T + 1,)
    bits: list[float] = []
    stretches = (torch.split(part, MAX_TOKENS) for part in (tokens[:-1], tokens[1:]))
    for inputs, targets in zip(*stretches, strict=True):
        with _pace_piece(pace, len(targets)):
            hidden, state = model.network(model.embedding(inputs[:, None]), state)  # (t, 1, H)
            bits += _target_bits(model, hidden[:, 0], targets).tolist()
    return bits, state


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
def _batch_bits(
    model: LanguageModel, bos: int, sentences: list[Sequence[int]]
) -> list[list[float]]:
    """Return the surprisal of every token of the sentences of one batch."""
    if len(sentences) == 1:  # of any length, so read in stretches
        return [stream_bits(model, bos, sentences[0], None)[0]]
    inputs, lengths = pad_ids([[bos, *ids[:-1]] for ids in sentences])  # (T, B), (B,)
    targets, _ = pad_ids(sentences)  # (T, B)
    valid = valid_steps(lengths, len(inputs))  # (T, B)
    hidden = run_ragged(model.network, model.embedding(inputs), lengths)  # (N, H)
    bits = torch.zeros(targets.shape, dtype=torch.float64)
    bits[valid] = _target_bits(model, hidden, targets[valid])
    columns = zip(bits.T.tolist(), lengths.tolist(), strict=True)
    return [column[:length] for column, length in columns]


def _target_bits(model: LanguageModel, hidden: Tensor, targets: Tensor) -> Tensor:
    """Return the surprisal of target tokens [N] given the states [N, H], [N] in float64."""
    rows = max(1, MAX_LOGITS // model.decoder.out_features)
    blocks = zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True)
    return torch.cat([_surprisal(model.decoder(states), ids) for states, ids in blocks])


def _surprisal(logits: Tensor, targets: Tensor) -> Tensor:
    """Return -log2 of the softmax of logits [N, V] at target tokens [N]; overwrites the logits.

    Only the sums [N] are float64; with float64 throughout, results differ by less than 1e-6 bits.
    """
    own = logits.gather(1, targets[:, None])[:, 0].double()  # (N,)
    largest = logits.amax(1, keepdim=True)  # (N, 1)
    total = logits.sub_(largest).exp_().sum(1)  # (N,)
    return (total.double().log() + largest[:, 0].double() - own) / math.log(2)
