"""A whole GRU network in NumPy: layers on layers, in one direction or two, run or streamed.

Longer than other files, since one class has the whole interface, which its docstrings explain.
"""

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassgate.engine.calls import (
    Batch,
    Run,
    checked_lengths,
    checked_resets,
    contiguous,
    run_layer,
)
from glassgate.engine.file import read_file, write_file
from glassgate.engine.layer import Layer
from glassgate.engine.plan import (
    BOTH,
    LayerPlan,
    Stack,
    State,
    as_state,
    checked_stack,
    checked_state,
    require_state,
    reverse_steps,
)
from glassgate.errors import BadInput
from glassgate.formulation import Array, Formulation
from glassgate.weights import GRUWeights, require_shape

Layers: TypeAlias = Sequence[Sequence[GRUWeights]]


class GRU:
    """A GRU network on the native engine, with NumPy arrays as input and output.

    On one instruction set, the bits of a sequence's result do not depend on the rest of its batch,
    on the padding, on the number of threads, or on whether it runs at once, in pieces or step by
    step.

    Parameters
    ----------
    layers
        For each layer, from the input up, the weights of its directions: one that runs forward, or
        two, forward and reverse. A layer above the first reads the output of the one below, so its
        I is the size of that output: H times the number of directions, unless the plan merges them.
    plan
        For each layer a `LayerPlan`: the directions of its weights, and how their states are
        merged. By default as in `torch.nn.GRU`: forward, or forward and reverse side by side.

    Attributes
    ----------
    weights, plan
        `layers` and `plan`, as tuples.

    Raises
    ------
    BadInput
        When there is no layer, when a layer has no direction or more than two, or when sizes,
        dtypes, formulations, or plan and weights do not fit together.
    TypeError
        When a layer or plan is of another type than `GRUWeights` or `LayerPlan`.

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

    Steps one after another give the same bits:

    >>> state = gru.initial_state(batch=1)
    >>> for x in np.ones((3, 1, 1)):
    ...     newest, state = gru.step(x, state)
    >>> bool((newest == output[-1]).all())
    True
    """

    def __init__(self, layers: Layers, plan: Sequence[LayerPlan] | None = None) -> None:
        stack = tuple(map(tuple, layers))
        if plan is None:
            plan = [LayerPlan(BOTH[: max(1, len(layer))]) for layer in stack]
        self.plan = tuple(plan)
        self._use(checked_stack(stack, self.plan))

    def _use(self, weights: Stack) -> None:
        """Run with these weights from now on, which fit together and fit the plan."""
        self.weights = weights
        self._layers = tuple(tuple(map(Layer, directions)) for directions in weights)
        # Computed once for `step`, which is called every microsecond or two.
        self._forward = all(plan.directions == ("forward",) for plan in self.plan)
        self._alike = len(set(self.hidden_sizes)) == 1
        self._steps = tuple(directions[0].step for directions in self._layers)

    def __reduce__(self) -> tuple[type["GRU"], tuple[Stack, tuple[LayerPlan, ...]]]:
        return type(self), (self.weights, self.plan)

    @property
    def input_size(self) -> int:
        """I, the number of values in one step's input."""
        return self.weights[0][0].input_size

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """H, the number of units in one direction, of each layer."""
        return tuple(layer[0].hidden_size for layer in self.weights)

    @property
    def hidden_size(self) -> int:
        """H of all layers.

        Raises
        ------
        BadInput
            When they differ.
        """
        if not self._alike:
            raise BadInput(f"hidden_size must be one of all layers, got {self.hidden_sizes}")
        return self.weights[0][0].hidden_size

    @property
    def num_layers(self) -> int:
        """The number of layers."""
        return len(self.weights)

    @property
    def states(self) -> int:
        """The number of states of H units, one for each layer and direction."""
        return sum(map(len, self.weights))

    @property
    def output_size(self) -> int:
        """The size of the output at a step, H or 2 H by the last layer's plan."""
        return self.plan[-1].width(self.hidden_sizes[-1])

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The dtype of input, states and output; float32 also for weights in bfloat16."""
        return self.weights[0][0].dtype

    @property
    def bfloat16(self) -> bool:
        """Whether the engine holds the weights in bfloat16."""
        return self.weights[0][0].bfloat16

    @property
    def formulation(self) -> Formulation:
        """The form of the unit in all layers."""
        return self.weights[0][0].formulation

    def initial_state(self, batch: int) -> State:
        """Return the state before the first step: zeros, [states, B, H].

        Where layers differ in H, a state is a tuple of as many arrays, [B, H] each.

        Raises
        ------
        BadInput
            When `batch` is below 0.
        """
        if batch < 0:
            raise BadInput(f"batch must be at least 0, got {batch}")
        return as_state([np.zeros((batch, H), self.dtype) for H in self.state_sizes])

    @property
    def state_sizes(self) -> list[int]:
        """H of each state."""
        return [weights.hidden_size for layer in self.weights for weights in layer]

    def run(
        self,
        input: Array,
        state: State | None = None,
        lengths: ArrayLike | None = None,
        resets: ArrayLike | None = None,
    ) -> tuple[Array, State]:
        """Run a batch of sequences.

        Parameters
        ----------
        input
            [T, B, I], of the network's dtype. T and B may be 0.
        state
            The states before the first step, [states, B, H], in `torch.nn.GRU`'s order: layer 0
            forward, layer 0 reverse, layer 1 forward; as `initial_state` gives them where layers
            differ in H. Zeros if not given.
        lengths
            Valid steps of each sequence, 0..T, [B] integers; all if not given. The rest of the
            input is never read, and the output there is 0. Work grows with the sum of the lengths.
        resets
            [T, B] booleans: True where every layer's state is zeroed before it reads the step.

        Returns
        -------
        output
            The last layer's states after each step, merged and ordered by its plan,
            [T, B, `output_size`]: for two directions side by side, 2 H.
        state
            The states after each sequence's last step (in reverse: after reading its first
            element), [states, B, H]; the given ones where the length is 0.

        Raises
        ------
        BadInput
            When a shape does not fit or a length is out of range.
        TypeError
            When a dtype is not the network's, or the lengths are no integers.
        """
        reads = self._prepare(input, state, lengths, resets)
        last: list[Array] = []
        for output, runs in self._layer_runs(reads, taped=False):  # noqa: B007 - the last one's
            last += [run.last for _, run in runs]
        return output, as_state(last)

    def _prepare(
        self,
        input: Array,
        state: State | None,
        lengths: ArrayLike | None,
        resets: ArrayLike | None = None,
    ) -> Batch:
        """Check the arguments of `run`; give them as the engine reads them."""
        input = contiguous("input", input, self.dtype, ("T", "B", self.input_size))
        T, B, _ = input.shape
        state = self.initial_state(B) if state is None else state
        state = checked_state(state, self.state_sizes, B, self.dtype)
        ends = None if lengths is None else checked_lengths(lengths, input.shape, packed=False)
        return Batch(input, state, ends, None if resets is None else checked_resets(resets, (T, B)))

    def _layer_runs(
        self, reads: Batch, *, taped: bool
    ) -> Iterator[tuple[Array, list[tuple[Batch, Run]]]]:
        """Run layer by layer: give each one's output, and what its directions read and wrote.

        Parameters
        ----------
        reads
            What `_prepare` gave.
        taped
            Whether each direction keeps a tape; not with weights in bfloat16.
        """
        input, _, lengths, resets, *_ = reads
        states = iter(reads.initial)
        for plan, layer in zip(self.plan, self._layers, strict=True):
            runs = []
            for way, direction in zip(plan.directions, layer, strict=True):
                batch = Batch(input, next(states), lengths, resets, reverse=way == "reverse")
                rows = batch.tokens if taped else None
                runs.append((batch, run_layer(direction.native_layer, batch, rows)))
            output = plan.combine([run.output for _, run in runs])
            if plan.turns:
                output = reverse_steps(output, lengths)
                resets = None if resets is None else reverse_steps(resets, lengths).copy()
            yield output, runs
            input = np.ascontiguousarray(output)  # (T, B, width)

    def step(
        self, input: Array, state: State, out: State | None = None, threads: int = 1
    ) -> tuple[Array, State]:
        """Take one step, as directly as possible.

        Parameters
        ----------
        input
            [B, I], of the network's dtype, in C order.
        state
            The states before the step, [layers, B, H], or [B, H] each where layers differ in H,
            likewise.
        out
            Where the states after the step are written, as `state`, or `state` itself.
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
            When a layer reads in reverse, a shape does not fit, an array is not contiguous, or
            `out` is read-only.
        TypeError
            When an argument is not an array of the network's dtype.
        """
        if not self._forward:
            raise BadInput("a network that reads in reverse cannot step: it starts at the end")
        if out is None:
            out = np.empty_like(state) if self._alike else tuple(map(np.empty_like, state))
        output = input
        try:
            if not len(self._steps) == len(state) == len(out):
                raise ValueError("a layer without a state, or a state without a layer")
            for step, before, after in zip(self._steps, state, out):  # noqa: B905 - strict costs
                output = step(output, before, after, threads)
        except ValueError as error:
            require_shape("input", np.shape(input), ("B", self.input_size))
            for name, given in (("state", state), ("out", out)):
                require_state(name, given, self.state_sizes, len(input))
            raise BadInput(str(error)) from error
        return output, out

    def astype(self, dtype: DTypeLike) -> "GRU":
        """Give the same network in float32, float64 or ``"bfloat16"``, as `GRUWeights.astype`.

        Raises
        ------
        TypeError
            When `dtype` is none of these.
        """
        layers = [[weights.astype(dtype) for weights in layer] for layer in self.weights]
        return GRU(layers, self.plan)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the network to a safetensors file, as ``docs/formats.md`` describes it.

        An existing file is replaced as a whole or not at all.

        Raises
        ------
        OSError
            When the file cannot be written.
        """
        write_file(path, self.weights, self.plan)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "GRU":
        """Read a network that `save` wrote, by this version of Glassgate or an earlier one.

        Nothing in the file is executed, and its size limits the memory that is allocated.

        Raises
        ------
        BadInput
            When the file is of another kind or damaged.
        OSError
            When it cannot be read.
        """
        return cls(*read_file(path))
