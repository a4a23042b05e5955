"""Finds the GRUs of a Keras model in its config, and where the file keeps their weights.

A config is JSON and is read as JSON: nothing in it is ever instantiated. It names the layers and
which reads which, and these names decide where the weights are in the file.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from glassgate.errors import BadInput
from glassgate.exchange.keras.graph import RECURRENT, find_sources, has_initial_state
from glassgate.exchange.keras.masks import MODELS, find_masks
from glassgate.exchange.keras.store import Json

MAX_LAYERS = 10_000
MAX_DEPTH = 50  # of models inside models
MAX_NAME = 1000  # characters
MERGES = ("concat", "sum", "mul", "ave", None)
CUDNN_FORM = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "reset_after": True,
    "use_bias": True,
}
SLICES = "it is inside TimeDistributed: each slice of an outer axis is a sequence of its own"
GRUS = ("GRU", "GRUCell", "CuDNNGRU", "GRUV1", "GRUV2")


@dataclass(frozen=True)
class Cell:
    """One direction of a layer.

    Attributes
    ----------
    settings
        Its config: units, activations, reset_after, use_bias.
    weights_path
        The group of its weights in ``model.weights.h5``, without ``vars``.
    name_parts
        What the names of its weights begin with in a Keras 2 ``.h5``, part by part: the models that
        it is in, and its direction or own name.
    is_cudnn
        Whether it is a CuDNNGRU, whose arrays are in cuDNN's layout.
    """

    settings: Json
    weights_path: str
    name_parts: tuple[str, ...]
    is_cudnn: bool = False

    @property
    def form(self) -> Json:
        """The settings with those that a CuDNNGRU does not name, because it has no others."""
        return CUDNN_FORM | self.settings if self.is_cudnn else self.settings


@dataclass(frozen=True)
class RecurrentLayer:
    """One recurrent layer of a model.

    Attributes
    ----------
    name
        Its name, after those of the models that it is in: ``encoder/gru``.
    kind
        Its class in Keras: ``GRU``, ``RNN(GRUCell)``, ``Bidirectional(GRU)``.
    settings
        The config of the layer that reads the sequence (of two, the forward one).
    cells
        Its directions, forward and reverse.
    group
        The group of its weights in a Keras 2 ``.h5``.
    merge_mode
        How Bidirectional merges the two directions, ``"None"`` where it returns both; None for one
        direction.
    refusal
        Why it cannot be converted exactly, in one sentence, or None.
    input_layer
        The name of the recurrent layer whose output it reads, where both are called once and
        neither is given an initial state; None otherwise.
    has_initial_state
        Whether a call of it is given an initial state.
    mask
        What masks the steps that it reads; None where nothing does.
    wrapper
        What to know of a wrapper around it, in one sentence; None where there is none.
    """

    name: str
    kind: str
    settings: Json
    cells: tuple[Cell, ...]
    group: str
    merge_mode: str | None
    refusal: str | None
    input_layer: str | None
    has_initial_state: bool
    mask: str | None
    wrapper: str | None = None


@dataclass(frozen=True)
class _Location:
    """Where one layer is: the models around it, its group in the weights, and what it reads."""

    models: tuple[str, ...]
    name: str
    weights_path: str
    input_layer: str | None
    has_initial_state: bool
    mask: str | None

    @property
    def path(self) -> str:
        return "/".join((*self.models, self.name))

    @property
    def group(self) -> str:
        return (*self.models, self.name)[0]

    @property
    def inner(self) -> tuple[str, ...]:
        return (*self.models, self.name)[1:]


def find_recurrent_layers(model: Json) -> list[RecurrentLayer]:
    """List every GRU layer of a model and of the models inside it, in the order of the layers.

    Raises
    ------
    BadInput
        When the config is not that of a Sequential or Functional model, is damaged, or has more
        than `MAX_LAYERS` layers.
    """
    if model.get("class_name") not in MODELS:
        kind = model.get("class_name")
        raise BadInput(
            f"its config must be of a Sequential or Functional model, got {kind!r:.60}: of a class "
            "of your own, pass the arrays of layer.get_weights() to "
            "glassgate.exchange.keras.from_keras"
        )
    result: list[RecurrentLayer] = []
    _walk(model, (), "", result, Counter(), None)
    return result


def _walk(
    model: Json,
    models: tuple[str, ...],
    weights_path: str,
    result: list[RecurrentLayer],
    counts: Counter[str],
    mask: str | None,
) -> None:
    """Append the GRU layers of a model to `result`; `models` are the names around it."""
    layers = _layers(model)
    counts["layers"] += len(layers)
    if counts["layers"] > MAX_LAYERS or len(models) > MAX_DEPTH:
        raise BadInput(f"its config must have at most {MAX_LAYERS} layers, {MAX_DEPTH} deep")
    named = [(_name(layer), layer) for layer in layers]
    sources, kinds = find_sources(model["class_name"], named), Counter[str]()
    masks = find_masks(model["class_name"], named, mask)
    for name, layer in named:
        kind = layer["class_name"]
        # Keras names the groups after the classes: gru, gru_1, time_distributed.
        group = "functional" if kind == "Model" else _snake_case(kind)
        number = f"_{kinds[group]}" if kinds[group] else ""
        kinds[group] += 1
        source = sources.get(name)
        input_layer = "/".join((*models, source)) if source else None
        location = _Location(
            models=models,
            name=name,
            weights_path=f"{weights_path}layers/{group}{number}",
            input_layer=input_layer,
            has_initial_state=has_initial_state(layer),
            mask=masks.get(name),
        )
        if kind in MODELS:
            path = f"{location.weights_path}/"
            _walk(layer, (*models, name), path, result, counts, location.mask)
        elif _holds_gru(layer):
            result.append(_recurrent_layer(layer, location))


def _snake_case(kind: str) -> str:
    """Put underscores before the words of a class's name, as Keras does.

    >>> _snake_case("TimeDistributed"), _snake_case("GRU"), _snake_case("CuDNNGRU")
    ('time_distributed', 'gru', 'cu_dnngru')
    """
    worded = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W", "", kind[:MAX_NAME]))
    return re.sub("([a-z])([A-Z])", r"\1_\2", worded).lower()


def _recurrent_layer(layer: Json, location: _Location) -> RecurrentLayer:
    kind, settings = layer["class_name"], layer["config"]
    if kind == "Bidirectional":
        return _bidirectional(settings, location)
    if kind == "TimeDistributed":
        inner = _entry(settings.get("layer"))
        if inner["class_name"] in RECURRENT:
            path = f"{location.weights_path}/layer"
            within = replace(location, weights_path=path, input_layer=None)
            found = _recurrent_layer(inner, within)
            return replace(found, kind=f"{kind}({found.kind})", wrapper=SLICES)
    cell = _entry(settings["cell"]) if kind == "RNN" and "cell" in settings else layer
    kind = f"RNN({cell['class_name']})" if kind == "RNN" else kind
    is_cudnn = kind == "CuDNNGRU"
    cells = (Cell(cell["config"], f"{location.weights_path}/cell", location.inner, is_cudnn),)
    return RecurrentLayer(
        name=location.path,
        kind=kind,
        settings=settings,
        cells=cells,
        group=location.group,
        merge_mode=None,
        refusal=_refusal(layer, cell),
        input_layer=location.input_layer,
        has_initial_state=location.has_initial_state,
        mask=location.mask,
    )


def _bidirectional(settings: Json, location: _Location) -> RecurrentLayer:
    forward = _entry(settings.get("layer"))
    reverse = _entry(settings.get("backward_layer") or forward)
    mode = settings.get("merge_mode", "concat")
    cells, refusal = [], None
    for layer, direction in ((forward, "forward"), (reverse, "backward")):
        cell = _entry(layer["config"].get("cell", layer))
        refusal = refusal or _refusal(layer, cell)
        weights_path = f"{location.weights_path}/{direction}_layer/cell"
        # A backward layer given by the user keeps its name; Keras renames the ones it makes itself.
        is_given = direction == "backward" and layer is not forward
        part = _name(layer) if is_given else f"{direction}_"
        is_cudnn = layer["class_name"] == "CuDNNGRU"
        cells.append(Cell(cell["config"], weights_path, (*location.inner, part), is_cudnn))
    if not refusal and mode not in MERGES:
        refusal = f"its merge_mode must be one of {MERGES}, got {mode!r:.20}"
    same_direction = bool(forward["config"].get("go_backwards")) == bool(
        reverse["config"].get("go_backwards")
    )
    if not refusal and reverse is not forward and same_direction:
        refusal = "its two layers must read in different directions, got the same for both"
    return RecurrentLayer(
        name=location.path,
        kind=f"Bidirectional({forward['class_name']})",
        settings=forward["config"],
        cells=tuple(cells),
        group=location.group,
        merge_mode=str(mode),
        refusal=refusal,
        input_layer=location.input_layer,
        has_initial_state=location.has_initial_state,
        mask=location.mask,
    )


def _refusal(layer: Json, cell: Json) -> str | None:
    """Say why a layer is not Keras' own GRU or an RNN over its GRUCell; None if it is."""
    if any(entry.get("registered_name") for entry in (layer, cell)):
        return "it is a custom class that only shares its name with Keras' layer"
    pair = layer["class_name"], cell["class_name"]
    if pair in (("GRU", "GRU"), ("RNN", "GRUCell"), ("CuDNNGRU", "CuDNNGRU")):
        return None
    inner = "" if pair[0] == pair[1] else f" of {pair[1]}"
    return (
        f"a GRU inside {pair[0]}{inner} cannot be read, only GRU, CuDNNGRU, RNN over one GRUCell, "
        f"and Bidirectional or TimeDistributed around these: pass the arrays of its get_weights() "
        f"to glassgate.exchange.keras.from_keras"
    )


