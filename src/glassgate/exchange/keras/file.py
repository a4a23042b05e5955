"""Read the GRUs of a Keras file: ``.keras``, or ``.h5`` of Keras 2 and 3.

Only h5py and json read it: no Keras, nothing instantiated, nothing executed. Keras' own version,
which every file names, decides what its ``hard_sigmoid`` is.
"""

import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.found import Found, describe, each
from glassgate.exchange.keras.arrays import KerasGRU, formulation
from glassgate.exchange.keras.layers import KerasLayer, from_keras_layers, merge
from glassgate.exchange.keras.plan import Cell, Recurrent, find_recurrent
from glassgate.exchange.keras.runtime import reference
from glassgate.exchange.keras.store import Json, Store, Unfit, parsed, read_zip
from glassgate.formulation import Array

MOST_UNITS = 2**24
WAYS = ("forward_", "backward_")
Taken: TypeAlias = KerasLayer | str  # a layer, or why it is refused


def read_keras(path: str | PathLike[str], config: str | PathLike[str] | None = None) -> list[Found]:
    """Find every GRU of a Keras file, and every stack of them.

    A stack of layers comes under the names of its layers joined by ``+``, before the layers
    themselves, which are also found one by one.

    Parameters
    ----------
    path
        A model as Keras saved it.
    config
        What ``model.to_json()`` wrote, for a file of weights alone.

    Warns
    -----
    UserWarning
        When weights are NaN or infinite; they are kept.

    Raises
    ------
    BadInput
        When the file is no such file, is damaged, or lies about its sizes.
    OSError
        When it cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        if zipped:
            model, version, store = read_zip(path)
        else:
            store = Store(path)
            model, version = {}, ""
        with store:
            if not zipped:
                model, version = _described(store, config)
            return _Reader(store, version).everything(model)
    except BadInput as error:
        raise BadInput(f"{path} cannot be read as a Keras model: {error}") from error


def _described(store: Store, config: str | PathLike[str] | None) -> tuple[Json, str]:
    """Give the config and the version of an ``.h5`` file."""
    text = store.text("", "model_config")
    if config is not None:
        text = Path(config).read_text()
    if text is None:
        raise BadInput(
            "it holds weights without a config, which names their activations: the whole model is "
            'needed, as model.save("model.keras") writes it'
        )
    model = parsed(text, "its config")
    version = store.text("", "keras_version") or store.text("model_weights", "keras_version")
    return model, version or str(model.get("keras_version"))


def _major(version: str) -> int:
    if version[:2] not in ("2.", "3."):
        raise BadInput(f"its keras_version must be 2 or 3, got {version!r:.40}")
    return int(version[0])


class _Reader:
    """What takes the layers of one file."""

    def __init__(self, store: Store, version: str) -> None:
        self.store, self.version, self.major = store, version, _major(version)
        self.root = "model_weights/" if store.has("model_weights") else ""
        self.named = bool(self.root or store.names("", "layer_names"))  # by layer, as in .h5
        self.unfit: list[Unfit] = []
        self.early = store.has("_layer_checkpoint_dependencies")  # as .keras was at first

    def everything(self, model: Json) -> list[Found]:
        """Give the stacks, then the single layers."""
        layers = find_recurrent(model)
        taken = {layer.name: self.taken(layer) for layer in layers}
        if len(taken) < len(layers):
            raise BadInput("its config must give its layers different names")
        if self.unfit and all(isinstance(got, str) for got in taken.values()):
            raise self.unfit[0]
        whole: list[Found] = []
        part_of: dict[str, str] = {}
        for chain in _stacks(layers):
            whole.append(self.found(chain, [taken[layer.name] for layer in chain]))
            if whole[-1].network:
                part_of |= {layer.name: whole[-1].name for layer in chain}
        singles = [self.found([layer], [taken[layer.name]]) for layer in layers]
        return whole + [replace(one, part_of=part_of.get(one.name)) for one in singles]

    def found(self, chain: list[Recurrent], taken: list[Taken]) -> Found:
        """Say of one layer, or of a stack of them, what network it is."""
        name, facts = "+".join(layer.name for layer in chain), self.facts(chain)
        refusal = next((got for got in taken if isinstance(got, str)), None)
        if not refusal and not all(layer.settings.get("return_sequences") for layer in chain[:-1]):
            refusal = "a layer of it passes on its last state alone, not the state of every step"
        layers = [got for got in taken if not isinstance(got, str)]
        try:
            network = None if refusal else from_keras_layers(layers)
        except BadInput as error:
            network, refusal = None, f"its parts do not make one network here: {error}"
        if network is None:
            return Found(name, refusal=refusal, facts=facts)
        facts |= describe(network)
        if any(layer.is_begun for layer in chain):
            facts["initial state"] = "given by another layer, to be passed"
        return Found(name, network, None, facts, *reference(layers))

    def facts(self, chain: list[Recurrent]) -> dict[str, str]:
        """Say in Keras' words what a person wants to know of it, also where it is refused."""
        settings = [cell.settings for layer in chain for cell in layer.cells]
        facts = {
            "layers": str(len(chain)),
            "kind": each(layer.kind for layer in chain),
        }
        for word in ("units", "reset_after", "recurrent_activation", "activation"):
            if all(word in some for some in settings):
                facts[word] = each(some[word] for some in settings)
        facts["keras"] = self.version
        if any(layer.merge_mode is not None for layer in chain):
            facts["merge_mode"] = each(layer.merge_mode or "one direction" for layer in chain)
        if any(layer.settings.get("go_backwards") for layer in chain):
            facts["go_backwards"] = each(
                bool(layer.settings.get("go_backwards")) for layer in chain
            )
        return facts

    def taken(self, layer: Recurrent) -> Taken:
        """Give a layer as Keras holds it, or say why it cannot be taken."""
        if layer.refusal:
            return layer.refusal
        cells = []
        for cell in layer.cells:
            reset_after, words = cell.settings.get("reset_after", False), _words(cell.settings)
            try:
                formulation(reset_after, *words, self.major)
            except BadInput as error:
                return str(error)
            try:
                arrays = self.arrays(layer, cell, reset_after)
            except Unfit as error:
                self.unfit.append(error)
                return str(error)
            if not all(np.isfinite(array).all() for array in arrays):
                warnings.warn(f"{layer.name} holds weights that are NaN or infinite", stacklevel=5)
            bias = arrays[2] if len(arrays) == 3 else None
            activation, gate = (word or "linear" for word in words)
            cells.append(
                KerasGRU(arrays[0], arrays[1], bias, reset_after, activation, gate, self.major)
            )
        backwards = bool(layer.settings.get("go_backwards"))
        return KerasLayer(tuple(cells), backwards, merge(layer.merge_mode))

    def arrays(self, layer: Recurrent, cell: Cell, reset_after: bool) -> list[Array]:
        """Read kernel, recurrent kernel and, where there is one, bias."""
        units = cell.settings.get("units")
        if type(units) is not int or not 1 <= units <= MOST_UNITS:
            raise BadInput(f"units of {layer.name} must be in 1..{MOST_UNITS}, got {units!r:.40}")
        shapes: dict[str, tuple[int | str, ...]] = {
            "kernel": ("I", 3 * units),
            "recurrent_kernel": (units, 3 * units),
        }
        if cell.settings.get("use_bias", True):
            shapes["bias"] = (2, 3 * units) if reset_after else (3 * units,)
        places = self.by_name(layer, cell, shapes) if self.named else self.by_class(cell, shapes)
        return [self.store.array(places[name], shape) for name, shape in shapes.items()]

    def by_class(self, cell: Cell, names: Iterable[str]) -> dict[str, str]:
        """Say where arrays stand in ``model.weights.h5``: counted, below the layers' classes."""
        place = cell.place
        if self.early:
            place = place.replace("layers/", "_layer_checkpoint_dependencies/")
        return {name: f"{place}/vars/{i}" for i, name in enumerate(names)}

    def by_name(self, layer: Recurrent, cell: Cell, names: Iterable[str]) -> dict[str, str]:
        """Say where arrays stand in an ``.h5``: under a layer's name, in a list of their own."""
        group = f"{self.root}{layer.group}"
        listed = [
            name
            for name in self.store.names(group, "weight_names")
            if _is_under(name.split("/"), cell.words)
        ]
        places = {}
        for name in names:
            same = [path for path in listed if path.split("/")[-1].split(":")[0] == name]
            if len(same) != 1:
                raise Unfit(f"it must hold one {name} of {layer.name}, got {len(same)}")
            places[name] = f"{group}/{same[0]}"
        return places


def _words(settings: Json) -> tuple[Any, Any]:
    """Give activation and recurrent activation; a config always names them."""
    return settings.get("activation", "unsaid"), settings.get("recurrent_activation", "unsaid")


def _is_under(parts: list[str], words: tuple[str, ...]) -> bool:
    ways = [part for part in parts if part.startswith(WAYS)]
    return all(
        bool(ways) and ways[-1].startswith(word) if word in WAYS else word in parts
        for word in words
    )


def _stacks(layers: list[Recurrent]) -> list[list[Recurrent]]:
    """Chain the layers of which one reads the other and nothing else does."""
    readers = Counter(layer.reads for layer in layers)
    below = {layer.name: layer.reads for layer in layers if readers[layer.reads] == 1}
    by_name = {layer.name: layer for layer in layers}
    inner = {reads for reads in below.values() if reads}
    chains = []
    for layer in layers:
        if layer.name in inner:
            continue
        chain = [layer]
        while (reads := below.get(chain[0].name)) in by_name:
            chain.insert(0, by_name[str(reads)])
        if len(chain) > 1:
            chains.append(chain)
    return chains
