"""A single step through a whole stack of layers, for loops without gradients.

A decoder or a policy takes one step at a time, and a small network's step takes the engine a
microsecond or two: what surrounds it must not take ten. So the engine gets the module's tensors as
they are, once for all layers, and checks them itself: the one native call outside `engine.calls`.
Where it refuses, or torch does more than compute, `single_step` gives None, and the general way
runs, or says what is wrong.
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
    """Take one step through all layers, forward, without gradients.

    Parameters
    ----------
    network
        A module with a bias.
    names
        Its parameters W, U, b and c, a list a layer.
    input
        The batch's inputs, B * I values, whatever their axes.
    hidden
        The states before the step, layers * B * H values, whatever their axes.
    shape
        That of the output: B * H values, H of them along the last axis.

    Returns
    -------
    output, state
        The last layer's new states, [*shape], and all layers' new states, arranged as `hidden`;
        or None, where the general way has to be taken.
    """
    if torch.is_grad_enabled() or not only_computes() or torch.is_autocast_enabled("cpu"):
        return None
    parameters = network._parameters
    try:
        layers = [tuple([parameters[name] for name in layer]) for layer in names]
    except KeyError:  # one is computed from others
        return None
    tensors = {type(input), type(hidden), *[type(W) for layer in layers for W in layer]}
    if not PLAIN.issuperset(tensors):
        return None
    output, state = input.new_empty(shape), torch.empty_like(hidden)
    form = form_words(network.formulation)
    try:
        _native.step_through(layers, form, input, hidden, output, state, target(), threads())
    except (TypeError, ValueError):  # the general way says it in full
        return None
    return output, state
