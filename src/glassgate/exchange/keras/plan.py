"""Where the GRUs are in a Keras model, told from its config alone.

A config is JSON and is read as such: nothing of it is ever instantiated. It says which layers
there are, what reads what, and so where the weights stand in the file.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from glassgate.errors import BadInput
from glassgate.exchange.keras.graph import RECURRENT, is_begun, sources_of
from glassgate.exchange.keras.store import Json

MOST_LAYERS = 10_000
MODELS = ("Sequential", "Functional", "Model")
MERGES = ("concat", "sum", "mul", "ave", None)
GRUS = ("GRU", "GRUCell", "CuDNNGRU", "GRUV1", "GRUV2")


@dataclass(frozen=True)
class Cell:
    """One direction of a layer.

    Attributes
    ----------
    settings
        Its config: units, activations, reset_after, use_bias.
    place
        The group of its numbers in ``model.weights.h5``, without ``vars``.
    words
        What the names of its weights begin with, part by part, in a Keras 2 ``.h5``: the models
        that it stands in, and its direction or own name.
    """

    settings: Json
    place: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Recurrent:
    """One recurrent layer of a model.

    Attributes
    ----------
    name
        The layer's, after those of the models that it stands in: ``encoder/gru``.
    kind
        What it is in Keras: ``GRU``, ``RNN(GRUCell)``, ``Bidirectional(GRU)``.
    settings
        The config of the layer that runs along the sequence (the forward one of two).
    cells
        Its directions, forward and reverse; none where it is refused.
    group
        The group of its weights in a Keras 2 ``.h5``.
    merge_mode
        How Bidirectional joins the two directions, ``"None"`` where it leaves them two; None for
        one direction.
    refusal
        Why it cannot be said exactly, in one sentence, or None.
    reads
        The name of the recurrent layer that it stands on, or None: the one whose output it reads,
        where both are called once, and neither is given a state to begin from.
    is_begun
        Whether a call of it is given a state to begin from.
    """

    name: str
    kind: str
    settings: Json
    cells: tuple[Cell, ...]
    group: str
    merge_mode: str | None
    refusal: str | None
    reads: str | None
    is_begun: bool


@dataclass(frozen=True)
class _Spot:
    """Where in the model one layer stands: the models around it, and its place in the weights."""

    models: tuple[str, ...]
    name: str
    place: str
    reads: str | None
    is_begun: bool

    @property
    def path(self) -> str:
        return "/".join((*self.models, self.name))

    @property
    def group(self) -> str:
        return (*self.models, self.name)[0]

    @property
    def inner(self) -> tuple[str, ...]:
        return (*self.models, self.name)[1:]


def find_recurrent(model: Json) -> list[Recurrent]:
    """List every GRU of a model, and of the models in it, in the order of its layers.

    Raises
    ------
    BadInput
        When the config is not that of a Sequential or Functional model, is damaged, or has more
        than `MOST_LAYERS` layers.
    """
    if model.get("class_name") not in MODELS:
        came = model.get("class_name")
        raise BadInput(f"its config must be of a Sequential or Functional model, got {came!r:.60}")
    found: list[Recurrent] = []
    _walk(model, (), "", found, Counter())
    return found


def _walk(
    model: Json, models: tuple[str, ...], place: str, found: list[Recurrent], seen: Counter[str]
) -> None:
    layers = _layers(model)
    seen["layers"] += len(layers)
    if seen["layers"] > MOST_LAYERS or len(models) > 50:
        raise BadInput(f"its config must have at most {MOST_LAYERS} layers, 50 deep")
    named = [(_name(layer), layer) for layer in layers]
    sources, kinds = sources_of(model["class_name"], named), Counter[str]()
    for name, layer in named:
        kind = layer["class_name"]
        # Keras names the groups after the classes: gru, gru_1, bidirectional.
        plain = "functional" if kind == "Model" else kind.lower()
        number = f"_{kinds[plain]}" if kinds[plain] else ""
        kinds[plain] += 1
        source = sources.get(name)
        reads = "/".join((*models, source)) if source else None
        spot = _Spot(models, name, f"{place}layers/{plain}{number}", reads, is_begun(layer))
        if kind in MODELS:
            _walk(layer, (*models, name), f"{spot.place}/", found, seen)
        elif _holds_gru(layer):
            found.append(_recurrent(layer, spot))


def _recurrent(layer: Json, spot: _Spot) -> Recurrent:
    kind, settings = layer["class_name"], layer["config"]
    if kind == "Bidirectional":
        return _bidirectional(settings, spot)
    cell = _entry(settings["cell"]) if kind == "RNN" and "cell" in settings else layer
    said = f"RNN({cell['class_name']})" if kind == "RNN" else kind
    refusal = _not_plain(layer, cell)
    cells = (Cell(cell["config"], f"{spot.place}/cell", spot.inner),)
    return Recurrent(
        spot.path, said, settings, cells, spot.group, None, refusal, spot.reads, spot.is_begun
    )


def _bidirectional(settings: Json, spot: _Spot) -> Recurrent:
    forward = _entry(settings.get("layer"))
    reverse = _entry(settings.get("backward_layer") or forward)
    mode = settings.get("merge_mode", "concat")
    cells, refusal = [], None
    for layer, way in ((forward, "forward"), (reverse, "backward")):
        cell = _entry(layer["config"].get("cell", layer))
        refusal = refusal or _not_plain(layer, cell)
        place = f"{spot.place}/{way}_layer/cell"
        # A backward layer that was given keeps its own name; Keras renames what it made itself.
        given = way == "backward" and layer is not forward
        word = _name(layer) if given else f"{way}_"
        cells.append(Cell(cell["config"], place, (*spot.inner, word)))
    if not refusal and mode not in MERGES:
        refusal = f"its merge_mode is {mode!r:.20}, which is none of {MERGES}"
    alike = bool(forward["config"].get("go_backwards")) == bool(
        reverse["config"].get("go_backwards")
    )
    if not refusal and reverse is not forward and alike:
        refusal = "its two layers must go in different directions, got the same for both"
    said = f"Bidirectional({forward['class_name']})"
    return Recurrent(
        spot.path,
        said,
        forward["config"],
        tuple(cells),
        spot.group,
        str(mode),
        refusal,
        spot.reads,
        spot.is_begun,
    )


def _not_plain(layer: Json, cell: Json) -> str | None:
    """Say why a layer is not Keras' own GRU or an RNN over its GRUCell, None if it is."""
    if any(entry.get("registered_name") for entry in (layer, cell)):
        return "it is a class of its own that only bears the name of Keras' layer"
    pair = layer["class_name"], cell["class_name"]
    if pair in (("GRU", "GRU"), ("RNN", "GRUCell")):
        return None
    inner = "" if pair[0] == pair[1] else f" of {pair[1]}"
    return (
        f"a GRU inside {pair[0]}{inner} is not read: only GRU, RNN of one GRUCell "
        f"and Bidirectional of these are"
    )


