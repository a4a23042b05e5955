"""Write a network as a ``.keras`` file that Keras 3 loads, without Keras.

The file is a zip of three members: the config of a Sequential model, Keras' version, and the
numbers in HDF5. The same network gives the same config and numbers.
"""

import io
import json
import zipfile
from os import PathLike
from pathlib import Path

import h5py  # type: ignore[import-untyped]

from glassgate.engine.gru import GRU
from glassgate.exchange.keras import KerasGRU, to_keras
from glassgate.exchange.keras_store import CONFIG, METADATA, WEIGHTS, Json
from glassgate.files import write_whole

VERSION = {"keras_version": "3.0.0", "date_saved": "1980-01-01@00:00:00"}
Layers = list[list[KerasGRU]]  # and their directions


def write_keras(path: str | PathLike[str], network: GRU) -> None:
    """Write a network as a Keras 3 model, whole or not at all.

    The model is Sequential, reads [B, T, I] and gives [B, T, H x directions]: each layer is a
    GRU, or Bidirectional(GRU) that concatenates, and returns the state of every step.

    Raises
    ------
    BadInput
        When no Keras 3 layer computes this function; nothing is written then.
    OSError
        When the file cannot be written.
    """
    layers = [[to_keras(weights) for weights in directions] for directions in network.weights]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in (
            (METADATA, json.dumps(VERSION)),
            (CONFIG, json.dumps(_model(network, layers))),
            (WEIGHTS, _numbers(layers)),
        ):
            archive.writestr(zipfile.ZipInfo(name), data)  # dated 1980, as all zips once began
    write_whole(Path(path), file.getvalue())


def _model(network: GRU, layers: Layers) -> Json:
    dtype, inputs = network.dtype.name, network.input_size
    first = {"batch_shape": [None, None, inputs], "dtype": dtype, "name": "input"}
    listed = [_entry("InputLayer", first)]
    for i, directions in enumerate(layers):
        shape = {"build_config": {"input_shape": [None, None, inputs]}}
        forward = _gru(directions[0], f"gru_{i}", dtype, backwards=False)
        if network.bidirectional:
            forward["config"]["name"] = f"forward_gru_{i}"
            reverse = _gru(directions[1], f"backward_gru_{i}", dtype, backwards=True)
            both: Json = {"name": f"bidirectional_{i}", "dtype": dtype, "merge_mode": "concat"}
            both |= {"layer": forward, "backward_layer": reverse}
            forward = _entry("Bidirectional", both)
        listed.append(forward | shape)
        inputs = network.hidden_size * len(directions)
    config = {"name": "gru", "dtype": dtype, "layers": listed}
    return _entry("Sequential", config, "keras")


def _gru(layer: KerasGRU, name: str, dtype: str, backwards: bool) -> Json:
    config = {
        "name": name,
        "dtype": dtype,
        "units": len(layer.recurrent_kernel),
        "activation": layer.activation,
        "recurrent_activation": layer.recurrent_activation,
        "use_bias": True,
        "reset_after": layer.reset_after,
        "return_sequences": True,
        "go_backwards": backwards,
    }
    return _entry("GRU", config)


def _entry(kind: str, config: Json, module: str = "keras.layers") -> Json:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def _numbers(layers: Layers) -> bytes:
    """Give ``model.weights.h5``: groups are named after the layers' classes and counted."""
    file = io.BytesIO()
    with h5py.File(file, "w") as store:
        for i, directions in enumerate(layers):
            number = f"_{i}" if i else ""
            places = [f"layers/gru{number}"]
            if len(directions) == 2:
                two = ("forward_layer", "backward_layer")
                places = [f"layers/bidirectional{number}/{way}" for way in two]
            for place, layer in zip(places, directions, strict=True):
                for j, array in enumerate((layer.kernel, layer.recurrent_kernel, layer.bias)):
                    store[f"{place}/cell/vars/{j}"] = array
    return file.getvalue()
