"""Run a layer of oneDNN in this process, for the one that started it.

Two versions of oneDNN call their library the same, and torch has a third inside; each needs a
process of its own. This one answers, line by line: `run` with `done`, `read FILE.npz` with `done`
when the results are there, `time N` with the seconds that N runs took. What goes wrong is a line
that begins with `failed`.
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
    """Give the arrays' addresses as a C struct of pointers; null for one that is not there."""
    found = (arrays.get(name) for name in names)
    return (POINTER(c_float) * len(names))(
        *(None if array is None else array.ctypes.data_as(POINTER(c_float)) for array in found)
    )


class Network:
    """A layer in the library, laid out for its arrays; `arrays` are as shim.cpp wants them."""

    def __init__(self, library: str, threads: int, arrays: Mapping[str, NDArray[np.float32]]):
        self._calls = calls = ctypes.CDLL(library)
        for name, given, answer in (
            ("failure", [], c_char_p),
            ("version", [], c_char_p),
            ("new", [c_int, c_int, c_int, c_int, c_void_p], c_void_p),
            ("run", [c_void_p], c_bool),
            ("read", [c_void_p, c_void_p], c_bool),
        ):
            call = getattr(calls, f"network_{name}")
            call.argtypes, call.restype = given, answer
        T, B, H = arrays["input"].shape
        self._arrays = arrays
        self._network = self._calls.network_new(T, B, H, threads, pointers(arrays, ARRAYS))
        self._check(self._network)

    @property
    def version(self) -> str:
        """That of the library in use."""
        return self._calls.network_version().decode()

    def run(self) -> None:
        """Go forward, and backward where there is a gradient."""
        self._check(self._calls.network_run(self._network))

    def results(self) -> dict[str, NDArray[np.float32]]:
        """Give what the last run made: the output, and gradients by the names of the arrays."""
        like = {"output": self._arrays["input"]}
        if "grad" in self._arrays:
            like |= {name: self._arrays[name] for name in RESULTS[1:]}
        made = {name: np.full_like(array, np.nan) for name, array in like.items()}
        self._check(self._calls.network_read(self._network, pointers(made, RESULTS)))
        return made

    def _check(self, answer: object) -> None:
        if not answer:
            raise RuntimeError(self._calls.network_failure().decode())


def main(library: str, threads: str, arrays: str) -> None:
    """Lay out the layer, say which version of oneDNN did, and answer until the input ends."""
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
    except Exception as error:  # the other end of the pipe says it
        print(f"failed: {type(error).__name__}: {error}", flush=True)
        sys.exit(1)
