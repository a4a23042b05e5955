"""The engine on arrays as they are: nothing is allocated, copied or kept; the binding checks them.

For callers that own their weights, as torch modules do, and may change them before the next call.
An array is NumPy's or, once `glassgate.nn` has been imported, a torch tensor on the CPU.
"""

from typing import Any, NamedTuple, TypeAlias

from glassgate import _native
from glassgate.engine.target import target
from glassgate.engine.threads import threads

Floats: TypeAlias = Any  # an array or a tensor, in C order, float32 or float64
Weights: TypeAlias = tuple[Floats, Floats, Floats, Floats]  # W (3H, I), U (3H, H), b, c (3H,)
Words: TypeAlias = tuple[str, str, str, str]  # update, reset, gate, squash


class Batch(NamedTuple):
    """What a run reads beside the weights, as in `Layer.sequence`.

    Attributes
    ----------
    input
        [T, B, I], or [N, I] if packed.
    initial
        [B, H].
    lengths
        [B] int64 or None; needed if packed.
    resets
        [T, B] booleans or None.
    packed, reverse
        As in `Layer.sequence`.
    """

    input: Floats
    initial: Floats
    lengths: Any
    resets: Any
    packed: bool
    reverse: bool


def run(
    weights: Weights, form: Words, batch: Batch, output: Floats, last: Floats, tape: Floats | None
) -> None:
    """Run along a batch of sequences.

    Parameters
    ----------
    weights, form
        Weights of one dtype, and the formulation's words.
    batch
        What to read.
    output
        [T, B, H] or [N, H], written; 0 in the padding.
    last
        [B, H], written.
    tape
        [N, 4, H], written, as `Record` has it, N the number of valid steps; None to keep none.

    Raises
    ------
    ValueError
        When a shape or the lengths do not fit.
    TypeError
        When the dtypes differ, or an array is not on the CPU.
    """
    _native.run(
        *(*weights, form, batch.input, batch.initial, output, last, tape),
        *(batch.lengths, batch.resets, batch.packed, batch.reverse, target(), threads()),
    )


def run_back(
    weights: Weights,
    form: Words,
    batch: Batch,
    ran: tuple[Floats, Floats],
    grads: tuple[Floats | None, Floats | None],
    to: tuple[Floats | None, Floats, Floats, Floats, Floats, Floats],
) -> None:
    """Backpropagate through what `run` recorded.

    Parameters
    ----------
    weights, form, batch
        As `run` took them.
    ran
        The output and the tape that it wrote.
    grads
        The gradients to the output and to the last states; None for zeros.
    to
        The gradients to the input, the initial state, W, U, b and c, written; None in the first
        place where that to the input is not wanted.

    Raises
    ------
    ValueError, TypeError
        As in `run`.
    """
    _native.backward(
        *(*weights, form, batch.input, batch.initial, *ran, batch.lengths, batch.resets),
        *(*grads, *to),
        packed=batch.packed,
        reverse=batch.reverse,
        target=target(),
        threads=threads(),
    )
