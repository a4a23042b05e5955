"""Try an installed wheel as a user without a compiler would.

Run it with the Python of the environment that has the wheel, isolated from the sources:

    python -I tools/try_wheel.py            the wheel alone: NumPy and safetensors, no torch
    python -I tools/try_wheel.py --train    with the packages of the extra `train`

Every check prints a line; the first that fails ends the program with exit code 1.
"""

import os
import shutil
import subprocess
import sys
from importlib.metadata import files, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import glassgate
from glassgate import engine, reference

BUILD_TOOLS = ("cc", "c++", "gcc", "g++", "clang", "clang++", "cmake", "ninja", "make")
DATA = (
    "py.typed", "_native.pyi", "grammar/english.grammar", "pages/page.html",
    "explorer/web/index.html", "explorer/web/core/cells.js", "explorer/web/style/tokens.css",
)  # fmt: skip
MISSING = "run pip install 'glassgate[train]'"
T, B, I, H = 7, 5, 3, 6


def check(claim: str, holds: object) -> None:
    """Print the claim if it holds; end the program otherwise."""
    if not holds:
        sys.exit(f"FAILED: {claim}")
    print(f"ok: {claim}")


def check_files() -> None:
    """Check the contents of the wheel: the package, its data, and one self-contained library."""
    ours = [str(path) for path in files("glassgate") or []]
    libraries = [path for path in ours if path.endswith((".so", ".dylib", ".pyd"))]
    check(
        "the package lies in the environment", Path(glassgate.__file__).is_relative_to(sys.prefix)
    )
    check(f"its version is {glassgate.__version__}", version("glassgate") == glassgate.__version__)
    check("types and data are there", all(f"glassgate/{name}" in ours for name in DATA))
    check("the licence is there", any(path.endswith("licenses/LICENSE") for path in ours))
    check("the engine is the only library", len(libraries) == 1 and "_native" in libraries[0])
    if sys.version_info >= (3, 12):
        check("it keeps to the stable ABI", libraries == ["glassgate/_native.abi3.so"])


def check_engine() -> None:
    """Check steps, sequences, threads and a trace against the equations in float64."""
    draw = np.random.default_rng(0)
    weights = glassgate.GRUWeights(
        *(draw.normal(size=shape) for shape in ((3 * H, I), (3 * H, H), 3 * H, 3 * H))
    )
    input = draw.normal(size=(T, B, I))
    expected = reference.forward(weights, input).hidden  # (T, B, H)
    gru = glassgate.GRU([[weights]])

    state = gru.initial_state(batch=B)
    for x, h in zip(input, expected, strict=True):
        newest, state = gru.step(x, state)
        np.testing.assert_allclose(newest, h, rtol=0, atol=1e-12)
    check(f"single steps ({engine.target()}) agree with the equations", True)

    for threads in (1, 2):
        glassgate.set_threads(threads)
        check(f"{threads} of {threads} threads in use", engine.threading().threads == threads)
        output, _ = gru.run(input)
        check("a sequence has the bits of its steps", np.array_equal(output[-1], newest))
    glassgate.set_threads(None)

    check("a trace gives the states of the network", glassgate.trace(gru, input).verify() < 1e-12)


def check_alone() -> None:
    """Check the wheel without extras: no torch, no OpenMP, and a command that names the extra."""
    check("torch is not installed", find_spec("torch") is None)
    check("no OpenMP runtime was brought or loaded", engine.threading().runtime is None)
    run = command("--help")
    check("`glassgate --help` ends with exit code 2", run.returncode == 2)
    check("it names the missing extra", run.stderr.rstrip().endswith(MISSING))
    check("it does so in one sentence", run.stderr.count("\n") == 1 and not run.stdout)


def check_train() -> None:
    """Check that the commands and the torch networks work."""
    import torch

    run = command("--help")
    check("`glassgate --help` lists the commands", run.returncode == 0 and "train" in run.stdout)
    run = command("grammar", "sample", "--count", "3")
    check("`glassgate grammar` writes sentences", len(run.stdout.splitlines()) == 3)
    network = glassgate.nn.GRU(I, H)
    output, _ = network(torch.zeros(T, B, I))
    output.sum().backward()
    check("a network has gradients", network.weight_ih_l0.grad.abs().sum() > 0)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the `glassgate` that a shell would find in this environment."""
    return subprocess.run(
        [shutil.which("glassgate") or "glassgate", *arguments], capture_output=True, text=True
    )


def main() -> None:
    """Run all checks with only the environment's own commands on the path."""
    os.environ["PATH"] = str(Path(sys.executable).parent)
    check("no compiler is on the path", not any(map(shutil.which, BUILD_TOOLS)))
    check_files()
    check_engine()
    if sys.argv[1:] == ["--train"]:
        check_train()
    else:
        check_alone()


if __name__ == "__main__":
    main()
