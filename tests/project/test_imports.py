import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "glassgate",
        "glassgate.engine",
        "glassgate.gates",
        "glassgate.reference",
        "glassgate.weights",
        "glassgate.grammar",
        "glassgate.train",
        "glassgate.train.settings",
        "glassgate.cli",
        "glassgate.nn",
        "glassgate.inside",
        "glassgate.analysis",
        "glassgate.exchange",
        "glassgate.explorer",
        "glassgate.inside.trace",
        "glassgate.inside.memory",
        "glassgate.inside.regulation",
        "glassgate.inside.saturation",
    ],
)
def test_no_torch_comes_with(module):
    heavy = {"torch", "accelerate", "tokenizers", "typer", "rich", "matplotlib", "plotly"}
    code = f"import sys, {module}; print(*sorted({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_nn_comes_when_asked_for_and_not_before():
    code = (
        "import sys, glassgate; print('torch' in sys.modules); "
        "print(glassgate.nn.GRU(2, 3).hidden_size)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "3"]


def test_exchange_needs_numpy_and_safetensors_alone():
    packages = {"torch", "keras", "h5py", "onnx", "onnxruntime", "google"}
    code = (
        f"import sys; sys.modules |= dict.fromkeys({packages!r})\n"  # each import of them fails
        "import glassgate.exchange as exchange\n"
        "assert all(hasattr(exchange, name) for name in exchange.__all__)\n"
        "for door in (exchange.arrays, exchange.keras, exchange.onnx, exchange.pytorch):\n"
        "    assert all(hasattr(door, name) for name in door.__all__), door\n"
        "print(callable(exchange.convert), callable(exchange.inspect))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "True"]
