"""One layer in one direction on the native engine: sequences and single steps.

Same bits, always: on one target, what comes out for a sequence does not depend on the batch around
it, on padding, on the number of threads, on the stretches it is cut in, or on being run step by
step.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassgate import _native
from glassgate.engine.memory import empty
from glassgate.engine.settings import checked_threads, target, threads
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.weights import GRUWeights, require_shape

TAPE = 4  # values a unit and step: r, k, n and m = U_n h + c_n


@dataclass(frozen=True, eq=False)
class Record:
    """A run that can be gone back over: what went in, what came out, and the tape.

    Attributes
    ----------
    formulation
        That of the layer.
    input, initial, lengths, resets, packed, reverse
        As `Layer.sequence` took them.
    output, last
        As it returned them.
    tape
        [N, 4, H], N the number of valid steps: reset gate r, kept share k, candidate n, and the
        product m = U_n h + c_n (0 where the reset gate does not stand after it). First the first
        steps of all sequences, the longest sequence first, then their second steps, and so on.
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
        One of `glassgate.engine.targets()`; by default the one in use.

    Raises
    ------
    BadInput
        When this machine does not offer the target.
    """

    def __init__(self, weights: GRUWeights, target: str | None = None) -> None:
        self.weights = weights
        self._packed = _native.PackedLayer(
            weights.weight_input,
            weights.weight_hidden,
            weights.bias_input,
            weights.bias_hidden,
            form_words(weights.formulation),
            weights.bfloat16,
            checked_target(target),
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
        """Run along a batch of sequences.

        Parameters
        ----------
        input
            [T, B, I], of the weights' dtype; copied if not contiguous. T and B may be 0.
        initial
            The state before the first step, [B, H]; zeros if not given.
        lengths
            Valid steps of each sequence, 0..T, [B] integers; all if not given. The rest of the
            input is never read, and the output there is 0. Work grows with the sum of the lengths.
        resets
            [T, B] booleans: True where the state is zeroed before the step.
        packed
            Whether `input` is [N, I], N the sum of `lengths`, which must not increase: the first
            steps of all sequences, then the second ones of those that have one. The output is
            [N, H].
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
            When a dtype is not the weights', or the lengths are no integers.
        """
        run = self._run(input, initial, lengths, resets, packed, reverse, tape=False)
        return run.output, run.last

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
        """Run as `sequence` does and keep what `glassgate.engine.backward` needs.

        Raises
        ------
        BadInput
            As `sequence` does, and when the weights are in bfloat16.
        TypeError
            As `sequence` does.
        """
        if self.weights.bfloat16:
            raise BadInput("weights in bfloat16 serve inference only, got a run to be recorded")
        return self._run(input, initial, lengths, resets, packed, reverse, tape=True)

    def _run(
        self,
        input: Array,
        initial: Array | None,
        lengths: ArrayLike | None,
        resets: ArrayLike | None,
        packed: bool,
        reverse: bool,
        tape: bool,
    ) -> Record:
        H, dtype = self.weights.hidden_size, self.weights.dtype
        rows = ("N",) if packed else ("T", "B")
        input = contiguous("input", input, dtype, (*rows, self.weights.input_size))
        ends = None if lengths is None else checked_lengths(lengths, input.shape, packed)
        B = input.shape[1] if ends is None else len(ends)
        initial = np.zeros((B, H), dtype) if initial is None else initial
        initial = contiguous("initial", initial, dtype, (B, H))
        T = (max(ends, default=0) if ends is not None else 0) if packed else len(input)
        resets = None if resets is None else contiguous("resets", np.asarray(resets), bool, (T, B))
        tokens = input.shape[0] if packed else T * B if ends is None else int(ends.sum())
        output = empty((*input.shape[:-1], H), dtype)
        last = empty((B, H), dtype)
        taped = empty((tokens if tape else 0, TAPE, H), dtype)
        self._packed.sequence(
            *(input, initial, output, last, taped if tape else None),
            *(ends, resets, packed, reverse, threads()),
        )
        form = self.weights.formulation
        return Record(form, input, initial, ends, resets, packed, reverse, output, last, taped)

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
            How many threads to use: more than one pays for large layers only.

        Returns
        -------
        Array
            `out`.

        Raises
        ------
        ValueError
            When a shape does not fit, an array is not contiguous, or `out` is read-only.
        TypeError
            When something is no array of the weights' dtype.
        """
        if threads != 1:
            checked_threads(threads)
        self._packed.step(input, hidden, out, threads)
        return out


def form_words(formulation: Formulation) -> tuple[str, str, str, str]:
    """Give a formulation as the native module takes it."""
    return formulation.update, formulation.reset, formulation.gate, formulation.squash


def checked_target(name: str | None) -> str:
    """Give the target's name, by default that of the one in use; refuse one not offered here."""
    offered = _native.targets()
    if name is not None and name not in offered:
        raise BadInput(f"target must be one of {', '.join(offered)} on this machine, got {name!r}")
    return name or target()


def contiguous(
    name: str,
    array: NDArray[Any],
    dtype: np.dtype[np.floating] | type,
    shape: tuple[int | str, ...],
) -> NDArray[Any]:
    """Give an array in C order; refuse another dtype or shape."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
    if array.dtype != dtype:
        raise TypeError(f"{name} must be {np.dtype(dtype)}, got {array.dtype}")
    require_shape(name, array.shape, shape)
    return np.require(array, requirements=["C", "A"])


def checked_lengths(lengths: ArrayLike, shape: tuple[int, ...], packed: bool) -> NDArray[np.int64]:
    """Give lengths as int64; refuse what is out of range."""
    ends = np.asarray(lengths)
    if not np.issubdtype(ends.dtype, np.integer):
        raise TypeError(f"lengths must be integers, got {ends.dtype}")
    require_shape("lengths", ends.shape, ("B",) if packed else (shape[1],))
    most = shape[0]
    if ends.size and (ends.min() < 0 or ends.max() > most):
        raise BadInput(f"lengths must lie in 0..{most}, got {ends.min()} to {ends.max()}")
    ends = np.ascontiguousarray(ends, np.int64)
    if packed and ((ends[1:] > ends[:-1]).any() or ends.sum() != most):
        raise BadInput(
            f"lengths of packed input must not increase and sum to its {most} rows, got {ends}"
        )
    return ends
