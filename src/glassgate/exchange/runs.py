"""The ways in which other tools can run a file that was written here, for a proof."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from glassgate.engine import GRU
from glassgate.engine.plan import State, as_state
from glassgate.exchange.file_gru import FileGRU
from glassgate.formulation import Array


@dataclass(frozen=True)
class Run:
    """One way of running a network.

    Attributes
    ----------
    name
        What runs it.
    run
        As `GRU.run`.
    from_zero
        Whether it takes no state and returns none, but begins with zeros.
    """

    name: str
    run: Callable[[Array, State], tuple[Array, State]]
    from_zero: bool = False


def file_runs(path: Path, result: FileGRU) -> Iterator[Run]:
    """Yield every way in which other tools can run a file that was written here.

    Parameters
    ----------
    path
        The file.
    result
        The GRU that was read back from it.
    """
    network, ending = result.network, path.suffix.lower()
    if network is None or result.reference is None:
        return
    if ending == ".onnx":
        if network.dtype == np.float32 and find_spec("onnxruntime"):
            yield _in_onnx_runtime(path, network)
    elif result.runtime.startswith(("torch", "keras")):
        yield Run(result.runtime, result.reference)
        if ending == ".keras":
            yield _in_keras(path, result.runtime)


def _in_onnx_runtime(path: Path, network: GRU) -> Run:
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # log errors only, which are raised as well
    session = runtime.InferenceSession(path.read_bytes(), options, ["CPUExecutionProvider"])

    def run(input: Array, state: State) -> tuple[Array, State]:
        feeds, rows = {"input": input}, list(state)
        names = [argument.name for argument in session.get_inputs()]
        for name in names[1:]:
            count = len(rows) if len(names) == 2 else _layer_directions(network, name)
            feeds[name], rows = np.stack(rows[:count]), rows[count:]
        output, *states = session.run(None, feeds)
        return output, as_state([h for layer in states for h in layer])

    return Run(f"onnxruntime {runtime.__version__}", run)


def _layer_directions(network: GRU, name: str) -> int:
    """Count the directions of the layer whose initial state has this name."""
    return len(network.weights[int(name.removeprefix("layer").partition(".")[0])])


def _in_keras(path: Path, runtime: str) -> Run:
    def run(input: Array, state: State) -> tuple[Array, State]:
        from glassgate.exchange.keras.runtime import import_keras

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from Keras, about the packages it uses
            keras = import_keras()
            model = keras.models.load_model(path, compile=False, safe_mode=True)
            output = keras.ops.convert_to_numpy(model(input.swapaxes(0, 1)))
        return output.swapaxes(0, 1), state

    return Run(runtime.partition(",")[0] + " as a whole", run, from_zero=True)
