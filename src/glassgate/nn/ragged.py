"""Sequences of different lengths in one batch, without running each to the end of the longest.

A GRU does it by itself. PyTorch's networks are run in groups of similar length. Each group is
padded to its longest sequence; outputs in the padding are discarded.
"""

import torch
from torch import Tensor, nn

from glassgate.nn.checks import valid_steps
from glassgate.nn.gru import GRU

NUM_GROUPS = 4  # the shorter half, the shorter half of the rest, and so on


def run_ragged(network: nn.Module, input: Tensor, lengths: Tensor) -> Tensor:
    """Run sequences from zero state and give the outputs of their valid steps.

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
        [N, H], N the sum of `lengths`: the first steps of all columns, then the second ones of
        those that have one, as in ``output[valid_steps(lengths)]``.
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
    """Run sequences from zero state and give each one's output at its last valid step, [B, H].

    Takes what `run_ragged` does; the network runs forward only.
    """
    if isinstance(network, GRU):
        last: Tensor = network(input, lengths=lengths)[1][-1]
        return last
    output: Tensor = network(input)[0]  # (T, B, H)
    return output[lengths - 1, torch.arange(len(lengths), device=lengths.device)]


def _group_starts(columns: int) -> list[int]:
    """Where each group but the first begins.

    >>> _group_starts(64)
    [32, 48, 56]
    """
    cuts = [columns - columns // 2**group for group in range(1, NUM_GROUPS)]
    return sorted({cut for cut in cuts if 0 < cut < columns})


def _row_numbers(lengths: Tensor, columns: Tensor) -> Tensor:
    """Number the valid steps of some columns as they lie in the whole batch, [n]."""
    steps = torch.arange(int(lengths[columns].max()), device=lengths.device)
    places = steps[:, None] * len(lengths) + columns  # (t, b)
    return places[valid_steps(lengths[columns], len(steps))]
