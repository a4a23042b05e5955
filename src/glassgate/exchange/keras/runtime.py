"""Layers of Keras run by Keras itself, where it is installed.

The layers are made here, of arrays and settings that were checked: nothing of a file is
instantiated. Keras is imported when a proof runs, and not before.
"""

import os
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any

from glassgate.engine.plan import State, as_state
from glassgate.exchange.found import EQUATIONS, Reference
from glassgate.exchange.keras.arrays import KerasGRU
from glassgate.exchange.keras.layers import KerasLayer, run_layers
from glassgate.formulation import Array

BACKENDS = ("tensorflow", "torch", "jax")  # what Keras computes with, its own default first


def reference(layers: Sequence[KerasLayer]) -> tuple[Reference, str]:
    """Give what runs layers, and its name: Keras 3 where it is there and means the same by them.

    Keras 3 has no ``hard_sigmoid`` of Keras 2: layers that have are run by their equations.
    """
    early = any(
        cell.keras_version == 2 and cell.recurrent_activation == "hard_sigmoid"
        for layer in layers
        for cell in layer.cells
    )
    backend = _backend()
    if early or backend is None:
        return partial(run_layers, layers), EQUATIONS
    return partial(_run, layers), f"keras {metadata.version('keras')} on {backend}, layer by layer"


def _backend() -> str | None:
    """Name what Keras 3 computes with here, or would; None where there is none that has a GRU.

    The environment's word counts only where what it names is installed.
    """
    if find_spec("keras") is None or not metadata.version("keras").startswith("3."):
        return None
    if "keras" in sys.modules:
        came: str = sys.modules["keras"].config.backend()
        return came if came in BACKENDS else None
    installed = [name for name in BACKENDS if find_spec(name)]
    asked = os.environ.get("KERAS_BACKEND")
    return asked if asked in installed else next(iter(installed), None)


def imported() -> Any:
    """Import Keras on a backend that is there; the environment is left as it was."""
    asked = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = str(_backend())
    try:
        return import_module("keras")
    finally:
        del os.environ["KERAS_BACKEND"]
        if asked is not None:
            os.environ["KERAS_BACKEND"] = asked


def _run(layers: Sequence[KerasLayer], input: Array, state: State) -> tuple[Array, State]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Keras about the libraries below it
        return _run_made(imported(), layers, input, state)


def _run_made(
    keras: Any, layers: Sequence[KerasLayer], input: Array, state: State
) -> tuple[Array, State]:
    states, last = iter(state), []
    output = keras.ops.convert_to_tensor(input.swapaxes(0, 1))  # (B, T, I)
    for layer in layers:
        made = _made(keras, layer, input.dtype.name)
        initial = [keras.ops.convert_to_tensor(next(states)) for _ in layer.cells]
        made.build(output.shape)
        made.set_weights([array for cell in layer.cells for array in _arrays(cell)])
        output, *hidden = made(output, initial_state=initial if len(initial) > 1 else initial[0])
        last += [keras.ops.convert_to_numpy(one) for one in hidden]
    return keras.ops.convert_to_numpy(output).swapaxes(0, 1), as_state(last)


def _made(keras: Any, layer: KerasLayer, dtype: str) -> Any:
    ways = (layer.go_backwards, not layer.go_backwards)
    made = [
        keras.layers.GRU(
            len(cell.recurrent_kernel),
            activation=cell.activation,
            recurrent_activation=cell.recurrent_activation,
            use_bias=cell.bias is not None,
            reset_after=cell.reset_after,
            return_sequences=True,
            return_state=True,
            go_backwards=way,
            dtype=dtype,
        )
        for cell, way in zip(layer.cells, ways, strict=False)
    ]
    if len(made) == 1:
        return made[0]
    return keras.layers.Bidirectional(
        made[0], backward_layer=made[1], merge_mode=layer.merge_mode, dtype=dtype
    )


def _arrays(cell: KerasGRU) -> list[Array]:
    arrays = [cell.kernel, cell.recurrent_kernel]
    return arrays if cell.bias is None else [*arrays, cell.bias]
