"""Reads the GRUs of a Keras file: ``.keras``, or ``.h5`` of Keras 2 and 3.

It is read by h5py and json alone, without Keras: nothing is instantiated, nothing executed. Keras'
version, which every file names, decides what its ``hard_sigmoid`` is.
"""

from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path

from glassgate.errors import BadInput
from glassgate.exchange.file_gru import FileGRU, as_notes
from glassgate.exchange.keras.config import Cell, RecurrentLayer
from glassgate.exchange.keras.reader import LayerReader
from glassgate.exchange.keras.store import (
    NOTES,
    Json,
    Store,
    UnusableArray,
    parse_json,
    read_zip,
)

DIRECTION_PREFIXES = ("forward_", "backward_")


def read_keras(
    path: str | PathLike[str], config: str | PathLike[str] | None = None
) -> list[FileGRU]:
    """Read every GRU of a Keras file, and every stack of them.

    Stacks come first, each under the names of its layers joined by ``+``; then all layers follow
    one by one.

    Parameters
    ----------
    path
        A model as Keras saved it.
    config
        For a file of weights alone, a file with the result of ``model.to_json()``.

    Warns
    -----
    UserWarning
        When weights are NaN or infinite; they are kept.

    Raises
    ------
    BadInput
        When the file is not a Keras model, is damaged, or lies about its sizes.
    OSError
        When it cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        if zipped:
            model, metadata, store = read_zip(path)
            version = str(metadata.get("keras_version"))
        else:
            store = Store(path)
            model, metadata, version = {}, {}, ""
        with store:
            if not zipped:
                model, version = _read_config(store, config)
            grus = _FileReader(store, version).read_all(model)
        return [replace(gru, notes=(*gru.notes, *as_notes(metadata.get(NOTES)))) for gru in grus]
    except BadInput as error:
        raise BadInput(f"{path} cannot be read as a Keras model: {error}") from error


def _read_config(store: Store, config: str | PathLike[str] | None) -> tuple[Json, str]:
    """Return the config and the Keras version of an ``.h5`` file."""
    text = store.text("", "model_config")
    if config is not None:
        text = Path(config).read_text()
    if text is None:
        raise BadInput(
            "it holds weights without the config that names their activations: save the whole "
            'model, with model.save("model.keras"), give its model.to_json() to '
            "glassgate.exchange.keras.read_keras, or pass the arrays of layer.get_weights() to "
            "glassgate.exchange.keras.from_keras"
        )
    model = parse_json(text, "its config")
    version = store.text("", "keras_version") or store.text("model_weights", "keras_version")
    return model, version or str(model.get("keras_version"))


class _FileReader(LayerReader):
    """Reads the layers of one HDF5 file."""

    def __init__(self, store: Store, version: str) -> None:
        super().__init__(store, version)
        self.store = store
        self.root = "model_weights/" if store.has("model_weights") else ""
        self.by_layer_name = bool(self.root or store.names("", "layer_names"))  # as in .h5
        self.is_early_keras = store.has("_layer_checkpoint_dependencies")  # the first .keras

    def paths(self, layer: RecurrentLayer, cell: Cell, names: Iterable[str]) -> dict[str, str]:
        """Locate arrays by the names of the layers, or by those of their classes."""
        if self.by_layer_name:
            return self.paths_by_name(layer, cell, names)
        return self.paths_by_class(cell, names)

    def paths_by_class(self, cell: Cell, names: Iterable[str]) -> dict[str, str]:
        """Locate arrays in ``model.weights.h5``, numbered below the layers' class names."""
        group = cell.weights_path
        if self.is_early_keras:
            group = group.replace("layers/", "_layer_checkpoint_dependencies/")
        return {name: f"{group}/vars/{i}" for i, name in enumerate(names)}

    def paths_by_name(
        self, layer: RecurrentLayer, cell: Cell, names: Iterable[str]
    ) -> dict[str, str]:
        """Locate arrays in an ``.h5``, where each layer's group lists the names of its weights."""
        group = f"{self.root}{layer.group}"
        candidates = [
            name
            for name in self.store.names(group, "weight_names")
            if _is_under(name.split("/"), cell.name_parts)
        ]
        paths = {}
        for name in names:
            matches = [path for path in candidates if path.split("/")[-1].split(":")[0] == name]
            if len(matches) != 1:
                raise UnusableArray(f"it must hold one {name} of {layer.name}, got {len(matches)}")
            paths[name] = f"{group}/{matches[0]}"
        return paths


def _is_under(parts: list[str], wanted: tuple[str, ...]) -> bool:
    """Whether the parts of a weight's name include the wanted ones, its direction by prefix."""
    directions = [part for part in parts if part.startswith(DIRECTION_PREFIXES)]
    return all(
        bool(directions) and directions[-1].startswith(part)
        if part in DIRECTION_PREFIXES
        else part in parts
        for part in wanted
    )
