"""Which layers of a Keras model read masked steps, from the graph in its config.

A mask says which steps are padding. ``Embedding(mask_zero=True)`` and ``Masking`` make one, most
layers pass it on, and a recurrent layer skips the steps that it leaves out: its state stays as it
was. Since the mask is no part of the layer's own config, a layer that is converted alone loses it.

Source: `keras.layers` of Keras 3.15, `keras.layers.Layer.compute_mask`.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from glassgate.exchange.keras.graph import RECURRENT, calls
from glassgate.exchange.keras.store import Json

# Layers whose output has no mask, because it has no steps any more, or others.
ENDS = (
    *("Flatten", "Reshape", "Permute", "RepeatVector", "UpSampling1D"),
    *("GlobalAveragePooling1D", "GlobalMaxPooling1D", "GlobalAvgPool1D", "GlobalMaxPool1D"),
)
LAST_STATE_ALONE = (*RECURRENT, "LSTM", "SimpleRNN", "CuDNNGRU", "CuDNNLSTM", "ConvLSTM1D")
MODELS = ("Sequential", "Functional", "Model")
MAX_MODELS = 5  # inside each other, in which a layer that makes a mask is looked for
GIVEN = "the mask that its call is given"


def mask_note(source: str) -> str:
    """Say what a mask means for a network that is converted alone."""
    return (
        f"its steps are masked by {source}: Keras skips them, but the network reads every step, "
        "so cut padding that comes before a sequence, and pass lengths for padding after it"
    )


def find_masks(model: str, layers: list[tuple[str, Json]], outer: str | None) -> dict[str, str]:
    """Say for each layer that reads masked steps what masks them.

    Parameters
    ----------
    model
        The class of the model.
    layers
        Its layers in order, each with its name.
    outer
        What masks the steps that the model itself reads; None where nothing does.

    Returns
    -------
    dict[str, str]
        By the names of the layers: ``"embedding, an Embedding with mask_zero"``.
    """
    readers, inputs = _readers(model, layers)
    by_name, masks = dict(layers), {} if outer is None else dict.fromkeys(inputs, outer)
    made = {name: source for name, layer in layers if (source := _made(name, layer))}
    given = [name for name, layer in layers if any(map(_gives_mask, calls(layer)))]
    pending = [*made, *masks]
    while pending or given:
        if not pending:  # Keras 3 names the mask in a call also where a layer below makes it
            masks.setdefault(given[-1], GIVEN)
            pending.append(given.pop())
        name = pending.pop()
        source = made.get(name) or masks[name]
        for reader in readers[name] if name in made or _passes(by_name[name]) else ():
            if reader in by_name and reader not in masks:
                masks[reader] = source
                pending.append(reader)
    return masks


def _readers(model: str, layers: list[tuple[str, Json]]) -> tuple[dict[str, list[str]], list[str]]:
    """Return who reads each layer, and which layers read the model's own input."""
    readers: dict[str, list[str]] = defaultdict(list)
    inputs: list[str] = []
    names = [name for name, _ in layers]
    if model == "Sequential":
        readers |= {below: [above] for below, above in pairwise(names)}
        return readers, names[:1]
    for name, layer in layers:
        sources = {source for call in calls(layer) for source in _sources(call)}
        for source in sources:
            readers[source].append(name)
        if not sources:
            inputs.append(name)
    return readers, inputs


def _sources(call: Any) -> Iterator[str]:
    """Name every layer whose output a call reads, as Keras 3 or 2 writes it."""
    pending = [call]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            if len(value) >= 3 and isinstance(value[0], str) and type(value[1]) is int:
                yield value[0]
            pending.extend(value)


def _gives_mask(call: Any) -> bool:
    """Whether a call names a mask among its arguments."""
    pending, depth = [call], 0
    while pending and depth < 8:  # of Keras 2's lists, in which the named arguments come fourth
        named = [value for value in pending if isinstance(value, dict)]
        given = [value.get("kwargs", value) for value in named]
        if any(isinstance(value, dict) and value.get("mask") is not None for value in given):
            return True
        pending = [part for value in pending if isinstance(value, list) for part in value]
        depth += 1
    return False


def _made(name: str, layer: Json) -> str | None:
    """Say which mask a layer, or a model within, makes; None where it makes none."""
    pending: list[tuple[Any, int]] = [(layer, 0)]
    while pending:
        value, models = pending.pop()
        if isinstance(value, list):
            pending.extend((part, models) for part in value)
        elif isinstance(value, dict) and models < MAX_MODELS:
            models += value.get("class_name") in MODELS
            config = value.get("config")
            settings = config if isinstance(config, dict) else {}
            if value.get("class_name") == "Embedding" and settings.get("mask_zero"):
                return f"{name:.60}, an Embedding with mask_zero"
            if value.get("class_name") == "Masking":
                return f"{name:.60}, a Masking of {settings.get('mask_value', 0)!r:.20}"
            pending.extend((part, models) for part in value.values())
    return None


def _passes(layer: Json) -> bool:
    """Whether a layer's output has the mask of its input."""
    kind, settings = layer["class_name"], layer["config"]
    if kind in LAST_STATE_ALONE and isinstance(settings, dict):
        inner = settings.get("layer")
        inner = inner.get("config") if isinstance(inner, dict) else settings
        return isinstance(inner, dict) and bool(inner.get("return_sequences"))
    return kind not in ENDS
