"""What reads what in a Keras model, told from the graph in its config.

Only of layers that are called once can it be said by their names, and a layer that is given a
state to begin from does not only stand on what it reads.
"""

from collections.abc import Iterator
from typing import Any

from glassgate.exchange.keras.store import Json

MOST_PASSING = 4  # dropouts and the like, one after the other
RECURRENT = ("GRU", "RNN", "Bidirectional")
# What passes its input on unchanged once training is over.
PASSING = (
    "Dropout",
    "SpatialDropout1D",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "ActivityRegularization",
)


def sources_of(model: str, layers: list[tuple[str, Json]]) -> dict[str, str]:
    """Say for each layer which recurrent layer it stands on, past all that only passes it.

    Parameters
    ----------
    model
        The class of the model.
    layers
        Its layers in their order, each after its name.
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
        for _ in range(MOST_PASSING):
            if source in direct and kinds.get(source) in PASSING:
                source = direct[source]
        if source is not None and kinds.get(source) in RECURRENT:
            result[name] = source
    return result


def is_begun(layer: Json) -> bool:
    """Whether a call of a recurrent layer is given a state beside what it reads."""
    return layer["class_name"] in RECURRENT and any(map(_has_state, _calls(layer)))


def _edges(layers: list[tuple[str, Json]]) -> Iterator[tuple[str, str]]:
    once = {name for name, layer in layers if len(_calls(layer)) == 1 and not is_begun(layer)}
    for name, layer in layers:
        source = _first_source(_calls(layer)[0]) if name in once else None
        if source in once:
            yield name, source


def _calls(layer: Json) -> list[Any]:
    nodes = layer.get("inbound_nodes")
    return nodes if isinstance(nodes, list) else []


def _has_state(node: Any) -> bool:
    """Whether a call has an initial_state, as Keras 3 or 2 writes it: named, or in second place."""
    if isinstance(node, dict):
        given, named = node.get("args"), node.get("kwargs")
        while isinstance(given, list) and len(given) == 1:
            given = given[0]  # [x, state] of early versions
        second = given[1] if isinstance(given, list) and len(given) > 1 else None
    else:
        given = node if isinstance(node, list) else []
        second = given[1] if len(given) > 1 and isinstance(given[0], list) else None
        first = given[0] if given and isinstance(given[0], list) else given
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
