"""Reads the GRUs of a SavedModel folder that Keras 2 wrote.

``keras_metadata.pb`` holds the model's config, as an ``.h5`` does, ``variables`` a tensor bundle,
and in it an object graph that leads from the model by way of its layers to the names of their
variables. The graph of operations in ``saved_model.pb`` is not read.

Source: ``saved_metadata.proto`` of Keras 2.15 and ``trackable_object_graph.proto`` of TensorFlow
2.21.
"""

from collections.abc import Iterable
from pathlib import Path

from glassgate.errors import BadInput
from glassgate.exchange.file_gru import FileGRU
from glassgate.exchange.keras.config import Cell, RecurrentLayer
from glassgate.exchange.keras.reader import LayerReader
from glassgate.exchange.keras.store import Json, UnusableArray, parse_json
from glassgate.exchange.tensorflow.bundle import Bundle
from glassgate.exchange.tensorflow.messages import integer, last, messages, text

METADATA, VARIABLES = "keras_metadata.pb", Path("variables") / "variables"
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
MAX_METADATA = 2**26  # bytes
MAX_OBJECTS = 2**16
WAY_OUT = (
    'load it where it was made and save it as Keras, with model.save("model.keras"), or pass the '
    "arrays of layer.get_weights() to glassgate.exchange.keras.from_keras"
)


def read_saved_model(folder: Path) -> list[FileGRU]:
    """Read the GRUs of a SavedModel folder, and the stacks that they form.

    Raises
    ------
    BadInput
        When it has no config of Keras 2, or is damaged.
    OSError
        When a file cannot be read.
    """
    try:
        layers = _metadata(folder / METADATA)
        root = layers[""]
        model = root.get("model_config")
        if not isinstance(model, dict):
            raise BadInput("its model is of a class of its own, without a config")
        variables = _Variables(Bundle(folder / VARIABLES), layers)
        return _Reader(variables, str(root.get("keras_version"))).read_all(model)
    except BadInput as error:
        raise BadInput(f"{folder} is a TensorFlow SavedModel, and {error}: {WAY_OUT}") from error


def _metadata(path: Path) -> dict[str, Json]:
    """Return what Keras keeps of each object, by its path from the model: ``layer-1/cell``."""
    if not path.is_file():
        raise BadInput(f"it has no {METADATA}, in which Keras 2 keeps the config")
    if path.stat().st_size > MAX_METADATA:
        raise BadInput(f"{METADATA} must have at most {MAX_METADATA} bytes")
    result: dict[str, Json] = {}
    for node in messages(memoryview(path.read_bytes()), 1):
        place = text(last(node, 3))
        if place == "root" or place.startswith("root."):
            key = place.removeprefix("root").removeprefix(".").replace(".", "/")
            result[key] = parse_json(bytes(last(node, 5)), METADATA)
        if len(result) > MAX_OBJECTS:
            raise BadInput(f"{METADATA} must describe at most {MAX_OBJECTS} objects")
    if "" not in result:
        raise BadInput(f"{METADATA} is damaged or cut short")
    return result


class _Variables:
    """Finds variables by the names of layers.

    Parameters
    ----------
    bundle
        The variables.
    layers
        What Keras keeps of each object, by its path.
    """

    def __init__(self, bundle: Bundle, layers: dict[str, Json]) -> None:
        self.bundle = bundle
        graph = bundle.text(OBJECT_GRAPH)
        if graph is None:
            raise BadInput("its variables have no object graph")
        self._objects: list[tuple[dict[str, int], str]] = []
        for node in messages(memoryview(graph), 1):
            children = {text(last(child, 2)): integer(child, 1) for child in messages(node, 1)}
            keys = [text(last(attribute, 3)) for attribute in messages(node, 2)]
            self._objects.append((children, keys[0] if keys else ""))
            if len(self._objects) > MAX_OBJECTS:
                raise BadInput(f"its object graph must have at most {MAX_OBJECTS} objects")
        self._places: dict[tuple[str, str], str] = {}  # by the model's path and the layer's name
        for place, config in layers.items():
            if place and isinstance(config.get("name"), str):
                parent = place.rpartition("/")[0]
                self._places.setdefault((parent, config["name"]), place)

    def place(self, names: Iterable[str]) -> str:
        """Return the path of the layer of this name, after the names of the models around it."""
        place = ""
        for name in names:
            found = self._places.get((place, name))
            if found is None:
                raise UnusableArray(f"{name:.80} is not among its objects")
            place = found
        return place

    def key(self, place: str) -> str:
        """Return the name of the variable at a path in the object graph."""
        here = 0
        for part in place.split("/"):
            children = self._objects[here][0] if here < len(self._objects) else {}
            if part not in children:
                raise UnusableArray(f"{place:.200} is not in its object graph")
            here = children[part]
        return self._objects[here][1] if here < len(self._objects) else ""


class _Reader(LayerReader):
    """Reads the layers of one folder."""

    def __init__(self, variables: _Variables, version: str) -> None:
        super().__init__(variables.bundle, version)
        self.variables = variables

    def paths(self, layer: RecurrentLayer, cell: Cell, names: Iterable[str]) -> dict[str, str]:
        """Locate arrays by way of the object graph."""
        place = self.variables.place(layer.name.split("/"))
        middle = ["layer"] if layer.wrapper else []
        if len(layer.cells) > 1:
            middle.append("forward_layer" if cell is layer.cells[0] else "backward_layer")
        inner = [] if cell.is_cudnn else ["cell"]
        return {
            name: self.variables.key("/".join([place, *middle, *inner, name])) for name in names
        }
