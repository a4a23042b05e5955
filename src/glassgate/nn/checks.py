"""Checks of arguments that several networks share."""

import warnings

import torch
from torch import Tensor

from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.weights import require_shape


def check_sizes(**sizes: int) -> None:
    """Refuse a size that is not a whole number of at least 1."""
    for name, size in sizes.items():
        if not isinstance(size, int):
            raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size < 1:
            raise BadInput(f"{name} must be greater than zero, got {size}")


def check_dropout(dropout: float, num_layers: int) -> None:
    """Refuse a share outside 0..1; warn, as torch does, where no two layers lie around it."""
    if not 0 <= dropout <= 1:
        raise BadInput(f"dropout must lie in 0..1, got {dropout}")
    if dropout and num_layers == 1:
        warnings.warn(
            f"dropout works between layers: {dropout} has no effect with num_layers=1",
            stacklevel=3,
        )


def check_input(input: Tensor, input_size: int) -> None:
    """Refuse what is not a tensor [T, B, I], [B, T, I] or [T, I] of at least one step."""
    check_tensor("input", input)
    if input.ndim not in (2, 3) or input.shape[-1] != input_size:
        steps = ("T",) if input.ndim == 2 else ("T", "B")
        require_shape("input", input.shape, (*steps, input_size))


def check_tensor(name: str, came: object) -> None:
    """Refuse what is no tensor."""
    if not isinstance(came, Tensor):
        raise TypeError(f"{name} must be a Tensor, got {type(came).__name__}")


def check_cell_input(input: Tensor, input_size: int) -> None:
    """Refuse what is not a tensor [B, I] or [I]."""
    check_tensor("input", input)
    if input.ndim not in (1, 2) or input.shape[-1] != input_size:
        require_shape("input", input.shape, (input_size,) if input.ndim == 1 else ("B", input_size))


def check_formulation(formulation: Formulation | None) -> Formulation:
    """Give the formulation, PyTorch's if it is None; refuse what is none."""
    if not isinstance(formulation, Formulation | None):
        raise TypeError(f"formulation must be a Formulation, got {type(formulation).__name__}")
    return Formulation() if formulation is None else formulation


def check_dtype(input: Tensor, weight: Tensor) -> None:
    """Refuse input of another dtype than the weights', as torch does, unless autocast is on."""
    if input.dtype != weight.dtype and not under_autocast(input.device.type):
        raise BadInput(
            f"RNN input dtype {input.dtype} does not match weight dtype {weight.dtype}: "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
        )


def under_autocast(device: str) -> bool:
    """Whether autocast is on for a kind of device; some, as meta, know none."""
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def time_first(input: Tensor, batch_first: bool) -> Tensor:
    """Bring [T, B, I], [B, T, I] or [T, I] to [T, B, I]; refuse a sequence without a step."""
    if input.ndim == 2:
        input = input[:, None]
    elif batch_first:
        input = input.transpose(0, 1)
    if input.shape[0] == 0:  # len() would make a traced size a constant
        raise BadInput("input must hold at least one step, got none")
    return input


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """Mark the valid steps, [T, B], T = `steps`."""
    return torch.arange(steps, device=lengths.device)[:, None] < lengths


def packed_lengths(batch_sizes: Tensor) -> Tensor:
    """Give the lengths [B] of a packed batch that has `batch_sizes` [T] sequences at each step.

    >>> packed_lengths(torch.tensor([3, 2, 2, 1]))
    tensor([4, 3, 1])
    """
    return (batch_sizes[:, None] > torch.arange(int(batch_sizes[0]))).sum(0)
