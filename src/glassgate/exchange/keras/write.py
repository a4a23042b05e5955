"""Write a network as a ``.keras`` file that Keras 3 loads, without Keras.

The file is a zip of three members: the config of a Sequential model, Keras' version, and the
numbers in HDF5. The same network always gives the
same config and numbers.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import h5py  # type: ignore[import-untyped]

from glassgate.engine.gru import GRU
from glassgate.exchange.keras.arrays import KerasGRU
from glassgate.exchange.keras.layers import KerasLayer, to_keras_layers
from glassgate.exchange.keras.store import CONFIG, METADATA, NOTES, WEIGHTS, Json
from glassgate.files import write_whole

VERSION = {"keras_version": "3.0.0", "date_saved": "1980-01-01@00:00:00"}


def write_keras(path: str | PathLike[str], network: GRU, notes: Sequence[str] = ()) -> None:
    """Write a network as a Keras 3 model, whole or not at all.

    The model is Sequential, reads [B, T, I] and returns [B, T, `output_size`]: each layer is a GRU
    or Bidirectional(GRU) that returns the state of every step. Notes become part of
    ``metadata.json``, of which Keras reads its version alone.

    Raises
    ------
    BadInput
        When no Keras 3 layer computes this function; then nothing is written.
    OSError
        When the file cannot be written.
    """
    layers = to_keras_layers(network)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in (
            (METADATA, json.dumps(VERSION | ({NOTES: list(notes)} if notes else {}))),
            (CONFIG, json.dumps(_model(network, layers))),
            (WEIGHTS, _weights_file(layers)),
        ):
            archive.writestr(zipfile.ZipInfo(name), data)  # dated 1980, the first year of zip
    write_whole(Path(path), file.getvalue())


def _model(network: GRU, layers: list[KerasLayer]) -> Json:
    dtype, inputs = network.dtype.name, network.input_size
    first = {"batch_shape": [None, None, inputs], "dtype": dtype, "name": "input"}
    entries = [_entry("InputLayer", first)]
    stack = zip(layers, network.plan, network.hidden_sizes, strict=True)
    for i, (layer, plan, H) in enumerate(stack):
        shape = {"build_config": {"input_shape": [None, None, inputs]}}
        entry = _gru(layer.cells[0], f"gru_{i}", dtype, layer.go_backwards)
        if len(layer.cells) == 2:
            entry["config"]["name"] = f"forward_gru_{i}"
            backward = _gru(layer.cells[1], f"backward_gru_{i}", dtype, not layer.go_backwards)
            both: Json = {"name": f"bidirectional_{i}", "dtype": dtype}
            both |= {"merge_mode": layer.merge_mode, "layer": entry, "backward_layer": backward}
            entry = _entry("Bidirectional", both)
        entries.append(entry | shape)
        inputs = plan.width(H)
    config = {"name": "gru", "dtype": dtype, "layers": entries}
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


def _weights_file(layers: list[KerasLayer]) -> bytes:
    """Return ``model.weights.h5``, its groups named after the layers' classes and numbered."""
    file, seen = io.BytesIO(), Counter[str]()
    with h5py.File(file, "w") as store:
        for layer in layers:
            kind = "bidirectional" if len(layer.cells) == 2 else "gru"
            group = f"layers/{kind}_{seen[kind]}" if seen[kind] else f"layers/{kind}"
            seen[kind] += 1
            subgroups = ("/forward_layer", "/backward_layer") if len(layer.cells) == 2 else ("",)
            for subgroup, cell in zip(subgroups, layer.cells, strict=True):
                for j, array in enumerate((cell.kernel, cell.recurrent_kernel, cell.bias)):
                    store[f"{group}{subgroup}/cell/vars/{j}"] = array
    return file.getvalue()
