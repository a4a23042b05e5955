"""The gates and states of each kind of layer, and states rebuilt from gates."""

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
        c, the cell after each step.
    hidden
        h, the state after each step.
    kept
        The share of the previous cell kept in this one: the forget gate.
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

    Elman 1990. It has no gates: h_t is the candidate.

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
STATES = ("hidden", "cell")  # the arrays that are states, not gates


def arrays(layer: LayerTrace) -> dict[str, Array]:
    """Return every array of a layer by name."""
    return {field.name: getattr(layer, field.name) for field in fields(layer)}


def carry_memory(
    kept: Array, written: Array, initial: Array, lengths: Lengths, reverse: bool
) -> Array:
    """Compute a memory over sequences of different lengths: s_t = k_t * s_{t-1} + w_t.

    Parameters
    ----------
    kept, written
        k and w, [T, B, H].
    initial
        s before the first step in reading order, [B, H].
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
    reading = slice(None, None, -1 if reverse else 1)
    if valid.all():
        return carry(kept[reading], written[reading], initial)[reading]
    kept, written = np.where(valid, kept, 1), np.where(valid, written, 0)
    return np.where(valid, carry(kept[reading], written[reading], initial)[reading], 0)


def rebuild(
    layer: LayerTrace, initial: tuple[Array, ...], lengths: Lengths, reverse: bool
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Rebuild a layer's states from only its gates and candidates, in float64.

    Parameters
    ----------
    layer
        The traced arrays, of which `hidden` and `cell` are not read.
    initial
        The states before the first step.
    lengths, reverse
        As in `carry_memory`.

    Returns
    -------
    states
        h, or h and c, after each step, [T, B, H]; 0 in the padding.
    last
        The states after the last step in reading order, as `initial`.
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
        _last_states(after, before, lengths, reverse)
        for after, before in zip(states, initial, strict=True)
    )


def _last_states(states: Array, initial: Array, lengths: Lengths, reverse: bool) -> Array:
    """Return the states after the last step, [B, H]; the initial ones of empty sequences."""
    if not len(states):
        return initial
    last_step = np.zeros_like(lengths) if reverse else lengths - 1
    return np.where((lengths > 0)[:, None], states[last_step, np.arange(len(lengths))], initial)
