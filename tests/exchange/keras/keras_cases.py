"""Keras models with random weights, and Keras 2 files made by hand."""

import json
import os
from functools import partial

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import pytest

from glassgate.exchange.keras.layers import run_layers

h5py = pytest.importorskip("h5py", reason="h5py reads and writes Keras' files")


def drawn(seed, *shape, scale=0.7):
    """Random float32 numbers, none of them zero."""
    return np.random.default_rng(seed).normal(scale=scale, size=shape).astype(np.float32)


def layer_arrays(inputs, units, reset_after=True, bias=True, seed=0):
    arrays = [drawn(seed, inputs, 3 * units), drawn(seed + 1, units, 3 * units)]
    if bias:
        arrays.append(drawn(seed + 2, *((2, 3 * units) if reset_after else (3 * units,))))
    return arrays


def settings(name="gru", units=4, **others):
    """Return the config of a GRU as Keras 2.4 wrote it, without the settings that do not matter."""
    return {
        "name": name,
        "units": units,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "use_bias": True,
        "reset_after": True,
        "return_sequences": True,
        "go_backwards": False,
    } | others


def gru(name="gru", units=4, **others):
    return {"class_name": "GRU", "config": settings(name, units, **others)}


def sequential(*layers, name="sequential"):
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}}


def write_h5(path, config, weights, version="2.4.0"):
    """Write the layout of Keras 2: {layer: {weight's name: array}}."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["model_config"] = (
            config if isinstance(config, bytes) else json.dumps(config).encode()
        )
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, arrays in weights.items():
            group = root.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in arrays]
            for name, array in arrays.items():
                group[name] = array
    return path


def under(prefix, arrays):
    names = ("kernel:0", "recurrent_kernel:0", "bias:0")
    return {f"{prefix}/{name}": array for name, array in zip(names, arrays, strict=False)}


def simple_h5(path, version="2.4.0", **others):
    """One layer of 4 units over 3 inputs."""
    config = gru(**others)
    flags = {key: config["config"][key] for key in ("reset_after",)}
    arrays = layer_arrays(3, 4, bias=config["config"]["use_bias"], **flags)
    write_h5(path, sequential(config), {"gru": under("gru/gru_cell", arrays)}, version)
    return arrays


def agree(found, output, state, input, initial, tolerance=1e-6):
    """Compare a network, its source's runtime and equations with Keras' output, [T, B, ...]."""
    (layers,) = found.reference.args
    for run in (found.network.run, found.reference, partial(run_layers, layers)):
        got, last = run(input, initial)
        np.testing.assert_allclose(got, output, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(last, state, rtol=tolerance, atol=tolerance)
