"""Tensors for what the engine computes: torch's, or the engine's own where they are large."""

from math import prod

import torch
from torch import Tensor

from glassgate import _native
from glassgate.engine.memory import WORTH_KEEPING


def empty(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Give a tensor [*shape] with anything in it; a large one in memory that was used before.

    It is on the CPU and has the dtype of `like`, float32 or float64.
    """
    if prod(shape) * like.element_size() < WORTH_KEEPING:
        return like.new_empty(shape)
    return torch.from_numpy(_native.lend(shape, like.dtype == torch.float64))
