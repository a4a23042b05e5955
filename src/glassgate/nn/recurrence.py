"""The one place that checks the arguments of a gated network and chooses what runs it.

`run_network` runs a whole `glassgate.nn.GRU`, `sequence` one layer in one direction. CPU tensors
go to the native engine (`nn.native`, `nn.chain`), networks of PyTorch's form on a CUDA device to
cuDNN (`nn.cudnn`), all others to a batched loop of torch operations (`nn.batched`).
"""

from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from glassgate.engine.calls import form_words
from glassgate.errors import BadInput
from glassgate.formulation import Formulation
from glassgate.nn import chain, cudnn
from glassgate.nn.batched import run_batched
from glassgate.nn.checks import (
    check_dtype,
    check_dtypes_and_devices,
    check_forward_mode,
    check_input,
    check_layer_shapes,
    check_lengths,
    check_resets,
    packed_lengths,
    time_first,
    under_autocast,
)
from glassgate.nn.loops import Weights
from glassgate.nn.native import PLAIN, native_sequence, only_computes, run_plain
from glassgate.weights import require_shape

if TYPE_CHECKING:
    from glassgate.nn.gru import GRU

Result: TypeAlias = tuple[Tensor, Tensor]  # output and last states

NATIVE_DEVICES = ("cpu", "meta")  # on the meta device there are only shapes
PYTORCH = Formulation()
MAX_CHAIN_BATCH = 64  # sequences; in larger batches, summing once saves little


def run_network(
    network: "GRU",
    input: Tensor | PackedSequence,
    hx: Tensor | None,
    lengths: Tensor | None,
    resets: Tensor | None,
) -> tuple[Tensor | PackedSequence, Tensor]:
    """Run a network; arguments, results and errors are those of `glassgate.nn.GRU.forward`."""
    if isinstance(input, PackedSequence):
        if lengths is not None:
            raise BadInput("lengths must be left out where the input is packed, got both")
        return _run_packed(network, input, hx, resets)
    check_input(input, network.input_size)
    check_dtype(input, network._weight("weight_hh_l0"))
    x = time_first(input, network.batch_first)
    if input.ndim == 2:
        state = _initial_state(network, x, hx, ())[:, None]
        resets = None if resets is None else resets[:, None]
    else:
        state = _initial_state(network, x, hx, tuple(x.shape[1:2]))
        resets = resets.t() if resets is not None and network.batch_first else resets
    output, state = run_layers(network, x, state, lengths, resets)
    if input.ndim == 2:
        return output[:, 0], state[:, 0]
    return output.transpose(0, 1) if network.batch_first else output, state


def _run_packed(
    network: "GRU", input: PackedSequence, hx: Tensor | None, resets: Tensor | None
) -> tuple[PackedSequence, Tensor]:
    data, batch_sizes, order, inverse = input
    require_shape("packed input", data.shape, ("N", network.input_size))
    check_dtype(data, network._weight("weight_hh_l0"))
    state = _reorder(_initial_state(network, data, hx, (int(batch_sizes[0]),)), order)
    resets = None if resets is None else _reorder(resets, order)
    output, state = run_layers(network, data, state, None, resets, batch_sizes)
    return PackedSequence(output, batch_sizes, order, inverse), _reorder(state, inverse)


def _initial_state(
    network: "GRU", input: Tensor, hx: Tensor | None, batch: tuple[int, ...]
) -> Tensor:
    """Return the initial states, [layers * directions, *batch, H]; zeros if not given."""
    shape = (network.num_layers * len(network.directions), *batch, network.hidden_size)
    if hx is None:
        return input.new_zeros(shape, dtype=network._weight("weight_hh_l0").dtype)
    if hx.shape != shape:
        require_shape("hidden", hx.shape, shape)
    return hx


def _reorder(columns: Tensor, order: Tensor | None) -> Tensor:
    """Reorder the batch, which is on the second axis."""
    return columns if order is None else columns.index_select(1, order)


def run_layers(
    network: "GRU",
    input: Tensor,
    state: Tensor,
    lengths: Tensor | None,
    resets: Tensor | None,
    batch_sizes: Tensor | None = None,
) -> Result:
    """Run all layers in the best way for the tensors' device.

    Parameters
    ----------
    network
        A network whose input size, dtype and state have been checked.
    input, state
        [T, B, I] and [layers * directions, B, H]; of packed input the data [N, I].
    lengths, resets
        As in `sequence`.
    batch_sizes
        Of packed input, the number of sequences that take each step, [T].
    """
    packed = batch_sizes is not None
    ends = None if lengths is None else check_lengths(lengths, state[0])
    if input.is_cuda and resets is None and network.formulation == PYTORCH:
        return cudnn.run(network._cudnn_options(), input, state, ends, batch_sizes)
    check_forward_mode()
    if batch_sizes is not None:
        ends = packed_lengths(batch_sizes).to(state.device)
    check_resets(resets, None if packed else input.shape[:2])
    states = iter(state.unbind())
    last: list[Tensor] = []
    for layer in range(network.num_layers):
        if layer and network.dropout:
            input = F.dropout(input, network.dropout, network.training)
        results = [
            _run_layer(
                input,
                next(states),
                network._weights(layer, reverse),
                network.formulation,
                ends,
                resets,
                packed=packed,
                reverse=reverse,
            )
            for reverse in network.directions
        ]
        outputs = [output for output, _ in results]
        input = outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)
        last += [hidden for _, hidden in results]
    return input, torch.stack(last)


