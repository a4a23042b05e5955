"""Run a layer of oneDNN for the parent process.

Both versions of oneDNN use the same library name, and torch contains a third, so each needs its
own process. The worker answers commands line by line: `run` with `done`; `read FILE.npz` with
`done` when the results are written; `time N` with the seconds that N runs took. An error is a
line that begins with `failed`.
"""

import ctypes
import sys
from collections.abc import Mapping
from ctypes import POINTER, c_bool, c_char_p, c_float, c_int, c_void_p
from timeit import Timer

import numpy as np
from numpy.typing import NDArray

ARRAYS = ("input", "initial", "weight_input", "weight_hidden", "bias", "grad")
RESULTS = ("output", "input", "initial", "weight_input", "weight_hidden", "bias")  # then gradients


def pointers(arrays: Mapping[str, NDArray[np.float32]], names: tuple[str, ...]) -> ctypes.Array:
    """Return the arrays' addresses as a C struct of pointers; null for a missing array."""
    by_name = (arrays.get(name) for name in names)
    return (POINTER(c_float) * len(names))(
        *(None if array is None else array.ctypes.data_as(POINTER(c_float)) for array in by_name)
    )


class Network:
    """A layer in the library; `arrays` are in the layout of shim.cpp."""

    def __init__(self, library: str, threads: int, arrays: Mapping[str, NDArray[np.float32]]):
        self._calls = calls = ctypes.CDLL(library)
        for name, arguments, result in (
            ("failure", [], c_char_p),
            ("version", [], c_char_p),
            ("new", [c_int, c_int, c_int, c_int, c_void_p], c_void_p),
            ("run", [c_void_p], c_bool),
            ("read", [c_void_p, c_void_p], c_bool),
        ):
            call = getattr(calls, f"network_{name}")
            call.argtypes, call.restype = arguments, result
        T, B, H = arrays["input"].shape
        self._arrays = arrays
        self._network = self._calls.network_new(T, B, H, threads, pointers(arrays, ARRAYS))
        self._check(self._network)

    @property
    def version(self) -> str:
        """Of the library in use."""
        return self._calls.network_version().decode()

    def run(self) -> None:
        """Run forward and, if there is a gradient, backward."""
        self._check(self._calls.network_run(self._network))

    def results(self) -> dict[str, NDArray[np.float32]]:
        """Return the results of the last run: the output, and gradients by name of the array."""
        like = {"output": self._arrays["input"]}
        if "grad" in self._arrays:
            like |= {name: self._arrays[name] for name in RESULTS[1:]}
        results = {name: np.full_like(array, np.nan) for name, array in like.items()}
        self._check(self._calls.network_read(self._network, pointers(results, RESULTS)))
        return results

    def _check(self, result: object) -> None:
        if not result:
            raise RuntimeError(self._calls.network_failure().decode())


def main(library: str, threads: str, arrays: str) -> None:
    """Set up the layer, print the version of oneDNN, and answer commands until the input ends."""
    with np.load(arrays) as file:
        network = Network(library, int(threads), dict(file))
    timer = Timer(network.run)
    print(network.version, flush=True)
    for line in sys.stdin:
        match line.split(maxsplit=1):
            case ["run"]:
                network.run()
                print("done", flush=True)
            case ["read", file]:
                np.savez(file.strip(), **network.results())
                print("done", flush=True)
            case ["time", calls]:
                print(timer.timeit(int(calls)), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # reported by the parent process
        print(f"failed: {type(error).__name__}: {error}", flush=True)
        sys.exit(1)
