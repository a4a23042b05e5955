"""The result of a trace: every gate of a network at every step, and its verification."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import numpy as np

from glassgate.engine.calls import Lengths
from glassgate.engine.plan import BOTH, Direction, LayerPlan, resolve_place, reverse_steps
from glassgate.files import write_whole
from glassgate.formulation import Array
from glassgate.gates import valid_steps
from glassgate.inside.trace.states import (
    STATES,
    LayerTrace,
    State,
    arrays,
    rebuild,
)

if TYPE_CHECKING:
    import xarray

Layer = TypeVar("Layer", bound=LayerTrace, covariant=True)
NetworkStates: TypeAlias = Callable[[], tuple[Array, State]]
"""Returns the network's own output [T, B, ...] and last states, [states, B, H] each."""


class Trace(Generic[Layer]):
    """The gates and states of every layer of a network at every step of a batch of sequences.

    ``trace[layer]`` are the arrays of a layer, counted from 0 at the input, and
    ``trace[layer, "reverse"]`` those of its reverse direction: `glassgate.inside.Gates` of a GRU
    (`reset`, `update`, `candidate`, `hidden`, `kept`), `LSTMGates` of an LSTM, `SRNStates` of a
    network without gates. Each array is [T, B, H], whatever the layout of the input (B = 1 for one
    sequence). Step t is the one that read x_t, in both directions: in reverse, the previous state
    is that of step t + 1. After the end of a sequence all arrays are 0, as a network's output is.

    Attributes
    ----------
    lengths
        Valid steps of each sequence, [B].
    plan
        For each layer a `LayerPlan`: its directions, and how its output is made of them.

    Examples
    --------
    >>> import numpy as np
    >>> from glassgate import GRU, GRUWeights, trace
    >>> weights = GRUWeights(*(np.full(shape, 0.5) for shape in ((6, 1), (6, 2), 6, 6)))
    >>> traced = trace(GRU([[weights]]), np.ones((3, 1, 1)))
    >>> traced[0].kept[:, 0].round(3)
    array([[0.818, 0.818],
           [0.84 , 0.84 ],
           [0.856, 0.856]])
    >>> traced.verify() < 1e-12
    True
    """

    def __init__(
        self,
        layers: Sequence[Sequence[Layer]],
        plan: Sequence[LayerPlan],
        initial: State,
        lengths: Lengths,
        run_network: NetworkStates,
    ) -> None:
        """Store the layers' arrays by direction, and the initial states [states, B, H]."""
        self.plan, self.lengths = tuple(plan), lengths
        self._layers = tuple(map(tuple, layers))
        self._initial, self._run_network = initial, run_network

    def __getitem__(self, key: int | tuple[int, Direction]) -> Layer:
        place: tuple[Any, Any] = key if isinstance(key, tuple) and len(key) == 2 else (key, None)
        ways = [plan.directions for plan in self.plan]
        layer, direction = resolve_place(*place, ways)
        return self._layers[layer][ways[layer].index(direction)]

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[Layer]:
        return (directions[0] for directions in self._layers)

    def __repr__(self) -> str:
        T, B, _ = self._layers[0][0].hidden.shape
        ways = " and ".join(self._directions())
        units = " and ".join(dict.fromkeys(str(layer.hidden.shape[-1]) for layer in self))
        return f"Trace(layers={len(self)} ({ways}), steps={T}, batch={B}, units={units})"

    def verify(self) -> float:
        """Return the largest difference between the trace's states and the network's own.

        Every state is rebuilt from gates and candidates alone, and compared with the traced state
        and with the output and last states that the network itself computes. A GRU's reset gate
        acts on the state through the candidate only: a wrong candidate is detected, but the array
        `reset` is not read. The network runs its own forward once for this, without dropout; a
        trace made by `glassgate.tracing` is compared with the output that the model received. Call
        it before the network or the input changes: a trace of other weights does not match, and the
        difference shows it.

        Returns
        -------
        float
            The largest difference. In float32, rounding accounts for less than 1e-6 in networks
            with small weights, and up to about 1e-5 over thousands of steps of trained ones. Much
            more means that the trace does not show what the network did.
        """
        output, last = self._run_network()
        errors, row = [], 0
        for layer, (plan, directions) in enumerate(zip(self.plan, self._layers, strict=True)):
            states = []
            for way, traced in zip(plan.directions, directions, strict=True):
                initial = tuple(state[row] for state in self._initial)
                rebuilt, rebuilt_last = rebuild(traced, initial, self.lengths, way == "reverse")
                recorded = [getattr(traced, name) for name in STATES if hasattr(traced, name)]
                errors += [
                    after - traced_state
                    for after, traced_state in zip(rebuilt, recorded, strict=True)
                ]
                errors += [after - own[row] for after, own in zip(rebuilt_last, last, strict=True)]
                states.append(rebuilt[0])
                row += 1
            if layer == len(self) - 1:
                rebuilt_output = plan.combine(states)
                if plan.turns:
                    rebuilt_output = reverse_steps(rebuilt_output, self.lengths)
                errors.append(rebuilt_output - output)
        return float(np.max([np.max(np.abs(difference), initial=0) for difference in errors]))

    def to_numpy(self) -> dict[str, Array | Lengths]:
        """Return every array by name: ``layer0_kept``, ``layer0_reverse_kept``, ``lengths``."""
        named: dict[str, Array | Lengths] = {}
        for layer, (plan, directions) in enumerate(zip(self.plan, self._layers, strict=True)):
            for way, traced in zip(plan.directions, directions, strict=True):
                prefix = f"layer{layer}_reverse_" if way == "reverse" else f"layer{layer}_"
                named |= {prefix + name: array for name, array in arrays(traced).items()}
        return named | {"lengths": self.lengths}

    def save(self, path: str | PathLike[str]) -> None:
        """Write the arrays of `to_numpy` to a file that ``numpy.load`` reads, without pickle.

        An existing file is replaced as a whole or not at all.

        Raises
        ------
        OSError
            When the file cannot be written.
        """
        file = io.BytesIO()
        named: dict[str, Any] = self.to_numpy()
        np.savez(file, **named)
        write_whole(Path(path), file.getvalue())

    def to_xarray(self) -> xarray.Dataset:
        """Return an xarray dataset with one variable for each kind of array, and named axes.

        The axes are layer, direction, step, batch and unit; `lengths` is a coordinate. Values after
        the end of a sequence, or of a direction or unit that a layer does not have, are NaN, which
        xarray skips in means and sums.

        Raises
        ------
        ImportError
            When xarray is not installed: run ``pip install 'glassgate[inside]'``.
        """
        try:
            import xarray
        except ImportError as error:
            raise ImportError(
                "Trace.to_xarray needs xarray, which is not installed: "
                "run pip install 'glassgate[inside]'"
            ) from error
        ways = self._directions()
        axes = ("layer", "direction", "step", "batch", "unit")
        return xarray.Dataset(
            {name: (axes, self._stack(name, ways)) for name in arrays(self._layers[0][0])},
            {
                "layer": range(len(self)),
                "direction": list(ways),
                "lengths": ("batch", self.lengths),
            },
        )

    def _directions(self) -> tuple[Direction, ...]:
        """The directions that any layer has."""
        return tuple(way for way in BOTH if any(way in plan.directions for plan in self.plan))

    def _stack(self, name: str, ways: Sequence[Direction]) -> Array:
        """Stack an array of all layers, [layers, directions, T, B, H]; NaN for missing values."""
        first: Array = getattr(self._layers[0][0], name)
        H = max(layer[0].hidden.shape[-1] for layer in self._layers)
        shape = (len(self), len(ways), *first.shape[:2], H)
        stack = np.full(shape, np.nan, first.dtype)
        valid = valid_steps(self.lengths, len(first))[..., None]  # (T, B, 1)
        for i, plan in enumerate(self.plan):
            for way in plan.directions:
                array = getattr(self[i, way], name)
                block = stack[i, ways.index(way), :, :, : array.shape[-1]]
                block[:] = np.where(valid, array, np.nan)
        return stack
