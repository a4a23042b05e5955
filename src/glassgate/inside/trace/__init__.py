"""Trace a network: `glassgate.trace`.

Read `result` (a trace and its verification) and `states` (which rebuilds states from gates), then
`torch` and `gates` (traces of torch modules) and `model` (`glassgate.tracing`).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike

from glassgate.engine import GRU
from glassgate.engine.calls import read_gates
from glassgate.engine.plan import State as Rows
from glassgate.formulation import Array
from glassgate.gates import Gates
from glassgate.inside.trace.result import Trace
from glassgate.inside.trace.states import LSTMGates, SRNStates, State

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.nn.utils.rnn import PackedSequence

    import glassgate.nn


@overload
def trace(
    network: GRU, input: Array, state: Array | None = None, lengths: ArrayLike | None = None
) -> Trace[Gates]: ...
@overload
def trace(
    network: glassgate.nn.GRU | nn.GRU | nn.GRUCell,
    input: Tensor | PackedSequence,
    state: Tensor | None = None,
    lengths: Tensor | ArrayLike | None = None,
) -> Trace[Gates]: ...
@overload
def trace(
    network: nn.LSTM,
    input: Tensor | PackedSequence,
    state: tuple[Tensor, Tensor] | None = None,
    lengths: Tensor | ArrayLike | None = None,
) -> Trace[LSTMGates]: ...
@overload
def trace(
    network: nn.RNN,
    input: Tensor | PackedSequence,
    state: Tensor | None = None,
    lengths: Tensor | ArrayLike | None = None,
) -> Trace[SRNStates]: ...
def trace(network: Any, input: Any, state: Any = None, lengths: Any = None) -> Trace[Any]:
    """Run a network over a batch of sequences and return every gate at every step.

    The network runs without dropout and gradients, and is not changed. On the CPU its gates are
    recorded as it runs: a GRU's by the native engine, an LSTM's or SRN's in a loop of torch
    operations. On any other device the network's own forward runs, cuDNN included, and then one
    batched product computes the gates of all steps of a layer; the same goes for cells, and for
    dtypes other than float32 and float64. `Trace.verify` compares the result with the network's own
    output.

    Parameters
    ----------
    network
        A `glassgate.GRU`; or, with any number of layers, in one direction or two, on any device,
        `glassgate.nn.GRU`, `LSTM` and `SRN`, `torch.nn.GRU`, `LSTM` and `RNN`; or a
        `GRUCell` of either, which is run step by step.
    input
        As the network takes it: for a `glassgate.GRU` an array [T, B, I]; for a torch module a
        tensor [T, B, I], [B, T, I] if `batch_first`, [T, I] for one sequence, or a
        `PackedSequence`; for a cell [T, B, I] or [T, I].
    state
        The state before the first step, as the network takes it; zeros if not given.
    lengths
        Valid steps of each sequence, 0..T, [B] integers; all if not given. A packed sequence has
        its own.

    Returns
    -------
    Trace
        `Gates` by layer and direction; of an LSTM `LSTMGates`, of an RNN or SRN `SRNStates`.

    Raises
    ------
    BadInput
        When a shape, dtype or device does not fit, a length is out of range, a torch module gets
        no step, or an LSTM has projections.
    TypeError
        When the network is none of these, or input or state is of the wrong type.

    Notes
    -----
    Two implementations round differently in float32. In a network that amplifies rounding errors
    without bound, the trace diverges from the network's own forward, and `Trace.verify` shows it;
    `glassgate.tracing` reads the actual states of a one-layer torch module.

    On a CUDA device torch lets cuDNN round products to TF32, with 10 bits, unless
    ``torch.backends.cudnn.allow_tf32`` is False; gates are computed in float32. With TF32 on, the
    two differ by this rounding, and `Trace.verify` includes it.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> network = torch.nn.GRU(8, 16, num_layers=2, bidirectional=True)
    >>> traced = trace(network, torch.randn(5, 3, 8), lengths=[5, 2, 4])
    >>> traced
    Trace(layers=2 (forward and reverse), steps=5, batch=3, units=16)
    >>> traced[1, "reverse"].kept.shape
    (5, 3, 16)
    >>> traced.verify() < 1e-6
    True
    """
    if isinstance(network, GRU):
        return _trace_engine(network, input, state, lengths)
    if "torch" in sys.modules:  # otherwise nothing can be a module
        from glassgate.inside.networks import MODULES
        from glassgate.inside.trace.torch import trace_module

        if isinstance(network, MODULES):
            return trace_module(network, input, state, lengths)
    raise TypeError(
        "network must be a glassgate.GRU, or a GRU, GRUCell, LSTM or RNN of torch.nn or "
        f"glassgate.nn, got {type(network).__name__}; glassgate.tracing takes models around one"
    )


def _trace_engine(
    network: GRU, input: Array, state: Rows | None, lengths: ArrayLike | None
) -> Trace[Gates]:
    """Trace a `glassgate.GRU`, whose gates are on the tape for the backward pass."""
    reads = network._prepare(input, state, lengths)
    # Weights in bfloat16 keep no tape; in float32 they are the same numbers.
    recording = network.astype(np.float32) if network.bfloat16 else network
    layers = [
        [Gates(*read_gates(network.formulation, batch, run)) for batch, run in runs]
        for _, runs in recording._run_layers(reads, record=True)
    ]

    def run_network() -> tuple[Array, State]:
        output, last = network.run(reads.input, reads.initial, reads.lengths)
        return output, (last,)

    T, B, _ = reads.input.shape
    ends = np.full(B, T) if reads.lengths is None else reads.lengths
    return Trace(layers, network.plan, (reads.initial,), ends, run_network)
