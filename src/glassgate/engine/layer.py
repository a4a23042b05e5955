"""One layer in one direction on the native engine: sequences and single steps.

Results are reproducible to the bit: on one target, those of a sequence do not depend on the rest of
its batch, on padding, on the number of threads, or on whether it runs at once, in pieces or step by
step.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate import _native
from glassgate.engine.calls import (
    Batch,
    check_array,
    check_lengths,
    check_resets,
    form_words,
    run_layer,
)
from glassgate.engine.gradients import backpropagate
from glassgate.engine.settings import check_threads, choose_target
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.reference import Gradients
from glassgate.weights import GRUWeights, require_shape


@dataclass(frozen=True, eq=False)
class Record:
    """A run recorded for `backward`: its arguments, its results and its tape.

    Attributes
    ----------
    formulation
        That of the layer.
    input, initial, lengths, resets, packed, reverse
        The arguments of `Layer.sequence`.
    output, last
        Its results.
    tape
        [N, 4, H], N the number of valid steps: reset gate r, kept share k, candidate n, and the
        product m = U_n h + c_n (0 unless the reset gate is applied after it). The first steps of
        all sequences come first, longest sequence first, then their second steps, and so on.
    """

    formulation: Formulation
    input: Array
    initial: Array
    lengths: NDArray[np.int64] | None
    resets: NDArray[np.bool_] | None
    packed: bool
    reverse: bool
    output: Array
    last: Array
    tape: Array


class Layer:
    """The weights of one layer in one direction, packed for this machine.

    Parameters
    ----------
    weights
        Float32 or float64 weights of any formulation; input and states have their dtype. Weights
        in bfloat16 are computed with float32 states and sums.
    target
        One of `glassgate.engine.targets()`; by default `glassgate.engine.target()`.

    Raises
    ------
    BadInput
        When this machine does not offer the target.
    """

    def __init__(self, weights: GRUWeights, target: str | None = None) -> None:
        self.weights = weights
        self.native_layer = _native.PackedLayer(
            weights.weight_input,
            weights.weight_hidden,
            weights.bias_input,
            weights.bias_hidden,
            form_words(weights.formulation),
            weights.bfloat16,
            choose_target(target),
        )

    def sequence(
        self,
        input: Array,
        initial: Array | None = None,
        lengths: ArrayLike | None = None,
        resets: ArrayLike | None = None,
        *,
        packed: bool = False,
        reverse: bool = False,
    ) -> tuple[Array, Array]:
        """Run a batch of sequences.

        Parameters
        ----------
        input
            [T, B, I], of the weights' dtype; copied if not check_array. T and B may be 0.
        initial
            The state before the first step, [B, H]; zeros if not given.
        lengths
            Valid steps of each sequence, 0..T, [B] integers; all if not given. The rest of the
            input is never read, and the output there is 0. Work grows with the sum of the lengths.
        resets
            [T, B] booleans: True where the state is zeroed before the step.
        packed
            Whether `input` is [N, I], N the sum of `lengths`, which must not increase: the first
            steps of all sequences, then the second steps of those that have one, and so on. The
            output is [N, H].
        reverse
            Whether to run from each sequence's last valid step to its first.

        Returns
        -------
        output
            The state after each step, [T, B, H].
        last
            Each sequence's state after its last step (in reverse: after reading its first
            element), [B, H]; the initial state where the length is 0.

        Raises
        ------
        BadInput
            When a shape does not fit or a length is out of range.
        TypeError
            When a dtype is not the weights', or the lengths are not integers.
        """
        batch = self._prepare(input, initial, lengths, resets, packed=packed, reverse=reverse)
        output, last, _ = run_layer(self.native_layer, batch)
        return output, last

    def record(
        self,
        input: Array,
        initial: Array | None = None,
        lengths: ArrayLike | None = None,
        resets: ArrayLike | None = None,
        *,
        packed: bool = False,
        reverse: bool = False,
    ) -> Record:
        """Run as `sequence` does, and record what `glassgate.engine.backward` needs.

        Raises
        ------
        BadInput
            As `sequence` does, and when the weights are in bfloat16.
        TypeError
            As `sequence` does.
        """
        if self.weights.bfloat16:
            raise BadInput("weights in bfloat16 serve inference only, got a run to be recorded")
        batch = self._prepare(input, initial, lengths, resets, packed=packed, reverse=reverse)
        run = run_layer(self.native_layer, batch, rows=batch.tokens)
        return Record(self.weights.formulation, *batch, *run)

    def _prepare(
        self,
        input: Array,
        initial: Array | None,
        lengths: ArrayLike | None,
        resets: ArrayLike | None,
        *,
        packed: bool,
        reverse: bool,
    ) -> Batch:
        """Check the arguments of `sequence` and return them as the engine reads them."""
        dtype, H = self.weights.dtype, self.weights.hidden_size
        rows = ("N",) if packed else ("T", "B")
        input = check_array("input", input, dtype, (*rows, self.weights.input_size))
        ends = None if lengths is None else check_lengths(lengths, input.shape, packed)
        B = input.shape[1] if ends is None else len(ends)
        initial = np.zeros((B, H), dtype) if initial is None else initial
        initial = check_array("initial", initial, dtype, (B, H))
        T = (0 if ends is None else max(ends, default=0)) if packed else len(input)
        resets = None if resets is None else check_resets(resets, (T, B))
        return Batch(input, initial, ends, resets, packed, reverse)

    def step(self, input: Array, hidden: Array, out: Array, threads: int = 1) -> Array:
        """Take one step, without allocating anything.

        Parameters
        ----------
        input
            [B, I], of the weights' dtype, in C order.
        hidden
            The states before the step, [B, H].
        out
            The states after it, [B, H], written; may be `hidden` itself.
        threads
            The number of threads; more than one pays off for large layers only.

        Returns
        -------
        Array
            `out`.

        Raises
        ------
        ValueError
            When a shape does not fit, an array is not check_array, or `out` is read-only.
        TypeError
            When an argument is not an array of the weights' dtype.
        """
        if threads != 1:
            check_threads(threads)
        self.native_layer.step(input, hidden, out, threads)
        return out


def backward(
    weights: GRUWeights,
    record: Record,
    grad_output: Array | None = None,
    grad_last: Array | None = None,
    target: str | None = None,
) -> Gradients:
    """Backpropagate through time.

    On one target, the gradients to a sequence's input and initial state have the same bits in every
    batch, and those to the weights have the same bits on any number of threads.

    Parameters
    ----------
    weights
        Those of the layer that recorded the run.
    record
        What `Layer.record` returned.
    grad_output
        The derivative of the loss with respect to each output state, of the output's shape; the
        padding is not read. Zeros if not given.
    grad_last
        The derivative with respect to the last states, [B, H]; zeros if not given.
    target
        As in `Layer`.

    Returns
    -------
    Gradients
        Each of the shape of its array; 0 in the padding of the input.

    Raises
    ------
    BadInput
        When a shape does not fit.
    TypeError
        When a dtype is not the weights'.

    Notes
    -----
    Werbos 1990, Backpropagation through time.
    """
    dtype, H = weights.dtype, weights.hidden_size
    if weights.formulation != record.formulation:
        raise BadInput(
            f"weights must have the record's formulation, {record.formulation}, "
            f"got {weights.formulation}"
        )
    require_shape("the record's input", record.input.shape[-1:], (weights.input_size,))
    require_shape("the record's states", record.last.shape, ("B", H))
    if grad_output is not None:
        grad_output = check_array("grad_output", grad_output, dtype, record.output.shape)
    if grad_last is not None:
        grad_last = check_array("grad_last", grad_last, dtype, record.last.shape)
    grads = backpropagate(
        (weights.weight_input, weights.weight_hidden, weights.bias_input, weights.bias_hidden),
        form_words(weights.formulation),
        Batch(*(getattr(record, name) for name in Batch._fields)),
        record.output,
        record.tape,
        grad_output,
        grad_last,
        target=choose_target(target),
    )
    return Gradients(*cast("tuple[Array, ...]", grads))
