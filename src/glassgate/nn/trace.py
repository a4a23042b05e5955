"""Reading the gates of a whole network."""

import torch
from torch import Tensor

from glassgate.gates import Gates, read_gates
from glassgate.nn.gru import GRU


def trace(network: GRU, input: Tensor, state: Tensor | None = None) -> list[Gates]:
    """Run a network, without dropout and gradients, and read every gate of every step.

    Parameters
    ----------
    network
        A trained network, on any device.
    input, state
        As the network itself takes them.

    Returns
    -------
    list of Gates
        One entry a row of the network's state, in the same order: layer by layer, and in a
        network of two directions each layer's forward entry before its reverse one. Arrays are
        [T, B, H] whatever the arrangement of the input (B = 1 for one sequence), and step t is
        the one that read x_t: a reverse entry's previous state is that of step t + 1.

    Raises
    ------
    BadInput
        When a shape does not fit, or there is no step.
    TypeError
        When `network` is not a `glassgate.nn.GRU` or `input` no tensor.

    Examples
    --------
    >>> gates = trace(GRU(8, 16, num_layers=2), torch.zeros(5, 3, 8))
    >>> len(gates), gates[1].kept.shape
    (2, (5, 3, 16))
    """
    if not isinstance(network, GRU):
        raise TypeError(f"network must be a glassgate.nn.GRU, got {type(network).__name__}")
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            return _read(network, *network.arranged(input, state))
    finally:
        network.train(training)


def _read(network: GRU, input: Tensor, state: Tensor) -> list[Gates]:
    gates: list[Gates] = []
    for layer, (x, ran) in enumerate(network.layers(input, state)):
        for reverse, (hidden, _) in zip(network.directions, ran, strict=True):
            along = [x.flip(0), hidden.flip(0)] if reverse else [x, hidden]
            arrays = (array.detach().cpu().numpy() for array in (*along, state[len(gates)]))
            read = read_gates(network.to_weights(layer, reverse), *arrays)
            gates.append(read.reversed() if reverse else read)
    return gates
