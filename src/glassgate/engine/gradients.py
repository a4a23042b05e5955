"""Backward calls of the native engine: allocate gradients and backpropagate.

Like forward calls (`engine.calls`), they take NumPy arrays or torch's CPU tensors in C order.
"""

from typing import TypeAlias

from glassgate import _native
from glassgate.engine import settings
from glassgate.engine.calls import Batch, Empty, Floats, Weights, Words, empty, valid_rows

Gradients: TypeAlias = tuple[Floats | None, Floats, Floats, Floats, Floats, Floats]


def backpropagate(
    weights: Weights,
    form: Words,
    batch: Batch,
    output: Floats,
    tape: Floats,
    grad_output: Floats | None,
    grad_last: Floats | None,
    *,
    to_input: bool = True,
    target: str | None = None,
    empty: Empty = empty,
) -> Gradients:
    """Backpropagate through a recorded run.

    Parameters
    ----------
    weights, form, batch
        The arguments of `run`.
    output, tape
        Its results.
    grad_output, grad_last
        The gradients to the output and to the last states; None for zeros.
    to_input
        Whether to compute the gradient to the input.
    target
        As in `Layer`.
    empty
        Allocates the gradients, as in `run`.

    Returns
    -------
    tuple
        The gradients to the input (None if not `to_input`), the initial state, W, U, b and c.

    Raises
    ------
    ValueError, TypeError
        As in `run`.
    """
    grad_input = empty((*batch.input.shape,), batch.input) if to_input else None
    grad_initial, grad_W, grad_U, grad_b, grad_c = [
        empty((*array.shape,), array) for array in (batch.initial, *weights)
    ]
    _native.backward(
        *weights,
        form,
        batch.input,
        batch.initial,
        output,
        valid_rows(tape, batch),
        batch.lengths,
        batch.resets,
        grad_output,
        grad_last,
        grad_input,
        grad_initial,
        grad_W,
        grad_U,
        grad_b,
        grad_c,
        packed=batch.packed,
        reverse=batch.reverse,
        target=target or settings.target(),
        threads=settings.threads(),
    )
    return grad_input, grad_initial, grad_W, grad_U, grad_b, grad_c


def backpropagate_step(
    weights: Weights,
    form: Words,
    input: Floats,
    initial: Floats,
    tape: Floats,
    grad_output: Floats | None,
    grad_last: Floats | None,
    *,
    to_input: bool,
    empty: Empty,
) -> tuple[Floats | None, Floats, Floats]:
    """Backpropagate through one recorded step, without the gradients to the weights.

    Returns
    -------
    grad_input, grad_initial
        As from `backpropagate`.
    grad_sums
        The gradients to the sums inside the curves, from which `gather_steps` computes those to
        the weights.
    """
    grad_input = empty((*input.shape,), input) if to_input else None
    grad_initial = empty((*initial.shape,), initial)
    grad_sums = _native.step_back(
        weights,
        form,
        input,
        initial,
        tape,
        grad_output,
        grad_last,
        grad_input,
        grad_initial,
        settings.target(),
        settings.threads(),
    )
    return grad_input, grad_initial, grad_sums


def gather_steps(
    weights: Weights, form: Words, steps: list[tuple[Floats, ...]], empty: Empty
) -> tuple[Floats, ...]:
    """Compute the gradients to W, U, b and c over many steps.

    Each step is its `grad_sums`, input, initial state and tape; of `weights` only shapes are read.
    """
    grads = tuple([empty((*array.shape,), array) for array in weights])
    _native.gather_steps(weights, form, steps, grads, settings.target(), settings.threads())
    return grads
