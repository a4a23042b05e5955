"""Which layer reads which in a Keras model, from the graph in its config.

Names identify calls only where a layer is called once. A layer that is given an initial state is
left out: it depends on more than its input.
"""

from collections.abc import Iterator
from typing import Any

from glassgate.exchange.keras.store import Json

MAX_PASS_THROUGH = 4  # dropouts and the like in a row
RECURRENT = ("GRU", "RNN", "Bidirectional", "CuDNNGRU")
# Layers that pass their input on unchanged once training is over.
PASS_THROUGH = (
    "Dropout",
    "SpatialDropout1D",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "ActivityRegularization",
)


def find_sources(model: str, layers: list[tuple[str, Json]]) -> dict[str, str]:
    """Name for each layer the recurrent layer that it reads, skipping those that change nothing.

    Parameters
    ----------
    model
        The class of the model.
    layers
        Its layers in order, each with its name.
    """
    kinds = {name: layer["class_name"] for name, layer in layers}
    if model == "Sequential":
        chain = [name for name, _ in layers]
        direct = dict(zip(chain[1:], chain, strict=False))
    else:
        direct = dict(_edges(layers))
    result = {}
    for name in kinds:
        source = direct.get(name)
        for _ in range(MAX_PASS_THROUGH):
            if source in direct and kinds.get(source) in PASS_THROUGH:
                source = direct[source]
        if source is not None and kinds.get(source) in RECURRENT:
            result[name] = source
    return result


def has_initial_state(layer: Json) -> bool:
    """Whether a call of a recurrent layer is given an initial state."""
    return layer["class_name"] in RECURRENT and any(map(_has_state, calls(layer)))


def _edges(layers: list[tuple[str, Json]]) -> Iterator[tuple[str, str]]:
    once = {
        name for name, layer in layers if len(calls(layer)) == 1 and not has_initial_state(layer)
    }
    for name, layer in layers:
        source = _first_source(calls(layer)[0]) if name in once else None
        if source in once:
            yield name, source


def calls(layer: Json) -> list[Any]:
    """List the calls of a layer, as its config writes them."""
    nodes = layer.get("inbound_nodes")
    return nodes if isinstance(nodes, list) else []


def _has_state(node: Any) -> bool:
    """Whether a call has an initial_state, as Keras 3 or 2 writes it: by name, or as the second."""
    if isinstance(node, dict):
        arguments, named = node.get("args"), node.get("kwargs")
        while isinstance(arguments, list) and len(arguments) == 1:
            arguments = arguments[0]  # [x, state] of early versions
        second = arguments[1] if isinstance(arguments, list) and len(arguments) > 1 else None
    else:
        arguments = node if isinstance(node, list) else []
        nested = bool(arguments) and isinstance(arguments[0], list)
        second = arguments[1] if len(arguments) > 1 and nested else None
        first = arguments[0] if nested else arguments
        named = first[3] if len(first) > 3 else None
    return second is not None or (isinstance(named, dict) and bool(named.get("initial_state")))


def _first_source(node: Any) -> str | None:
    """Name the layer whose first output is a call's first argument, as Keras 3 or 2 writes it."""
    if isinstance(node, dict):
        arguments = node.get("args")
        tensor = arguments[0] if isinstance(arguments, list) and arguments else None
        while isinstance(tensor, list) and tensor:
            tensor = tensor[0]
        config = tensor.get("config") if isinstance(tensor, dict) else None
        history = config.get("keras_history") if isinstance(config, dict) else None
    else:
        history = node
        while isinstance(history, list) and history and isinstance(history[0], list):
            history = history[0]
    if isinstance(history, list) and len(history) >= 3 and isinstance(history[0], str):
        return history[0] if history[2] == 0 else None
    return None
