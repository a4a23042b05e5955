"""A whole GRU network on NumPy arrays: stacked, in one direction or two, run or streamed.

More than 300 lines: one class with the whole interface, most of them its docstrings.
"""

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassgate.engine.calls import (
    Batch,
    Run,
    check_array,
    check_lengths,
    check_resets,
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
    check_stack,
    check_state,
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
        For each layer, from the input up, the weights of its directions: forward, or forward and
        reverse. Each layer above the first reads the output of the layer below, so its I is the
        size of that output: H times the number of directions, unless the plan merges them.
    plan
        For each layer a `LayerPlan`: the directions of its weights, and how their states are
        merged. By default as in `torch.nn.GRU`: forward, or forward and reverse concatenated.

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

    Single steps give the same bits:

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
        self._set_weights(check_stack(stack, self.plan))

    def _set_weights(self, weights: Stack) -> None:
        """Run with these weights, which must fit each other and the plan, from now on."""
        self.weights = weights
        self._layers = tuple(tuple(map(Layer, directions)) for directions in weights)
        # For `step`, which may be called every microsecond or two.
        self._forward = all(plan.directions == ("forward",) for plan in self.plan)
        self._same_size = len(set(self.hidden_sizes)) == 1
        self._steps = tuple(directions[0].step for directions in self._layers)

    def __repr__(self) -> str:
        """Describe the sizes, the directions of each layer, the form and the dtype."""
        sizes = self.hidden_size if self._same_size else self.hidden_sizes
        plans = dict.fromkeys(map(_describe_plan, self.plan))
        return (
            f"GRU(input_size={self.input_size}, hidden_size={sizes}, layers={self.num_layers} "
            f"({'; '.join(plans)}), {self.weights[0][0].describe_form()})"
        )

    def __reduce__(self) -> tuple[type["GRU"], tuple[Stack, tuple[LayerPlan, ...]]]:
        return type(self), (self.weights, self.plan)

    @property
    def input_size(self) -> int:
        """I, the number of values in one step's input."""
        return self.weights[0][0].input_size

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """H of each layer, the number of units in one direction."""
        return tuple(layer[0].hidden_size for layer in self.weights)

    @property
    def hidden_size(self) -> int:
        """H of all layers.

        Raises
        ------
        BadInput
            When layers differ in H.
        """
        if not self._same_size:
            raise BadInput(f"hidden_size must be the same in all layers, got {self.hidden_sizes}")
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
        """The size of the output at a step: H or 2 H, depending on the last layer's plan."""
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

        If layers differ in H, it is a tuple of as many arrays, [B, H] each.

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
            forward, layer 0 reverse, layer 1 forward; a tuple, as from `initial_state`, if layers
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
            [T, B, `output_size`]: for two concatenated directions, 2 H.
        state
            The states after each sequence's last step (in reverse: after reading its first
            element), [states, B, H]; its initial state where the length is 0.

        Raises
        ------
        BadInput
            When a shape does not fit or a length is out of range.
        TypeError
            When a dtype is not the network's, or the lengths are not integers.
        """
        batch = self._prepare(input, state, lengths, resets)
        last: list[Array] = []
        for output, runs in self._run_layers(batch, record=False):  # noqa: B007 - the last one's
            last += [run.last for _, run in runs]
        return output, as_state(last)

    def _prepare(
        self,
        input: Array,
        state: State | None,
        lengths: ArrayLike | None,
        resets: ArrayLike | None = None,
    ) -> Batch:
        """Check the arguments of `run` and return them as the engine reads them."""
        input = check_array("input", input, self.dtype, ("T", "B", self.input_size))
        T, B, _ = input.shape
        state = self.initial_state(B) if state is None else state
        state = check_state(state, self.state_sizes, B, self.dtype)
        ends = None if lengths is None else check_lengths(lengths, input.shape, packed=False)
        return Batch(input, state, ends, None if resets is None else check_resets(resets, (T, B)))

    def _run_layers(
        self, batch: Batch, *, record: bool
    ) -> Iterator[tuple[Array, list[tuple[Batch, Run]]]]:
        """Run layer by layer; yield each layer's output and its directions' batches and runs.

        Parameters
        ----------
        batch
            The result of `_prepare`.
        record
            Whether each direction keeps a tape; not with weights in bfloat16.
        """
        input, _, lengths, resets, *_ = batch
        states = iter(batch.initial)
        for plan, layer in zip(self.plan, self._layers, strict=True):
            runs = []
            for way, direction in zip(plan.directions, layer, strict=True):
                reads = Batch(input, next(states), lengths, resets, reverse=way == "reverse")
                rows = reads.tokens if record else None
                runs.append((reads, run_layer(direction.native_layer, reads, rows)))
            output = plan.combine([run.output for _, run in runs])
            if plan.turns:
                output = reverse_steps(output, lengths)
                resets = None if resets is None else reverse_steps(resets, lengths).copy()
            yield output, runs
            input = np.ascontiguousarray(output)  # (T, B, width)

    def step(
        self, input: Array, state: State, out: State | None = None, threads: int = 1
    ) -> tuple[Array, State]:
        """Take one step, with as little overhead as possible.

        Parameters
        ----------
        input
            [B, I], of the network's dtype, in C order.
        state
            The states before the step, [layers, B, H], or a tuple of [B, H] if layers differ in H;
            of the network's dtype, in C order.
        out
            Receives the states after the step, in the form of `state`; may be `state` itself.
            With it, no array is allocated. A new state if not given.
        threads
            The number of threads; more than one pays off for large layers only.

        Returns
        -------
        output
            The last layer's new state, [B, H]: a view of the new state.
        state
            The new state: `out`, if given.

        Raises
        ------
        BadInput
            When a layer reads in reverse, a shape does not fit, an array is not check_array, or
            `out` is read-only.
        TypeError
            When an argument is not an array of the network's dtype.
        """
        if not self._forward:
            raise BadInput("a network that reads in reverse cannot step: it starts at the end")
        if out is None:
            out = np.empty_like(state) if self._same_size else tuple(map(np.empty_like, state))
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
        """Return the same network in float32, float64 or ``"bfloat16"``, as `GRUWeights.astype`.

        Raises
        ------
        TypeError
            When `dtype` is none of these.
        """
        layers = [[weights.astype(dtype) for weights in layer] for layer in self.weights]
        return GRU(layers, self.plan)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the network to a safetensors file, in the format of ``docs/formats.md``.

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


def _describe_plan(plan: LayerPlan) -> str:
    ways = " and ".join(plan.directions)
    merged = f", {MERGES[plan.merge]}" if len(plan.directions) > 1 else ""
    return ways + merged + (", in reading order" if plan.turns else "")


MERGES = {"concat": "concatenated", "sum": "summed", "mul": "multiplied", "ave": "averaged"}