def _layers(model: Json) -> list[Json]:
    config = model.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config  # a list before 2.2.3
    if not isinstance(layers, list):
        raise BadInput("its config must list the layers of each model")
    if len(layers) > MAX_LAYERS:
        raise BadInput(f"its config must have at most {MAX_LAYERS} layers, got {len(layers)}")
    return [_entry(layer) for layer in layers]


def _entry(layer: Any) -> Json:
    if not isinstance(layer, dict) or not isinstance(layer.get("class_name"), str):
        raise BadInput("its config must give each layer a class_name")
    is_list = layer["class_name"] in MODELS and isinstance(layer.get("config"), list)
    if not isinstance(layer.get("config"), dict) and not is_list:
        raise BadInput(f"its config must describe the {layer['class_name']:.60} in a JSON object")
    return layer


def _name(layer: Json) -> str:
    config = layer["config"]
    name = layer.get("name") or (config.get("name") if isinstance(config, dict) else None)
    if name is None and layer["class_name"] not in RECURRENT:
        return ""  # an InputLayer or a model of early versions, whose name is never needed
    if not isinstance(name, str) or not name or len(name) > MAX_NAME:
        raise BadInput(f"its config must name each {layer['class_name']:.60}, got {name!r:.60}")
    return name


def _holds_gru(layer: Json) -> bool:
    pending: list[Any] = [layer]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if value.get("class_name") in GRUS:
                return True
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return False
