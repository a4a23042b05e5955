"""Measure vanishing gradients: the gradient to the state k steps back, and its half-life."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from glassgate.engine.calls import Lengths, check_lengths
from glassgate.errors import BadInput
from glassgate.formulation import Array
from glassgate.inside.networks import eval_mode
from glassgate.nn.baselines import Feedforward
from glassgate.nn.checks import check_input
from glassgate.weights import require_shape

Network: TypeAlias = nn.RNNBase | Feedforward
Loss: TypeAlias = Callable[[Tensor], Tensor]
"""From the last layer's states, [T, B, H], to the loss of each sequence, [B]."""


def gradient_by_lag(
    network: nn.Module,
    input: Tensor,
    loss: Loss,
    lags: int,
    lengths: Tensor | ArrayLike | None = None,
) -> Array:
    """Return the mean norm of the loss's gradient with respect to the state k steps earlier.

    ||dL_t / dh_{t-k}|| measures how much a change of the state at t - k changes the loss at t, a
    sequence's last step. The gradient vanishes if it falls with k by a constant factor (Bengio,
    Simard & Frasconi 1994, Learning long-term dependencies with gradient descent is difficult).

    Parameters
    ----------
    network
        A network of `glassgate.nn` or `torch.nn` that reads forward, time first, trained or not.
        It runs step by step from zero state, without dropout, and is not changed. The state of an
        LSTM is both its hidden and its cell state; with several layers it is that of all layers; a
        feedforward network has none.
    input
        [T, B, I].
    loss
        From the last layer's states, [T, B, H], to the loss of each sequence, [B], not their mean.
        Each loss must depend only on the state at the sequence's last step.
    lags
        The largest k, at least 0.
    lengths
        The number of steps of each sequence, lags + 1 .. T, [B] integers; T if not given.

    Returns
    -------
    Array
        For k = 0 .. lags, averaged over the sequences: [lags + 1].

    Raises
    ------
    BadInput
        When a shape, also that of the loss, does not fit, a length or `lags` is out of range,
        the loss does not depend on the states, or the network is bidirectional or batch first.
    TypeError
        When `network` is none of these, input or loss is not a tensor, or lengths or `lags` are not
        integers.

    Examples
    --------
    >>> half = torch.nn.RNN(1, 1, nonlinearity="relu", bias=False)
    >>> with torch.no_grad():
    ...     _ = half.weight_ih_l0.fill_(1), half.weight_hh_l0.fill_(0.5)
    >>> norms = gradient_by_lag(half, torch.ones(6, 1, 1), lambda h: h[-1, :, 0], lags=3)
    >>> norms
    array([1.   , 0.5  , 0.25 , 0.125])
    >>> half_life(norms)
    1.0
    """
    network = _check_network(network)
    check_input(input, network.input_size)
    require_shape("input", input.shape, ("T", "B", network.input_size))
    T, B = input.shape[:2]
    ends = _check_ends(T, B, lags, lengths)
    with eval_mode(network):
        norms = _gradient_norms(network, input, loss).numpy(force=True)  # (T, B)
    columns = np.arange(B)
    by_lag = [norms[ends - 1 - lag, columns] for lag in range(lags + 1)]  # (lags + 1, B)
    mean: Array = np.mean(by_lag, axis=1, dtype=np.float64)
    return mean


def half_life(norms: ArrayLike) -> float:
    """Return the lag at which a gradient first falls to half of its value at lag 0.

    Between two lags it is assumed to fall by a constant factor per step: norms a * q^k have the
    half-life ln(1/2) / ln(q), for any a.

    Parameters
    ----------
    norms
        By lag, from 0, as from `gradient_by_lag`; the first must be above 0.

    Returns
    -------
    float
        In steps; infinity if the norms do not fall that far.

    Raises
    ------
    BadInput
        When there are no norms, one is negative or NaN, or the first is 0.

    Examples
    --------
    >>> half_life([8, 4, 2]), half_life([1, 1, 0.25]), half_life([1, 0.9])
    (1.0, 1.5, inf)
    """
    values = np.asarray(norms, np.float64)
    require_shape("norms", values.shape, ("lags",))
    if not values.size or not np.all(values >= 0) or not 0 < values[0] < math.inf:
        raise BadInput(f"norms must be at least 0, the first above 0, got {values.tolist()}")
    half = values[0] / 2
    fallen = np.flatnonzero(values <= half)
    if not fallen.size:
        return math.inf
    lag = int(fallen[0])
    before, after = values[lag - 1], values[lag]
    if after == 0:
        return float(lag)
    return lag - 1 + math.log(half / before) / math.log(after / before)


def _check_network(network: nn.Module) -> Network:
    if not isinstance(network, nn.RNNBase | Feedforward):
        kind = type(network).__name__
        raise TypeError(f"network must be one of glassgate.nn or torch.nn, got {kind}")
    if getattr(network, "bidirectional", False) or network.batch_first:
        raise BadInput("network must read forward and time first, got one that does not")
    return network


def _check_ends(T: int, B: int, lags: int, lengths: Tensor | ArrayLike | None) -> Lengths:
    """Return the length of each sequence, which must be above `lags`."""
    if not isinstance(lags, int):
        raise TypeError(f"lags must be an integer, got {type(lags).__name__}")
    if lags < 0:
        raise BadInput(f"lags must be at least 0, got {lags}")
    given = lengths.numpy(force=True) if isinstance(lengths, Tensor) else lengths
    ends = check_lengths(np.full(B, T) if given is None else given, (T, B), packed=False)
    if not B or ends.min() <= lags:
        got = f"lengths {ends.min()} to {ends.max()}" if B else "none"
        raise BadInput(f"sequences must have {lags + 1} to {T} steps, got {got}")
    return ends


def _gradient_norms(network: Network, input: Tensor, loss: Loss) -> Tensor:
    """Return the norm of d loss_b / d state_t, [T, B]."""
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # in eval mode it cannot
        states = _run_steps(network, input.detach().requires_grad_())
        hidden = torch.stack([parts[0][-1] for parts in states])  # (T, B, H)
        flat = [part for parts in states for part in parts]
        losses = _check_losses(loss(hidden), input.shape[1])
        grads = torch.autograd.grad(losses.sum(), flat, allow_unused=True, materialize_grads=True)
    squares = torch.stack([grad.square().sum((0, 2)) for grad in grads])  # (T * parts, B)
    return squares.view(len(states), -1, input.shape[1]).sum(1).sqrt()


def _check_losses(losses: Tensor, B: int) -> Tensor:
    """Refuse anything but one loss per sequence, such as their mean, torch's default."""
    if not isinstance(losses, Tensor):
        raise TypeError(f"loss must give a tensor, got {type(losses).__name__}")
    require_shape("what loss gives", losses.shape, (B,))
    if not losses.requires_grad:
        raise BadInput("loss must depend on the states, got one without a gradient")
    return losses


def _run_steps(network: Network, input: Tensor) -> list[tuple[Tensor, ...]]:
    """Return the state after each step, h or h and c, each [layers, B, H], in one graph."""
    if isinstance(network, Feedforward):
        return [(hidden,) for hidden in torch.split(network(input)[0], 1)]
    states: list[tuple[Tensor, ...]] = []
    state = None
    for step in torch.split(input, 1):
        _, state = network(step, state)
        states.append(state if isinstance(state, tuple) else (state,))
    return states