def sequence(
    input: Tensor,
    hidden: Tensor,
    weight_input: Tensor,
    weight_hidden: Tensor,
    bias_input: Tensor,
    bias_hidden: Tensor,
    formulation: Formulation,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    *,
    packed: bool = False,
    reverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """Run one layer in one direction over a batch of sequences.

    Differentiable once, with respect to every floating-point tensor. Under autocast the recurrence
    runs in the weights' own dtype: a state rounded to bfloat16's 8 significant bits at every step
    would forget small changes.

    Parameters
    ----------
    input
        [T, B, I], at least one step; [N, I] if `packed`.
    hidden
        The state before the first step, [B, H].
    weight_input, weight_hidden, bias_input, bias_hidden
        [3H, I], [3H, H], [3H], [3H], in the order reset, update, candidate.
    formulation
        The form of the unit.
    lengths
        Valid steps of each sequence, 0..T, [B] integers; all if not given. The padding is never
        read. On the CPU the work grows with the sum of the lengths.
    resets
        [T, B] booleans: True where the state is zeroed before the step.
    packed
        Whether the steps are stored as in a `PackedSequence`; `lengths` are required then, and must
        not increase.
    reverse
        Whether to run from each sequence's last valid step to its first.

    Returns
    -------
    output
        The state after each step, [T, B, H] or [N, H]; 0 in the padding.
    last
        Each sequence's state after the last step taken, [B, H]; `hidden` where the length is 0.

    Raises
    ------
    BadInput
        When a shape does not fit, a length is out of range (checked only on the CPU), or the
        tensors are on different devices.
    TypeError
        When the tensors are neither all float32 nor all float64, the lengths not integers, or the
        resets not booleans.
    RuntimeError
        For forward-mode derivatives, and from the backward pass with ``create_graph=True``, which
        prepares a second derivative.
    """
    weights = (weight_input, weight_hidden, bias_input, bias_hidden)
    check_forward_mode()
    batched_input = input.ndim == (2 if packed else 3) and hidden.ndim == 2
    if not batched_input or (not packed and hidden.shape[0] != input.shape[1]):
        check_layer_shapes(input, hidden, weights, packed)
    if packed and lengths is None:
        raise BadInput("lengths must be given with packed input, got none")
    ends = None if lengths is None else check_lengths(lengths, hidden)
    check_resets(resets, None if packed else input.shape[:2])
    return _run_layer(
        input, hidden, weights, formulation, ends, resets, packed=packed, reverse=reverse
    )


def _run_layer(
    input: Tensor,
    hidden: Tensor,
    weights: Weights,
    formulation: Formulation,
    lengths: Tensor | None,
    resets: Tensor | None,
    *,
    packed: bool,
    reverse: bool,
) -> Result:
    """Run one layer in one direction; only the weights remain to be checked."""
    device = input.device.type
    if under_autocast(device):
        input, hidden = input.to(weights[1].dtype), hidden.to(weights[1].dtype)
        with torch.autocast(device, enabled=False):
            return _run_layer(
                input, hidden, weights, formulation, lengths, resets, packed=packed, reverse=reverse
            )
    tensors = (input, hidden, *weights)
    if not _tensors_fit(input, hidden, weights):
        check_layer_shapes(input, hidden, weights, packed)
        check_dtypes_and_devices(input, hidden, weights)
    if device not in NATIVE_DEVICES:
        return run_batched(input, hidden, weights, formulation, lengths, resets, packed, reverse)
    needs_grad = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
    if device == "cpu" and only_computes() and PLAIN.issuperset(map(type, tensors)):
        form = form_words(formulation)
        if needs_grad and _is_chain_step(input, weights, lengths, resets, packed):
            return chain.take_step(input, hidden, weights, form)
        return run_plain(tensors, lengths, resets, form, packed, reverse, needs_grad=needs_grad)
    words = " ".join(form_words(formulation))
    output, last, _ = native_sequence(*tensors, lengths, resets, words, packed, reverse, needs_grad)
    return output, last


def _is_chain_step(
    input: Tensor,
    weights: Weights,
    lengths: Tensor | None,
    resets: Tensor | None,
    packed: bool,
) -> bool:
    """Whether this is one step of a small batch, with contiguous weights that need gradients."""
    return (
        not packed
        and input.shape[0] == 1
        and 0 < input.shape[1] <= MAX_CHAIN_BATCH
        and lengths is None
        and resets is None
        and any(weight.requires_grad for weight in weights)
        and all(weight.is_contiguous() for weight in weights)
    )


def _tensors_fit(input: Tensor, hidden: Tensor, weights: Weights) -> bool:
    """Whether all shapes fit the weights, and all tensors have one dtype and one device."""
    W, U, b, c = weights
    I, H = input.shape[-1], hidden.shape[-1]
    dtype, device = input.dtype, input.device
    return (
        W.shape == (3 * H, I)
        and U.shape == (3 * H, H)
        and b.shape == (3 * H,)
        and c.shape == (3 * H,)
        and dtype in (torch.float32, torch.float64)
        and all(x.dtype == dtype and x.device == device for x in (hidden, *weights))
    )
