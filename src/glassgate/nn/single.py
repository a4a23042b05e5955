"""A single step through all layers of a network in one native call, without gradients.

Decoders and policies take one step at a time. The engine computes a step of a small network in a
microsecond or two, so the overhead around it must stay of that order. Therefore this one native
call outside `glassgate.engine` passes the module's tensors for all layers at once, and the engine
itself checks them. If it refuses them, or torch does not run eagerly, `single_step` returns None,
and the caller takes the general path, which raises the error in full.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from glassgate import _native
from glassgate.engine.calls import form_words
from glassgate.engine.settings import target, threads
from glassgate.nn.native import PLAIN, only_computes

if TYPE_CHECKING:
    from glassgate.nn.cell import GRUCell
    from glassgate.nn.gru import GRU


def single_step(
    network: "GRU | GRUCell",
    names: list[list[str]],
    input: Tensor,
    hidden: Tensor,
    shape: tuple[int, ...],
) -> tuple[Tensor, Tensor] | None:
    """Take one forward step through all layers, without gradients.

    Parameters
    ----------
    network
        A module with biases.
    names
        The names of its parameters W, U, b and c, one list per layer.
    input
        The batch's input, B * I values of any shape.
    hidden
        The states before the step, layers * B * H values of any shape.
    shape
        The shape of the output: B * H values, the last axis of size H.

    Returns
    -------
    output, state
        The last layer's new states, [*shape], and all layers' new states, of the shape of `hidden`.
        None instead of both if the general path must be taken.
    """
    if torch.is_grad_enabled() or not only_computes() or torch.is_autocast_enabled("cpu"):
        return None
    parameters = network._parameters
    try:
        layers = [tuple([parameters[name] for name in layer]) for layer in names]
    except KeyError:  # a parametrized weight, computed from other parameters
        return None
    types = {type(input), type(hidden), *[type(W) for layer in layers for W in layer]}
    if not PLAIN.issuperset(types):
        return None
    output, state = input.new_empty(shape), torch.empty_like(hidden)
    form = form_words(network.formulation)
    try:
        _native.step_through(layers, form, input, hidden, output, state, target(), threads())
    except (TypeError, ValueError):  # the general path raises it in full
        return None
    return output, state
