"""oneDNN, two versions of it, each in processes of its own: see onednn/shim.cpp and worker.py.

Weights are laid out as oneDNN wants them before anything is timed, and gradients stay as it leaves
them: what its own users spare, it is spared here.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import finalize

import numpy as np

from glassgate import GRUWeights
from glassgate.formulation import Array
from glassgate.speed.contenders import Contender, Maker
from glassgate.speed.problem import Problem, Results
from glassgate.speed.shapes import Work

ONEDNN_3_2, ONEDNN_3_13 = "oneDNN 3.2", "oneDNN 3.13"
HERE = Path(__file__).parent
INSTALLED = HERE.parent / "build" / "onednn"  # where `make bench-onednn` puts a folder a version
FOLDERS = {name: INSTALLED / name.split()[1] for name in (ONEDNN_3_2, ONEDNN_3_13)}
COMPILER = os.environ.get("CXX", "c++")


def rivals(work: Work) -> Mapping[str, Maker]:
    """Name those who are there and can do a work: it has no single steps and no lengths."""
    if work.is_step or work.ragged or not (work.training or work.batch > 1):
        return {}
    return {
        name: partial(layer, name)
        for name, folder in FOLDERS.items()
        if shutil.which(COMPILER) and _library(folder).exists()
    }


def left_out() -> list[str]:
    """Say who is not there, and why."""
    if not shutil.which(COMPILER):
        return [f"{name} is left out: there is no C++ compiler {COMPILER}" for name in FOLDERS]
    return [
        f"{name} is left out: it is not in {folder}; `make bench-onednn` puts it there"
        for name, folder in FOLDERS.items()
        if not _library(folder).exists()
    ]


def layer(name: str, problem: Problem, threads: int) -> Contender:
    """Return a layer in a process that ends when nobody asks it any more."""
    worker = Worker(FOLDERS[name], threads, onednn_arrays(problem))
    if worker.version != name.split()[1]:
        raise RuntimeError(f"{FOLDERS[name]} must hold {name}, got {worker.version}")
    return Contender(
        partial(worker.ask, "run"), lambda _: torch_arrays(worker.results()), timed=worker.time
    )


def onednn_arrays(problem: Problem) -> dict[str, Array]:
    """Give a problem's arrays as shim.cpp wants them."""
    weights = problem.weights
    arrays = {
        "input": problem.input,
        "initial": problem.initial,
        "weight_input": _onednn_order(weights.weight_input),
        "weight_hidden": _onednn_order(weights.weight_hidden),
        "bias": onednn_bias(weights),
    }
    return arrays | ({"grad": problem.grad} if problem.work.training else {})


def onednn_bias(weights: GRUWeights) -> Array:
    """Give update, reset, candidate, and the candidate's recurrent product, [4, H]."""
    reset, update, candidate = np.split(weights.bias_input, 3)
    reset_hidden, update_hidden, candidate_hidden = np.split(weights.bias_hidden, 3)
    return np.stack([update + update_hidden, reset + reset_hidden, candidate, candidate_hidden])


def torch_arrays(found: Mapping[str, Array]) -> Results:
    """Give what a problem asks for; the two gates' biases have one gradient each."""
    if "bias" not in found:
        return found
    update, reset, candidate, candidate_hidden = found["bias"]
    return {
        "output": found["output"],
        "grad_input": found["input"],
        "grad_weight_input": _onednn_order(found["weight_input"]),
        "grad_weight_hidden": _onednn_order(found["weight_hidden"]),
        "grad_bias_input": np.concatenate([reset, update, candidate]),
        "grad_bias_hidden": np.concatenate([reset, update, candidate_hidden]),
    }


def _onednn_order(array: Array) -> Array:
    """Exchange the first two of three gates; twice is not at all."""
    first, second, candidate = np.split(array, 3)
    return np.concatenate([second, first, candidate])


class Worker:
    """A process that holds one layer, and the clock beside it."""

    def __init__(self, folder: Path, threads: int, arrays: Mapping[str, Array]) -> None:
        held = ExitStack()
        finalize(self, held.close)
        self._folder = Path(held.enter_context(TemporaryDirectory()))
        given = self._folder / "given.npz"
        np.savez(given, **arrays)
        libraries = folder / "lib"
        drivers = {"OCL_ICD_FILENAMES": str(libraries / "libintelocl.so")}  # 3.13 runs on SYCL
        started = subprocess.Popen(
            [sys.executable, HERE / "onednn" / "worker.py", shim(folder), str(threads), given],
            env={**os.environ, "LD_LIBRARY_PATH": str(libraries), **drivers},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._process = held.enter_context(started)  # it ends when its input does
        self.version = self._answer()

    def ask(self, line: str) -> str:
        """Send a line and wait for the answer."""
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def time(self, calls: int) -> float:
        """Give the seconds that so many runs take, by the clock of that process."""
        return float(self.ask(f"time {calls}"))

    def results(self) -> dict[str, Array]:
        """Give what the last run made."""
        made = self._folder / "made.npz"
        self.ask(f"read {made}")
        with np.load(made) as file:
            return dict(file)

    def _answer(self) -> str:
        line = self._process.stdout.readline().strip()
        if not line or line.startswith("failed"):
            raise RuntimeError(line or f"oneDNN's process ended with {self._process.wait()}")
        return line


def shim(folder: Path) -> Path:
    """Give the compiled shim of a version; compile it if it is not there or older than its text."""
    source, made = HERE / "onednn" / "shim.cpp", folder / "shim.so"
    if made.exists() and made.stat().st_mtime > source.stat().st_mtime:
        return made
    libraries = folder / "lib"
    command = [COMPILER, "-std=c++17", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", source]
    command += ["-isystem", folder / "include", "-L", libraries, "-ldnnl", "-o", made]
    command += ["-ltbb"] if (libraries / "libtbb.so").exists() else []
    command += [f"-Wl,-rpath-link,{libraries}"]
    subprocess.run(command, check=True)
    return made


def _library(folder: Path) -> Path:
    return folder / "lib" / "libdnnl.so"
