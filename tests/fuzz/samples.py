"""Small real files for every target, made by the tools that people use."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glassgate import GRU, Formulation, LayerPlan
from tests.fuzz.structured import unzip, zip_members

GOLDEN = Path(__file__).parent.parent / "golden"


def write(targets: Sequence[str], folder: Path) -> None:
    """Write the samples of targets, each in a folder of its own with the files beside the model."""
    for target in targets:
        for i, make in enumerate(MAKERS[target]):
            (folder / target / str(i)).mkdir(parents=True)
            make(folder / target / str(i))


def networks() -> Iterator[GRU]:
    """Yield small networks with various directions, merges and sizes."""
    from tests.engine.gru_cases import network

    yield network(1, 1, np.float32)
    yield network(2, 2, np.float64, Formulation("writes"), 2, 2)
    turned = [LayerPlan(("reverse", "forward"), "sum", "read"), LayerPlan(("forward",))]
    yield GRU([network(1, 2).weights[0], network(1, 1, inputs=6).weights[0]], turned)
    yield network(3, 1, np.float32, inputs=1, units=1).astype("bfloat16")


def canonical(at: int) -> Callable[[Path], None]:
    """Return a function that writes one of the networks in Glassgate's own format."""
    return lambda folder: list(networks())[at].save(folder / "model.safetensors")


