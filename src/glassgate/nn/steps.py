"""Which steps of a batch are there, where its sequences are of unlike lengths."""

import torch
from torch import Tensor


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """Mark the valid steps, [T, B], T = `steps`."""
    return torch.arange(steps, device=lengths.device)[:, None] < lengths


def packed_lengths(batch_sizes: Tensor) -> Tensor:
    """Give the lengths [B] of a packed batch that has `batch_sizes` [T] sequences at each step.

    >>> packed_lengths(torch.tensor([3, 2, 2, 1]))
    tensor([4, 3, 1])
    """
    return (batch_sizes[:, None] > torch.arange(int(batch_sizes[0]))).sum(0)
