"""Tracing on the native engine, which writes its gates down while it runs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from glassgate.engine import GRU
from glassgate.engine.layer import Layer, Record, checked_lengths, contiguous
from glassgate.engine.plan import LayerPlan, checked_state, turned
from glassgate.engine.plan import State as Rows
from glassgate.formulation import Array
from glassgate.gates import Gates
from glassgate.inside.trace.result import Own, Trace
from glassgate.inside.trace.states import Lengths, State, running_order


def trace_network(
    network: GRU, input: Array, state: Rows | None, lengths: ArrayLike | None
) -> Trace[Gates]:
    """Trace a `glassgate.GRU`; arguments and errors are those of its `run`."""
    input = contiguous("input", input, network.dtype, ("T", "B", network.input_size))
    B = input.shape[1]
    given = network.initial_state(B) if state is None else state
    initial = checked_state(given, network.state_sizes, B, network.dtype)

    def own() -> tuple[Array, State]:
        output, last = network.run(input, initial, lengths)
        return output, (last,)

    ends = None if lengths is None else checked_lengths(lengths, input.shape, packed=False)
    return trace_layers(network._layers, network.plan, input, initial, ends, own)


def trace_layers(
    layers: Sequence[Sequence[Layer]],
    plan: Sequence[LayerPlan],
    input: Array,
    state: Rows,
    lengths: Lengths | None,
    own: Own,
) -> Trace[Gates]:
    """Run layers by their plan and keep what their gates did.

    The engine keeps it for the backward pass anyway, so that no gate is computed twice.

    Parameters
    ----------
    layers, plan
        As a `glassgate.GRU` has them.
    input, state, lengths
        As `glassgate.GRU.run` takes them.
    own
        What the trace is to be compared with.
    """
    traced, rows, reads = [], iter(state), input
    for directions, arranged in zip(layers, plan, strict=True):
        runs = [
            _recordable(layer).record(reads, next(rows), lengths, reverse=way == "reverse")
            for layer, way in zip(directions, arranged.directions, strict=True)
        ]
        traced.append([_gates(run) for run in runs])
        reads = arranged.merged([run.output for run in runs])  # (T, B, H or 2H)
        reads = turned(reads, lengths) if arranged.turns else reads
    T, B = input.shape[:2]
    ends = np.full(B, T) if lengths is None else lengths
    return Trace(traced, plan, (state,), ends, own)


def _recordable(layer: Layer) -> Layer:
    """Give a layer in bfloat16 as float32: the same numbers, whose gates can be kept."""
    return Layer(layer.weights.astype(np.float32)) if layer.weights.bfloat16 else layer


def _gates(run: Record) -> Gates:
    """Read the tape, whose rows lie in the order of running, the longest sequence first."""
    (T, B, _), tape = run.output.shape, run.tape  # (N, 4, H): r, k, n, and m, of use to nobody here
    if run.formulation.update == "writes":
        tape[:, 3] = 1 - tape[:, 1]  # so z takes its place
    if run.lengths is None:
        rows = tape.reshape(T, B, *tape.shape[1:])[:: -1 if run.reverse else 1]
    else:
        rows = np.zeros((T * B, *tape.shape[1:]), tape.dtype)
        rows[running_order(run.lengths, T, run.reverse).rows] = tape
        rows = rows.reshape(T, B, *tape.shape[1:])
    reset, kept, candidate, written = (rows[:, :, i] for i in range(4))
    update = kept if run.formulation.update == "keeps" else written
    return Gates(reset, update, candidate, run.output, kept)