def _layers(model: Json) -> list[Json]:
    config = model.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config  # a list before 2.2.3
    if not isinstance(layers, list):
        raise BadInput("its config must list the layers of each model")
    if len(layers) > MOST_LAYERS:
        raise BadInput(f"its config must have at most {MOST_LAYERS} layers, got {len(layers)}")
    return [_entry(layer) for layer in layers]


def _entry(layer: Any) -> Json:
    if not isinstance(layer, dict) or not isinstance(layer.get("class_name"), str):
        raise BadInput("its config must give each layer a class_name")
    listed = layer["class_name"] in MODELS and isinstance(layer.get("config"), list)
    if not isinstance(layer.get("config"), dict) and not listed:
        raise BadInput(f"its config must describe the {layer['class_name']:.60} in an object")
    return layer


def _name(layer: Json) -> str:
    config = layer["config"]
    name = layer.get("name") or (config.get("name") if isinstance(config, dict) else None)
    if name is None and layer["class_name"] not in RECURRENT:
        return ""  # an InputLayer or a model of early versions: it is never asked for
    if not isinstance(name, str) or not name or len(name) > 1000:
        raise BadInput(f"its config must name each {layer['class_name']:.60}, got {name!r:.60}")
    return name


def _holds_gru(layer: Json) -> bool:
    waiting: list[Any] = [layer]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if here.get("class_name") in GRUS:
                return True
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)
    return False
