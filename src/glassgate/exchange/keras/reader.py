"""Builds networks from the layers of a Keras model, wherever the arrays of the layers are kept."""

import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

import numpy as np

from glassgate.errors import BadInput
from glassgate.exchange.file_gru import FileGRU, describe, join_values
from glassgate.exchange.keras.arrays import KerasGRU, formulation, from_cudnn
from glassgate.exchange.keras.config import Cell, RecurrentLayer, find_recurrent_layers
from glassgate.exchange.keras.layers import KerasLayer, from_keras_layers, merge_of
from glassgate.exchange.keras.masks import mask_note
from glassgate.exchange.keras.runtime import choose_reference
from glassgate.exchange.keras.store import Json, UnusableArray
from glassgate.formulation import Array

MAX_UNITS = 2**24
LayerOrRefusal: TypeAlias = KerasLayer | str  # a layer, or why it cannot be converted


def _major(version: str) -> int:
    if version[:2] not in ("2.", "3."):
        raise BadInput(f"its keras_version must be 2 or 3, got {version!r:.40}")
    return int(version[0])


class ArraySource(Protocol):
    """What holds the arrays of a file or folder, by their paths."""

    def array(self, path: str, shape: tuple[int | str, ...]) -> Array:
        """Read an array of floats, after its shape and size have been checked."""


