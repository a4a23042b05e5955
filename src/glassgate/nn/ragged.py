"""Batches of sequences of different lengths, run with little or no work on padding.

A GRU skips the padding itself. PyTorch's networks run in groups of similar length: each group is
padded to its longest sequence, and outputs in the padding are discarded.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glassgate.nn.checks import valid_steps
from glassgate.nn.gru import GRU

NUM_GROUPS = 4  # the shorter half, the shorter half of the rest, and so on


def pad_ids(
    sequences: Sequence[Sequence[int] | NDArray[np.integer]], fill: int = 0
) -> tuple[Tensor, Tensor]:
    """Pad sequences of ids at the end to form one batch, one column per sequence.

    Parameters
    ----------
    sequences
        B sequences of any length, at least one.
    fill
        The id in the padding.

    Returns
    -------
    ids
        int64, [T, B], T the longest length.
    lengths
        The length of each sequence, int64, [B].

    Examples
    --------
    >>> ids, lengths = pad_ids([[5, 6, 7], [8]])
    >>> ids.T.tolist(), lengths.tolist()
    ([[5, 6, 7], [8, 0, 0]], [3, 1])
    """
    # Every training batch comes through here: NumPy is four times as fast as torch's pad_sequence.
    lengths = np.array([len(ids) for ids in sequences])
    padded = np.full((lengths.max(), len(sequences)), fill, dtype=np.int64)  # (T, B)
    for column, ids in enumerate(sequences):
        padded[: len(ids), column] = ids
    return torch.from_numpy(padded), torch.from_numpy(lengths)


def run_ragged(network: nn.Module, input: Tensor, lengths: Tensor) -> Tensor:
    """Run sequences from zero state and return the outputs of their valid steps.

    Parameters
    ----------
    network
        Any network of `glassgate.nn`.
    input
        [T, B, I].
    lengths
        Valid steps of each column, [B], from 1 to T.

    Returns
    -------
    Tensor
        [N, H], N the sum of `lengths`: the first steps of all columns, then the second steps of
        those that have one, and so on, as in ``output[valid_steps(lengths)]``.
    """
    if isinstance(network, GRU):
        states: Tensor = network(input, lengths=lengths)[0].flatten(0, 1)  # (T B, H)
        valid = valid_steps(lengths, input.shape[0])
        return states.index_select(0, valid.flatten().nonzero()[:, 0])
    order = lengths.argsort()
    groups = order.tensor_split(_group_starts(len(order)))
    outputs = []
    for columns in groups:
        steps = int(lengths[columns[-1]])
        output, _ = network(input[:steps, columns])  # (t, b, H)
        outputs.append(output[valid_steps(lengths[columns], steps)])  # (n, H)
    rows = torch.cat([_row_numbers(lengths, columns) for columns in groups])
    return torch.cat(outputs)[rows.argsort()]


def last_outputs(network: nn.Module, input: Tensor, lengths: Tensor) -> Tensor:
    """Run sequences from zero state and return their outputs at the last valid step, [B, H].

    Arguments are those of `run_ragged`; the network must not be bidirectional.
    """
    if isinstance(network, GRU):
        last: Tensor = network(input, lengths=lengths)[1][-1]
        return last
    output: Tensor = network(input)[0]  # (T, B, H)
    return last_valid(output, lengths)


def last_valid(steps: Tensor, lengths: Tensor) -> Tensor:
    """Take the last valid step of each column of [T, B, H]: [B, H]; `lengths` [B] are at least 1.

    >>> last_valid(torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]]), torch.tensor([2, 1])).tolist()
    [[3.0], [2.0]]
    """
    return steps[lengths - 1, torch.arange(len(lengths), device=lengths.device)]


def _group_starts(columns: int) -> list[int]:
    """Return the first column of each group but the first.

    >>> _group_starts(64)
    [32, 48, 56]
    """
    cuts = [columns - columns // 2**group for group in range(1, NUM_GROUPS)]
    return sorted({cut for cut in cuts if 0 < cut < columns})


def _row_numbers(lengths: Tensor, columns: Tensor) -> Tensor:
    """Return the positions of some columns' valid steps in the whole batch [T * B], [n]."""
    steps = torch.arange(int(lengths[columns].max()), device=lengths.device)
    positions = steps[:, None] * len(lengths) + columns  # (t, b)
    return positions[valid_steps(lengths[columns], len(steps))]
