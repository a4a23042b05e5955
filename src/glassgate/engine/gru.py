"""A whole GRU network in NumPy: layers on layers, in one direction or two, run or streamed."""

from collections.abc import Sequence
from os import PathLike
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassgate.engine.file import DIRECTIONS, Stack, read_file, write_file
from glassgate.engine.layer import Layer, contiguous
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.weights import GRUWeights, require_shape

Layers: TypeAlias = Sequence[Sequence[GRUWeights]]


class GRU:
    """A GRU network on the native engine, as NumPy sees it.

    Same bits, always: on one target, what comes out for a sequence does not depend on the batch
    around it, on padding, on the number of threads, on the stretches it is cut in, or on being
    run step by step.

    Parameters
    ----------
    layers
        For each layer, from the input up, the weights of its directions: one that runs forward,
        or two, forward and reverse. A layer above the first reads the states of all directions
        of the one below, side by side, so its I is H times the directions.

    Attributes
    ----------
    weights
        `layers`, as tuples of tuples.
    bidirectional
        Whether layers run in two directions.

    Raises
    ------
    BadInput
        When there is no layer, when a layer has no direction or more than two, or when sizes,
        dtypes, formulations or directions of the layers do not fit together.
    TypeError
        When something is no `GRUWeights`.

    Examples
    --------
    >>> import numpy as np
    >>> from glassgate import GRU, GRUWeights
    >>> weights = GRUWeights(*(np.full(shape, 0.5) for shape in ((6, 1), (6, 2), 6, 6)))
    >>> gru = GRU([[weights]])
    >>> output, state = gru.run(np.ones((3, 1, 1)))
    >>> output[:, 0].round(3)
    array([[0.162, 0.162],
           [0.282, 0.282],
           [0.376, 0.376]])

    One step after the other gives the same:

    >>> state = gru.initial_state(batch=1)
    >>> for x in np.ones((3, 1, 1)):
    ...     newest, state = gru.step(x, state)
    >>> bool((newest == output[-1]).all())
    True
    """

    def __init__(self, layers: Layers) -> None:
        self.weights: Stack = _checked(layers)
        self._layers = tuple(tuple(map(Layer, directions)) for directions in self.weights)
        # At hand for `step`, which is called once a microsecond or two.
        self.bidirectional = len(self.weights[0]) == 2
        self._steps = tuple(directions[0].step for directions in self._layers)

    def __reduce__(self) -> tuple[type["GRU"], tuple[Stack]]:
        return type(self), (self.weights,)

    @property
    def input_size(self) -> int:
        """I, the number of values in one step's input."""
        return self.weights[0][0].input_size

    @property
    def hidden_size(self) -> int:
        """H, the number of units of a layer in one direction."""
        return self.weights[0][0].hidden_size

    @property
    def num_layers(self) -> int:
        """How many layers stand on each other."""
        return len(self.weights)

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Of input, states and output: float32, also with weights in bfloat16, or float64."""
        return self.weights[0][0].dtype

    @property
    def bfloat16(self) -> bool:
        """Whether the engine holds the weights in bfloat16."""
        return self.weights[0][0].bfloat16

    @property
    def formulation(self) -> Formulation:
        """The form of the unit in all layers."""
        return self.weights[0][0].formulation

    def initial_state(self, batch: int) -> Array:
        """Give the state before anything was read, zeros, [layers x directions, B, H].

        Raises
        ------
        BadInput
            When `batch` is below 0.
        """
        if batch < 0:
            raise BadInput(f"batch must be at least 0, got {batch}")
        return np.zeros((self._states, batch, self.hidden_size), self.dtype)

    @property
    def _states(self) -> int:
        return self.num_layers * len(self.weights[0])

    def run(
        self,
        input: Array,
        state: Array | None = None,
        lengths: ArrayLike | None = None,
        resets: ArrayLike | None = None,
    ) -> tuple[Array, Array]:
        """Run along a batch of sequences.

        Parameters
        ----------
        input
            [T, B, I], of the network's dtype. T and B may be 0.
        state
            The states before the first step, [layers x directions, B, H], in `torch.nn.GRU`'s
            order: layer 0 forward, layer 0 reverse, layer 1 forward. Zeros if not given.
        lengths
            Valid steps of each sequence, 0..T, [B] integers; all if not given. The rest of the
            input is never read, and the output there is 0. Work grows with the sum of the lengths.
        resets
            [T, B] booleans: True where every layer's state is zeroed before it reads the step.

        Returns
        -------
        output
            The last layer's states after each step, [T, B, H x directions].
        state
            The states after each sequence's last step (in reverse: after reading its first
            element), [layers x directions, B, H]; the given ones where the length is 0.

        Raises
        ------
        BadInput
            When a shape does not fit or a length is out of range.
        TypeError
            When a dtype is not the network's, or the lengths are no integers.
        """
        input = contiguous("input", input, self.dtype, ("T", "B", self.input_size))
        B, directions = input.shape[1], len(self.weights[0])
        state = self.initial_state(B) if state is None else state
        state = contiguous("state", state, self.dtype, (self._states, B, self.hidden_size))
        last, output = np.empty_like(state), input
        for below, layer in enumerate(self._layers):
            outputs = []
            for d, direction in enumerate(layer):
                i = below * directions + d
                states, last[i] = direction.sequence(
                    output, state[i], lengths, resets, reverse=d == 1
                )
                outputs.append(states)  # (T, B, H)
            output = outputs[0] if directions == 1 else np.concatenate(outputs, -1)
        return output, last

    def step(
        self, input: Array, state: Array, out: Array | None = None, threads: int = 1
    ) -> tuple[Array, Array]:
        """Take one step, with nothing between the arrays and the engine.

        Parameters
        ----------
        input
            [B, I], of the network's dtype, in C order.
        state
            The states before the step, [layers, B, H], likewise.
        out
            Where the states after the step are written, [layers, B, H]; may be `state` itself.
            With it, no array is allocated. A new one if not given.
        threads
            How many threads to use: more than one pays for large layers only.

        Returns
        -------
        output
            The last layer's new state, [B, H]: a view of the new state.
        state
            The new state: `out`, if given.

        Raises
        ------
        BadInput
            When the network is bidirectional, a shape does not fit, an array is not contiguous,
            or `out` is read-only.
        TypeError
            When something is no array of the network's dtype.
        """
        if self.bidirectional:
            raise BadInput("a bidirectional network cannot step: it reads sequences from their end")
        if out is None:
            out = np.empty_like(state)
        try:
            if not len(self._steps) == len(state) == len(out):
                raise ValueError("a layer without a state, or a state without a layer")
            for step, before, after in zip(self._steps, state, out):  # noqa: B905 - strict costs
                input = step(input, before, after, threads)
        except ValueError as error:
            self._require_shapes(input, state, out)
            raise BadInput(str(error)) from error
        return input, out

    def _require_shapes(self, input: Array, state: Array, out: Array) -> None:
        require_shape("input", np.shape(input), ("B", self.input_size))
        shape = (self.num_layers, len(input), self.hidden_size)
        require_shape("state", np.shape(state), shape)
        require_shape("out", np.shape(out), shape)

    def astype(self, dtype: DTypeLike) -> "GRU":
        """Give the same network in float32, float64 or ``"bfloat16"``, as `GRUWeights.astype`.

        Raises
        ------
        TypeError
            When `dtype` is none of these.
        """
        return GRU([[weights.astype(dtype) for weights in layer] for layer in self.weights])

    def save(self, path: str | PathLike[str]) -> None:
        """Write the network to a safetensors file, as ``docs/formats.md`` describes it.

        A file that is there already is replaced, as a whole or not at all.

        Raises
        ------
        OSError
            When the file cannot be written.
        """
        write_file(path, self.weights)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "GRU":
        """Read a network that `save` wrote, by this version of Glassgate or an earlier one.

        Nothing in the file is executed, and no more is allocated than its size calls for.

        Raises
        ------
        BadInput
            When the file is no such file or is damaged.
        OSError
            When it cannot be read.
        """
        return cls(read_file(path))


def _checked(layers: Layers) -> Stack:
    stack = tuple(map(tuple, layers))
    if not stack or not stack[0]:
        raise BadInput("layers must hold at least one layer of at least one direction, got none")
    for weights in (weights for layer in stack for weights in layer):
        if not isinstance(weights, GRUWeights):
            raise TypeError(f"layers must hold GRUWeights, got {type(weights).__name__}")
    directions, first = len(stack[0]), stack[0][0]
    if directions > len(DIRECTIONS):
        raise BadInput(f"a layer must have one direction or two, got {directions}")
    for i, layer in enumerate(stack):
        if len(layer) != directions:
            raise BadInput(f"layer {i} must have {directions} directions, got {len(layer)}")
        reads = directions * first.hidden_size if i else first.input_size
        for name, weights in zip(DIRECTIONS, layer, strict=False):
            _require_like(f"layer {i} {name}", weights, first, reads)
    return stack


def _require_like(name: str, weights: GRUWeights, first: GRUWeights, reads: int) -> None:
    wanted = {
        "input_size": reads,
        "hidden_size": first.hidden_size,
        "dtype": first.dtype,
        "bfloat16": first.bfloat16,
        "formulation": first.formulation,
    }
    for fact, value in wanted.items():
        came = getattr(weights, fact)
        if came != value:
            raise BadInput(f"{fact} of {name} must be {value}, got {came}")
