"""Two versions of oneDNN, each in its own processes; see onednn/shim.cpp and worker.py.

Weights are packed in oneDNN's layout before anything is timed, and gradients stay in its layout:
the times exclude conversions that its own users can avoid.
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
from glassgate.speed.workloads import Workload

ONEDNN_3_2, ONEDNN_3_13 = "oneDNN 3.2", "oneDNN 3.13"
HERE = Path(__file__).parent
INSTALLED = HERE.parent / "build" / "onednn"  # `make bench-onednn` puts a folder per version here
FOLDERS = {name: INSTALLED / name.split()[1] for name in (ONEDNN_3_2, ONEDNN_3_13)}
COMPILER = os.environ.get("CXX", "c++")


def rivals(workload: Workload) -> Mapping[str, Maker]:
    """Return the installed versions that can run a workload; no single steps, no ragged batches."""
    if workload.is_step or workload.ragged or not (workload.training or workload.batch > 1):
        return {}
    return {
        name: partial(layer, name)
        for name, folder in FOLDERS.items()
        if shutil.which(COMPILER) and _library(folder).exists()
    }


def missing() -> list[str]:
    """Return a sentence on each version that is missing."""
    if not shutil.which(COMPILER):
        return [f"{name} is skipped: there is no C++ compiler {COMPILER}" for name in FOLDERS]
    return [
        f"{name} is skipped: it is not in {folder}; run `make bench-onednn` to install it"
        for name, folder in FOLDERS.items()
        if not _library(folder).exists()
    ]


def layer(name: str, problem: Problem, threads: int) -> Contender:
    """Set up a layer in its own process, which ends when the contender is garbage-collected."""
    worker = Worker(FOLDERS[name], threads, onednn_arrays(problem))
    if worker.version != name.split()[1]:
        raise RuntimeError(f"{FOLDERS[name]} must hold {name}, got {worker.version}")
    return Contender(
        partial(worker.ask, "run"), lambda _: torch_arrays(worker.results()), timed=worker.time
    )


def onednn_arrays(problem: Problem) -> dict[str, Array]:
    """Convert a problem's arrays to the layout of shim.cpp."""
    weights = problem.weights
    arrays = {
        "input": problem.input,
        "initial": problem.initial,
        "weight_input": _onednn_order(weights.weight_input),
        "weight_hidden": _onednn_order(weights.weight_hidden),
        "bias": onednn_bias(weights),
    }
    return arrays | ({"grad": problem.grad} if problem.workload.training else {})


def onednn_bias(weights: GRUWeights) -> Array:
    """Return biases of update, reset, candidate and the candidate's recurrent product, [4, H]."""
    reset, update, candidate = np.split(weights.bias_input, 3)
    reset_hidden, update_hidden, candidate_hidden = np.split(weights.bias_hidden, 3)
    return np.stack([update + update_hidden, reset + reset_hidden, candidate, candidate_hidden])


def torch_arrays(results: Mapping[str, Array]) -> Results:
    """Convert results to a problem's layout; both biases of a gate share one gradient."""
    if "bias" not in results:
        return results
    update, reset, candidate, candidate_hidden = results["bias"]
    return {
        "output": results["output"],
        "grad_input": results["input"],
        "grad_weight_input": _onednn_order(results["weight_input"]),
        "grad_weight_hidden": _onednn_order(results["weight_hidden"]),
        "grad_bias_input": np.concatenate([reset, update, candidate]),
        "grad_bias_hidden": np.concatenate([reset, update, candidate_hidden]),
    }


def _onednn_order(array: Array) -> Array:
    """Swap the first two of three gates, which converts in either direction."""
    first, second, candidate = np.split(array, 3)
    return np.concatenate([second, first, candidate])


class Worker:
    """A process that runs and times one layer."""

    def __init__(self, folder: Path, threads: int, arrays: Mapping[str, Array]) -> None:
        resources = ExitStack()
        finalize(self, resources.close)
        self._folder = Path(resources.enter_context(TemporaryDirectory()))
        array_file = self._folder / "arrays.npz"
        np.savez(array_file, **arrays)
        libraries = folder / "lib"
        drivers = {"OCL_ICD_FILENAMES": str(libraries / "libintelocl.so")}  # 3.13 runs on SYCL
        process = subprocess.Popen(
            [sys.executable, HERE / "onednn" / "worker.py", shim(folder), str(threads), array_file],
            env={**os.environ, "LD_LIBRARY_PATH": str(libraries), **drivers},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._process = resources.enter_context(process)  # ends at the end of its input
        self.version = self._answer()

    def ask(self, line: str) -> str:
        """Send a line and wait for the answer."""
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def time(self, calls: int) -> float:
        """Return the seconds that this many runs take, measured in that process."""
        return float(self.ask(f"time {calls}"))

    def results(self) -> dict[str, Array]:
        """Return the results of the last run."""
        path = self._folder / "results.npz"
        self.ask(f"read {path}")
        with np.load(path) as file:
            return dict(file)

    def _answer(self) -> str:
        line = self._process.stdout.readline().strip()
        if not line or line.startswith("failed"):
            raise RuntimeError(line or f"oneDNN's process ended with {self._process.wait()}")
        return line


def shim(folder: Path) -> Path:
    """Return the compiled shim of a version; compile it if it is missing or out of date."""
    source, library = HERE / "onednn" / "shim.cpp", folder / "shim.so"
    if library.exists() and library.stat().st_mtime > source.stat().st_mtime:
        return library
    libraries = folder / "lib"
    command = [COMPILER, "-std=c++17", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", source]
    command += ["-isystem", folder / "include", "-L", libraries, "-ldnnl", "-o", library]
    command += ["-ltbb"] if (libraries / "libtbb.so").exists() else []
    command += [f"-Wl,-rpath-link,{libraries}"]
    subprocess.run(command, check=True)
    return library


def _library(folder: Path) -> Path:
    return folder / "lib" / "libdnnl.so"