class LayerReader(ABC):
    """Reads the layers of one model, wherever its arrays are kept.

    Parameters
    ----------
    source
        The arrays.
    version
        Keras' version.
    """

    def __init__(self, source: ArraySource, version: str) -> None:
        self.source, self.version, self.major = source, version, _major(version)
        self.errors: list[UnusableArray] = []

    @abstractmethod
    def paths(self, layer: RecurrentLayer, cell: Cell, names: Iterable[str]) -> dict[str, str]:
        """Locate the arrays of one direction of a layer."""

    def read_all(self, model: Json) -> list[FileGRU]:
        """Read the stacks, then the single layers."""
        layers = find_recurrent_layers(model)
        parts = {layer.name: self.read_layer(layer) for layer in layers}
        if len(parts) < len(layers):
            raise BadInput("its config must give its layers different names")
        if self.errors and all(isinstance(part, str) for part in parts.values()):
            raise self.errors[0]
        stacks: list[FileGRU] = []
        part_of: dict[str, str] = {}
        for chain in _stacks(layers):
            stacks.append(self.file_gru(chain, [parts[layer.name] for layer in chain]))
            if stacks[-1].network:
                part_of |= {layer.name: stacks[-1].name for layer in chain}
        singles = [self.file_gru([layer], [parts[layer.name]]) for layer in layers]
        return stacks + [replace(gru, part_of=part_of.get(gru.name)) for gru in singles]

    def file_gru(self, chain: list[RecurrentLayer], parts: list[LayerOrRefusal]) -> FileGRU:
        """Build the network of one layer or of a stack of them, or say why there is none."""
        name, facts = "+".join(layer.name for layer in chain), self.facts(chain)
        refusal = next((part for part in parts if isinstance(part, str)), None)
        if not refusal and not all(layer.settings.get("return_sequences") for layer in chain[:-1]):
            refusal = (
                "one of its layers passes on its last state alone, not the state of every step"
            )
        layers = [part for part in parts if not isinstance(part, str)]
        try:
            network = None if refusal else from_keras_layers(layers)
        except BadInput as error:
            network, refusal = None, f"its layers do not form one network here: {error}"
        if network is None:
            return FileGRU(name, refusal=refusal, facts=facts)
        facts |= describe(network)
        if any(layer.has_initial_state for layer in chain):
            facts["initial state"] = "given by another layer, to be passed"
        elif any(layer.settings.get("stateful") for layer in chain):
            facts["initial state"] = "the last state of the batch before (stateful), to be passed"
        masks = dict.fromkeys(mask_note(layer.mask) for layer in chain if layer.mask)
        masks |= dict.fromkeys(layer.wrapper for layer in chain if layer.wrapper)
        return FileGRU(name, network, None, facts, *choose_reference(layers), notes=tuple(masks))

    def facts(self, chain: list[RecurrentLayer]) -> dict[str, str]:
        """List the settings to show in Keras' words, also of layers that are refused."""
        settings = [cell.form for layer in chain for cell in layer.cells]
        facts = {
            "layers": str(len(chain)),
            "kind": join_values(layer.kind for layer in chain),
        }
        for word in ("units", "reset_after", "recurrent_activation", "activation"):
            if all(word in config for config in settings):
                facts[word] = join_values(config[word] for config in settings)
        facts["keras"] = self.version
        if any(layer.merge_mode is not None for layer in chain):
            facts["merge_mode"] = join_values(
                layer.merge_mode or "one direction" for layer in chain
            )
        if any(layer.settings.get("go_backwards") for layer in chain):
            facts["go_backwards"] = join_values(
                bool(layer.settings.get("go_backwards")) for layer in chain
            )
        return facts

    def read_layer(self, layer: RecurrentLayer) -> LayerOrRefusal:
        """Read a layer as Keras keeps it, or say why it cannot be converted."""
        if layer.refusal:
            return layer.refusal
        cells = []
        for cell in layer.cells:
            reset_after = cell.form.get("reset_after", False)
            activations = _activations(cell.form)
            try:
                formulation(reset_after, *activations, self.major)
            except BadInput as error:
                return str(error)
            try:
                arrays = self.read_arrays(layer, cell, reset_after)
            except UnusableArray as error:
                self.errors.append(error)
                return str(error)
            if cell.is_cudnn:
                arrays = from_cudnn(*arrays)
            if not all(np.isfinite(array).all() for array in arrays):
                warnings.warn(f"{layer.name} holds weights that are NaN or infinite", stacklevel=5)
            activation, recurrent_activation = (word or "linear" for word in activations)
            cells.append(
                KerasGRU(
                    kernel=arrays[0],
                    recurrent_kernel=arrays[1],
                    bias=arrays[2] if len(arrays) == 3 else None,
                    reset_after=reset_after,
                    activation=activation,
                    recurrent_activation=recurrent_activation,
                    keras_version=self.major,
                )
            )
        backwards = bool(layer.settings.get("go_backwards"))
        return KerasLayer(tuple(cells), backwards, merge_of(layer.merge_mode))

    def read_arrays(self, layer: RecurrentLayer, cell: Cell, reset_after: bool) -> list[Array]:
        """Read the kernel, the recurrent kernel and, where there is one, the bias."""
        units = cell.settings.get("units")
        if type(units) is not int or not 1 <= units <= MAX_UNITS:
            raise BadInput(f"units of {layer.name} must be in 1..{MAX_UNITS}, got {units!r:.40}")
        shapes: dict[str, tuple[int | str, ...]] = {
            "kernel": ("I", 3 * units),
            "recurrent_kernel": (units, 3 * units),
        }
        if cell.is_cudnn:
            shapes["bias"] = (6 * units,)
        elif cell.settings.get("use_bias", True):
            shapes["bias"] = (2, 3 * units) if reset_after else (3 * units,)
        paths = self.paths(layer, cell, shapes)
        return [self.source.array(paths[name], shape) for name, shape in shapes.items()]


def _activations(settings: Json) -> tuple[Any, Any]:
    """Return activation and recurrent activation, which a config always names."""
    return settings.get("activation", "missing"), settings.get("recurrent_activation", "missing")


def _stacks(layers: list[RecurrentLayer]) -> list[list[RecurrentLayer]]:
    """Chain layers into stacks where each reads the one before it and is its only reader."""
    readers = Counter(layer.input_layer for layer in layers)
    below = {layer.name: layer.input_layer for layer in layers if readers[layer.input_layer] == 1}
    by_name = {layer.name: layer for layer in layers}
    inner = {name for name in below.values() if name}
    chains = []
    for layer in layers:
        if layer.name in inner:
            continue
        chain = [layer]
        while (name := below.get(chain[0].name)) in by_name:
            chain.insert(0, by_name[str(name)])
        if len(chain) > 1:
            chains.append(chain)
    return chains
