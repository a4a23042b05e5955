"""What a layer of each kind did at every step, and its states rebuilt from that."""

from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np

from glassgate.engine.calls import Lengths
from glassgate.engine.plan import State as Rows
from glassgate.formulation import Array
from glassgate.gates import Gates, carry, valid_steps

State: TypeAlias = tuple[Rows, ...]  # of all layers: h, or h and c


@dataclass(frozen=True, eq=False)
class LSTMGates:
    """The gates of one layer of an LSTM in one direction, each array [T, B, H].

    Hochreiter & Schmidhuber 1997; the forget gate is of Gers et al. 2000. h_t = o * tanh(c_t),
    c_t = f * c_{t-1} + i * g.

    Attributes
    ----------
    input, forget, output
        i, f and o, 0..1.
    candidate
        g, the new content proposed for the cell, -1..1.
    cell
        c, the cell after each step: what is carry_memory.
    hidden
        h, the state after each step: what is shown of it.
    kept
        The share of the previous cell that passed to this one: the forget gate.
    """

    input: Array
    forget: Array
    output: Array
    candidate: Array
    cell: Array
    hidden: Array
    kept: Array


@dataclass(frozen=True, eq=False)
class SRNStates:
    """The states of one layer of a simple recurrent network in one direction, [T, B, H] each.

    Elman 1990. It has no gates: h_t is the candidate, which alone sees the previous state.

    Attributes
    ----------
    candidate
        squash(W x_t + b + U h_{t-1} + c), computed from the inputs and the network's own states.
    hidden
        h, the state after each step.
    """

    candidate: Array
    hidden: Array


LayerTrace: TypeAlias = Gates | LSTMGates | SRNStates
STATES = ("hidden", "cell")  # of these arrays, those that are states


def arrays(layer: LayerTrace) -> dict[str, Array]:
    """Give every array of a layer by its name."""
    return {field.name: getattr(layer, field.name) for field in fields(layer)}


def carry_memory(
    kept: Array, written: Array, initial: Array, lengths: Lengths, reverse: bool
) -> Array:
    """Carry a memory along sequences of different lengths: s_t = k_t * s_{t-1} + w_t.

    Parameters
    ----------
    kept, written
        k and w, [T, B, H].
    initial
        s before the first step that is taken, [B, H].
    lengths
        Valid steps, [B].
    reverse
        Whether each sequence was read from its last valid step to its first.

    Returns
    -------
    Array
        s after each step, [T, B, H]; 0 in the padding.
    """
    valid = valid_steps(lengths, len(kept))[..., None]  # (T, B, 1)
    along = slice(None, None, -1 if reverse else 1)
    if valid.all():
        return carry(kept[along], written[along], initial)[along]
    kept, written = np.where(valid, kept, 1), np.where(valid, written, 0)
    return np.where(valid, carry(kept[along], written[along], initial)[along], 0)


def rebuild(
    layer: LayerTrace, initial: tuple[Array, ...], lengths: Lengths, reverse: bool
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Rebuild a layer's states from its gates and candidates alone, in float64.

    Parameters
    ----------
    layer
        What was traced; its `hidden` and `cell` are not read.
    initial
        The states before the first step.
    lengths, reverse
        As `carry_memory` takes them.

    Returns
    -------
    states
        h, or h and c, after each step, [T, B, H]; 0 in the padding.
    last
        The states after the last step that was taken, as `initial`.
    """
    double = {name: array.astype(np.float64) for name, array in arrays(layer).items()}
    match layer:
        case Gates():
            kept, written = double["kept"], (1 - double["kept"]) * double["candidate"]
        case LSTMGates():
            kept, written = double["forget"], double["input"] * double["candidate"]
        case SRNStates():
            kept, written = np.zeros_like(double["candidate"]), double["candidate"]
    memory = carry_memory(kept, written, initial[-1], lengths, reverse)
    hidden = double["output"] * np.tanh(memory) if isinstance(layer, LSTMGates) else memory
    states = (hidden, memory)[: len(initial)]
    return states, tuple(
        _last(of, before, lengths, reverse) for of, before in zip(states, initial, strict=True)
    )


def _last(states: Array, initial: Array, lengths: Lengths, reverse: bool) -> Array:
    """Give the states after the last step taken, [B, H]: the initial ones where none was."""
    if not len(states):
        return initial
    at = np.zeros_like(lengths) if reverse else lengths - 1
    return np.where((lengths > 0)[:, None], states[at, np.arange(len(lengths))], initial)
