"""Run a whole network of PyTorch's form by PyTorch's own function: cuDNN on a CUDA device.

It also runs on a CPU, where only the tests use it.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from glassgate.nn.checks import valid_steps


class Options(NamedTuple):
    """The options of PyTorch's function, in its order; weights layer by layer."""

    weights: list[Tensor]
    bias: bool
    num_layers: int
    dropout: float
    training: bool
    bidirectional: bool


def run(
    options: Options,
    input: Tensor,
    state: Tensor,
    lengths: Tensor | None,
    batch_sizes: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Run input in the weights' dtype; with `batch_sizes`, it is the data of a packed sequence."""
    dtype = options.weights[0].dtype
    with torch.autocast(input.device.type, enabled=False):
        input, state = input.to(dtype), state.to(dtype)
        if batch_sizes is not None:
            return run_packed(options, input, batch_sizes, state)
        return run_padded(options, input, state, lengths)


def run_padded(
    options: Options, input: Tensor, state: Tensor, lengths: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Run input [T, B, I] from state [layers * directions, B, H]; `lengths` are [B] or None."""
    if lengths is None:
        output, last = torch._VF.gru(input, state, *options, False)
        return output, last
    valid = valid_steps(lengths, input.shape[0])[..., None]  # (T, B, 1)
    packed = pack_padded_sequence(  # torch refuses empty sequences
        torch.where(valid, input, 0), lengths.clamp(min=1).cpu(), enforce_sorted=False
    )
    order, inverse = packed.sorted_indices, packed.unsorted_indices
    data, last = run_packed(options, packed.data, packed.batch_sizes, state[:, order])
    output, _ = pad_packed_sequence(packed._replace(data=data), total_length=input.shape[0])
    last = torch.where((lengths > 0)[:, None], last[:, inverse], state)
    return torch.where(valid, output, 0), last


def run_packed(
    options: Options, data: Tensor, batch_sizes: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Run the data [N, I] of a packed sequence; states are in the order of its batch."""
    output, last = torch._VF.gru(data, batch_sizes, state, *options)
    return output, last
