"""Runs Keras layers in Keras itself, where it is installed.

The layers are built here, from arrays and settings that were checked: nothing from a file is
instantiated. Keras is imported only when a proof runs.
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
from glassgate.exchange.file_gru import SOURCE_EQUATIONS, Reference
from glassgate.exchange.keras.arrays import KerasGRU
from glassgate.exchange.keras.layers import KerasLayer, run_layers
from glassgate.formulation import Array

BACKENDS = ("tensorflow", "torch", "jax")  # of Keras, its own default first


def choose_reference(layers: Sequence[KerasLayer]) -> tuple[Reference, str, str]:
    """Choose what runs layers as a reference, name it, and say why it is equations where it is."""
    backend = _backend()
    if backend is None:
        missing = "Keras 3 with a backend that has a GRU is not installed"
        return partial(run_layers, layers), SOURCE_EQUATIONS, missing
    name = f"keras {metadata.version('keras')} on {backend}, layer by layer"
    return partial(_run, layers), name, ""


def _backend() -> str | None:
    """Name the backend that Keras 3 uses or would use; None without one that has a GRU.

    ``KERAS_BACKEND`` counts only where the backend that it names is installed.
    """
    if find_spec("keras") is None or not metadata.version("keras").startswith("3."):
        return None
    if "keras" in sys.modules:
        current: str = sys.modules["keras"].config.backend()
        return current if current in BACKENDS else None
    installed = [name for name in BACKENDS if find_spec(name)]
    wanted = os.environ.get("KERAS_BACKEND")
    return wanted if wanted in installed else next(iter(installed), None)


def import_keras() -> Any:
    """Import Keras with an installed backend, and leave the environment as it was."""
    previous = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = str(_backend())
    try:
        return import_module("keras")
    finally:
        del os.environ["KERAS_BACKEND"]
        if previous is not None:
            os.environ["KERAS_BACKEND"] = previous


def _run(layers: Sequence[KerasLayer], input: Array, state: State) -> tuple[Array, State]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # from Keras, about the packages it uses
        return _run_layers(import_keras(), layers, input, state)


def _run_layers(
    keras: Any, layers: Sequence[KerasLayer], input: Array, state: State
) -> tuple[Array, State]:
    states, last = iter(state), []
    output = keras.ops.convert_to_tensor(input.swapaxes(0, 1))  # (B, T, I)
    for layer in layers:
        built = _build_layer(keras, layer, input.dtype.name)
        initial = [keras.ops.convert_to_tensor(next(states)) for _ in layer.cells]
        built.build(output.shape)
        built.set_weights([array for cell in layer.cells for array in _arrays(cell)])
        output, *hidden = built(output, initial_state=initial if len(initial) > 1 else initial[0])
        last += [keras.ops.convert_to_numpy(state) for state in hidden]
    return keras.ops.convert_to_numpy(output).swapaxes(0, 1), as_state(last)


def _build_layer(keras: Any, layer: KerasLayer, dtype: str) -> Any:
    orders = (layer.go_backwards, not layer.go_backwards)
    grus = [
        keras.layers.GRU(
            len(cell.recurrent_kernel),
            activation=cell.activation,
            recurrent_activation=_gate(keras, cell),
            use_bias=cell.bias is not None,
            reset_after=cell.reset_after,
            return_sequences=True,
            return_state=True,
            go_backwards=backwards,
            dtype=dtype,
        )
        for cell, backwards in zip(layer.cells, orders, strict=False)
    ]
    if len(grus) == 1:
        return grus[0]
    return keras.layers.Bidirectional(
        grus[0], backward_layer=grus[1], merge_mode=layer.merge_mode, dtype=dtype
    )


def _gate(keras: Any, cell: KerasGRU) -> Any:
    """Return a gate's curve for Keras 3, which lacks the hard_sigmoid of Keras 2."""
    if (cell.keras_version, cell.recurrent_activation) == (2, "hard_sigmoid"):
        return lambda x: keras.ops.clip(0.2 * x + 0.5, 0, 1)
    return cell.recurrent_activation


def _arrays(cell: KerasGRU) -> list[Array]:
    arrays = [cell.kernel, cell.recurrent_kernel]
    return arrays if cell.bias is None else [*arrays, cell.bias]