def first_version(folder: Path) -> None:
    """Copy the stored file of format version 1."""
    data = (GOLDEN / "gru-version-1.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data)


def modules() -> dict[str, Any]:
    """Return the state dict of recurrent modules and of one that is not."""
    import torch

    parts = {
        "encoder": torch.nn.GRU(2, 3, 2, bidirectional=True),
        "cell": torch.nn.GRUCell(2, 2, bias=False),
        "lstm": torch.nn.LSTM(2, 2),
        "head": torch.nn.Linear(3, 2),
    }
    return dict(filled(torch.nn.ModuleDict(parts)).state_dict())


def filled(module: Any) -> Any:
    """Draw a module's parameters, the same each time."""
    import torch

    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module


def torch_safetensors(dtype: str) -> Callable[[Path], None]:
    """Return a function that writes a state dict with safetensors, in one dtype."""

    def make(folder: Path) -> None:
        import torch
        from safetensors.torch import save_file

        kind = getattr(torch, dtype)
        state = {name: tensor.to(kind) for name, tensor in modules().items()}
        save_file(state, folder / "model.safetensors", {"format": "pt"})

    return make


def checkpoint(zipped: bool) -> Callable[[Path], None]:
    """Return a function that writes a training checkpoint, as a zip or in PyTorch's old format."""

    def make(folder: Path) -> None:
        import torch

        state = modules()
        step = {"step": torch.tensor(3.0), "average": torch.ones(2, 2).t()}
        contents = {"model": state, "epoch": 3, "optimizer": {"state": {0: step}, "lr": 1e-3}}
        torch.save(contents, folder / "model.pt", _use_new_zipfile_serialization=zipped)

    return make


def single(folder: Path) -> None:
    """Write the state dict of one module."""
    import torch

    torch.save(filled(torch.nn.GRU(2, 2)).state_dict(), folder / "model.pt")


def program(traced: bool) -> Callable[[Path], None]:
    """Return a function that writes a TorchScript program."""

    def make(folder: Path) -> None:
        import torch

        module = filled(torch.nn.Sequential(torch.nn.GRU(2, 2)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = (torch.ones(3, 1, 2),)
            made = torch.jit.trace(module, given) if traced else torch.jit.script(module)
            made.save(str(folder / "model.pt"))

    return make


def frozen(folder: Path) -> None:
    """Write a frozen graph with TensorFlow 1's cell."""
    from tests.exchange.tensorflow.graph_cases import sample

    sample(folder)


def frozen_keras(name: str) -> Callable[[Path], None]:
    """Return a function that copies a graph that TensorFlow froze."""

    def make(folder: Path) -> None:
        data = (GOLDEN / "exchange" / f"frozen-keras_{name}.pb").read_bytes()
        (folder / "model.pb").write_bytes(data)

    return make


def saved_model(folder: Path) -> None:
    """Write a SavedModel with all of its files in one folder."""
    from tests.exchange.tensorflow.tensorflow_cases import flat

    flat(folder)


def keras_model(ending: str, functional: bool) -> Callable[[Path], None]:
    """Return a function that saves a model with Keras."""

    def make(folder: Path) -> None:
        os.environ.setdefault("KERAS_BACKEND", "torch")
        import keras
        from keras import layers

        source = layers.Input((None, 3))
        if functional:
            both = layers.Bidirectional(layers.GRU(2, return_sequences=True), name="both")(source)
            last = layers.GRU(2, activation="relu", use_bias=False)(layers.Dropout(0.1)(both))
            model = keras.Model(source, layers.Dense(1)(last))
        else:
            cell = layers.GRUCell(2, reset_after=False, recurrent_activation="hard_sigmoid")
            stack = [layers.GRU(2, return_sequences=True), layers.RNN(cell), layers.Dense(1)]
            model = keras.Sequential([source, *stack])
        draw = np.random.default_rng(0)
        model.set_weights([draw.normal(size=tuple(weight.shape)) for weight in model.weights])
        path = folder / f"model.{ending}"
        model.save(path)
        if ending == "keras":
            path.write_bytes(undated(path.read_bytes()))

    return make


def undated(data: bytes) -> bytes:
    """Return a Keras zip without the time at which it was written."""
    parts = unzip(data)
    metadata = json.loads(parts["metadata.json"]) | {"date_saved": "1980-01-01@00:00:00"}
    return zip_members(parts | {"metadata.json": json.dumps(metadata).encode()})


def early_h5(folder: Path) -> None:
    """Write a file as Keras 2 did."""
    from tests.exchange.keras.keras_cases import simple_h5

    simple_h5(folder / "model.h5")


def written_keras(folder: Path) -> None:
    """Write a network as Glassgate writes it for Keras."""
    from glassgate.exchange.keras.write import write_keras

    write_keras(folder / "model.keras", next(networks()))


def written_onnx(at: int) -> Callable[[Path], None]:
    """Return a function that writes one of the networks as Glassgate does for ONNX."""

    def make(folder: Path) -> None:
        from glassgate.exchange.onnx.file import write_onnx

        write_onnx(folder / "model.onnx", list(networks())[at])

    return make


def node(folder: Path) -> None:
    """Write single nodes with other activations, in branches, their weights in Constant nodes."""
    from onnx import helper

    from tests.exchange.onnx import onnx_cases

    case = onnx_cases.make("bidirectional", (2, 2), False, "HardSigmoid", "relu")
    constants = [
        helper.make_node("Constant", [], [tensor.name], value=tensor) for tensor in case.tensors()
    ]
    inner = helper.make_graph([*constants, case.node("inner")], "branch", [], [])
    branch = helper.make_node("If", ["X"], ["Z"], then_branch=inner, else_branch=inner)
    state = helper.make_node("Identity", ["W"], ["same"])
    case_node = case.node("outer", clip=3.0)
    model = onnx_cases.model([state, branch, case_node, case.node("again")], case.tensors())
    onnx_cases.save(model, folder / "model.onnx")


def beside(folder: Path) -> None:
    """Write a model whose weights are in a file beside it."""
    from tests.exchange.onnx import onnx_cases

    onnx_cases.external(onnx_cases.make(sizes=(2, 2)), folder / "model.onnx")


def exported(folder: Path) -> None:
    """Write a GRU with PyTorch's own exporter."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module, given = filled(torch.nn.GRU(2, 2, 2, bidirectional=True)), torch.ones(3, 1, 2)
        torch.onnx.export(module, (given,), folder / "model.onnx", dynamo=False)


MAKERS: dict[str, list[Callable[[Path], None]]] = {
    "canonical": [*map(canonical, range(4)), first_version],
    "plan": [*map(canonical, range(4)), first_version],
    "safetensors": [torch_safetensors(kind) for kind in ("float32", "float16", "bfloat16")],
    "pt": [checkpoint(True), checkpoint(False), single],
    "program": [program(True), program(False)],
    "frozen": [frozen, *map(frozen_keras, ("after_v2", "before_v1"))],
    "saved_model": [saved_model],
    "h5": [keras_model("h5", False), keras_model("h5", True), early_h5],
    "keras": [keras_model("keras", False), keras_model("keras", True), written_keras],
    "onnx": [written_onnx(0), written_onnx(1), node, exported],
    "external": [beside],
}

if __name__ == "__main__":
    write(sys.argv[2:], Path(sys.argv[1]))
