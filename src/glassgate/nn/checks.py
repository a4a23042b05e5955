"""Argument checks of networks and their recurrence."""

import warnings

import torch
from torch import Tensor

from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.nn.loops import Weights
from glassgate.weights import require_shape


def check_sizes(**sizes: int) -> None:
    """Refuse a size that is not a whole number of at least 1."""
    for name, size in sizes.items():
        if not isinstance(size, int):
            raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size < 1:
            raise BadInput(f"{name} must be greater than zero, got {size}")


def check_dropout(dropout: float, num_layers: int) -> None:
    """Refuse a probability outside 0..1; warn, as torch does, if there is only one layer."""
    if not 0 <= dropout <= 1:
        raise BadInput(f"dropout must lie in 0..1, got {dropout}")
    if dropout and num_layers == 1:
        warnings.warn(
            f"dropout works between layers: {dropout} has no effect with num_layers=1",
            stacklevel=3,
        )


def check_input(input: Tensor, input_size: int) -> None:
    """Refuse input that is not a tensor [T, B, I], [B, T, I] or [T, I]."""
    check_tensor("input", input)
    if input.ndim not in (2, 3) or input.shape[-1] != input_size:
        steps = ("T",) if input.ndim == 2 else ("T", "B")
        require_shape("input", input.shape, (*steps, input_size))


def check_tensor(name: str, value: object) -> None:
    """Refuse anything but a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a Tensor, got {type(value).__name__}")


def check_cell_input(input: Tensor, input_size: int) -> None:
    """Refuse input that is not a tensor [B, I] or [I]."""
    check_tensor("input", input)
    if input.ndim not in (1, 2) or input.shape[-1] != input_size:
        require_shape("input", input.shape, (input_size,) if input.ndim == 1 else ("B", input_size))


def check_formulation(formulation: Formulation | None) -> Formulation:
    """Return the formulation, PyTorch's if it is None; refuse any other type."""
    if not isinstance(formulation, Formulation | None):
        raise TypeError(f"formulation must be a Formulation, got {type(formulation).__name__}")
    return Formulation() if formulation is None else formulation


def check_dtype(input: Tensor, weight: Tensor) -> None:
    """Refuse input whose dtype is not that of the weights, as torch does, unless under autocast."""
    if input.dtype != weight.dtype and not under_autocast(input.device.type):
        raise BadInput(
            f"RNN input dtype {input.dtype} does not match weight dtype {weight.dtype}: "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
        )


def under_autocast(device: str) -> bool:
    """Whether autocast is on for a device type; some types, such as meta, do not support it."""
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def time_first(input: Tensor, batch_first: bool) -> Tensor:
    """Rearrange [T, B, I], [B, T, I] or [T, I] to [T, B, I]; refuse sequences without steps."""
    if input.ndim == 2:
        input = input[:, None]
    elif batch_first:
        input = input.transpose(0, 1)
    if input.shape[0] == 0:  # `len` would turn a traced size into a constant
        raise BadInput("input must hold at least one step, got none")
    return input


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """Return the mask of valid steps, [T, B], T = `steps`."""
    return torch.arange(steps, device=lengths.device)[:, None] < lengths


def packed_lengths(batch_sizes: Tensor) -> Tensor:
    """Return the lengths [B] of a packed batch with `batch_sizes` [T] sequences at each step.

    >>> packed_lengths(torch.tensor([3, 2, 2, 1]))
    tensor([4, 3, 1])
    """
    return (batch_sizes[:, None] > torch.arange(int(batch_sizes[0]))).sum(0)


def check_layer_shapes(input: Tensor, hidden: Tensor, weights: Weights, packed: bool) -> None:
    """Refuse weights that do not fit each other, or input and states that do not fit them."""
    weight_input, weight_hidden, bias_input, bias_hidden = weights
    input_size, H = weight_input.shape[-1], weight_hidden.shape[-1]
    require_shape("weight_hidden", weight_hidden.shape, (3 * H, H))
    require_shape("weight_input", weight_input.shape, (3 * H, input_size))
    require_shape("bias_input", bias_input.shape, (3 * H,))
    require_shape("bias_hidden", bias_hidden.shape, (3 * H,))
    require_shape("input", input.shape, (*(("N",) if packed else ("T", "B")), input_size))
    require_shape("hidden", hidden.shape, ("B" if packed else input.shape[1], H))


def check_dtypes_and_devices(input: Tensor, hidden: Tensor, weights: Weights) -> None:
    """Refuse tensors unless all are float32 or all float64, on one device."""
    weight_hidden = weights[1]
    dtypes = {x.dtype for x in (input, hidden, *weights)}
    if len(dtypes) > 1 or not dtypes <= {torch.float32, torch.float64}:
        raise TypeError(
            "input, hidden and weights must be all float32 or all float64, got "
            f"input {input.dtype}, hidden {hidden.dtype}, weights {weight_hidden.dtype}"
        )
    if len({x.device for x in (input, hidden, *weights)}) > 1:
        raise BadInput(
            "input, hidden and weights must be on one device, got "
            f"input {input.device}, hidden {hidden.device}, weights {weight_hidden.device}"
        )


def check_lengths(lengths: Tensor, hidden: Tensor) -> Tensor:
    """Return lengths [B] as int64 on the device of the states [B, H]; refuse non-integers."""
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.shape != hidden.shape[:1]:
        require_shape("lengths", lengths.shape, (hidden.shape[0],))
    return lengths.to(hidden.device, torch.int64)


def check_resets(resets: Tensor | None, shape: torch.Size | None) -> None:
    """Refuse resets that are not booleans [T, B]; `shape` is None for packed input."""
    if resets is None:
        return
    if resets.dtype != torch.bool:
        raise TypeError(f"resets must be bool, got {resets.dtype}")
    require_shape("resets", resets.shape, ("T", "B") if shape is None else shape)


def check_forward_mode() -> None:
    """Refuse derivatives in forward mode."""
    if torch.autograd.forward_ad._current_level >= 0:
        raise RuntimeError(
            "the gated recurrence has no derivatives in forward mode, got dual level"
        )
