"""How many files a reader walks through: the modules of Glassgate that a call enters."""

import sys
from pathlib import Path

import pytest
import torch

import glassgate.nn

HOME = Path(glassgate.__file__).parent
TRACED = 7  # files from `glassgate.trace` to its result
TO_THE_KERNEL = 6  # files from `glassgate.nn.GRU` to the native engine and back


def files_entered(call):
    """Give the files of Glassgate whose functions a call enters, in order."""
    call()  # imports and caches are no part of the walk
    entered = {}

    def note(frame, event, _):
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(HOME):
            entered[str(path.relative_to(HOME))] = None

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return list(entered)


@pytest.mark.parametrize("lengths", [None, [5, 2, 4]], ids=["whole", "lengths"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["torch.nn.GRU", "glassgate.nn.GRU", "glassgate.GRU"])
def test_a_trace_walks_through_few_files(kind, layers, lengths):
    module = torch.nn.GRU if kind == "torch.nn.GRU" else glassgate.nn.GRU
    network, x = module(8, 16, layers, bidirectional=layers > 1), torch.randn(5, 3, 8)
    if kind == "glassgate.GRU":
        network, x = network.to_numpy(), x.numpy()
    trace = glassgate.trace  # found by the package once
    entered = files_entered(lambda: trace(network, x, lengths=lengths))
    assert {"inside/trace/__init__.py", "engine/calls.py"} <= set(entered)
    assert len(entered) <= TRACED, entered


@pytest.mark.parametrize("grad", [False, True], ids=["no_grad", "grad"])
@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 2, 4])], ids=["whole", "lengths"])
def test_a_tensor_walks_through_few_files_to_the_kernel(lengths, grad):
    network, x = glassgate.nn.GRU(8, 16, 2, bidirectional=True), torch.randn(5, 3, 8)
    with torch.set_grad_enabled(grad):
        entered = files_entered(lambda: network(x, lengths=lengths))
    assert {"nn/gru.py", "nn/recurrence.py", "engine/calls.py"} <= set(entered)
    assert len(entered) <= TO_THE_KERNEL, entered
