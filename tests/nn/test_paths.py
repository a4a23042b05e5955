"""A network gives the same on every path: the engine, torch's operations, torch's own call."""

import pytest
import torch

from glassgate import Formulation
from glassgate.nn import GRU, cudnn
from glassgate.nn.batched import run_batched
from glassgate.nn.checks import packed_lengths
from glassgate.nn.recurrence import run_layers, sequence
from tests.engine.engine_cases import FORMS, each_form, form_name

pytestmark = pytest.mark.usefixtures("seeded")

T, B, I, H = 5, 4, 3, 4
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def tensors(packed=None):
    shape = (T, B, I) if packed is None else (packed, I)
    shapes = [shape, (B, H), (3 * H, I), (3 * H, H), (3 * H,), (3 * H,)]
    return [torch.randn(shape, dtype=torch.double).requires_grad_() for shape in shapes]


def both(inputs, form, lengths=None, resets=None, packed=False, reverse=False):
    """Output, last states and gradients, by the engine and by torch's operations."""
    input, hidden, *weights = inputs
    native = sequence(*inputs, form, lengths, resets, packed=packed, reverse=reverse)
    torchs = run_batched(input, hidden, tuple(weights), form, lengths, resets, packed, reverse)
    made = []
    for output, last in (native, torchs):
        loss = output.sin().sum() + last.cos().sum()
        made.append([output, last, *torch.autograd.grad(loss, inputs)])
    return made


@each_form
def test_torchs_operations_do_what_the_engine_does(form):
    torch.testing.assert_close(*both(tensors(), form), **CLOSE)


@pytest.mark.parametrize("form", FORMS[::13], ids=form_name)
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("cut", [False, True], ids=["unbroken", "resets"])
@pytest.mark.parametrize("lie", ["whole", "lengths", "packed"])
def test_also_with_lengths_resets_and_in_reverse(form, reverse, cut, lie):
    lengths = {"whole": None, "lengths": [2, 0, 5, 3], "packed": [5, 3, 3, 1]}[lie]
    ends = None if lengths is None else torch.tensor(lengths)
    packed = lie == "packed"
    resets = torch.rand(T, B) < 0.3 if cut else None
    inputs = tensors(sum(lengths) if packed else None)
    torch.testing.assert_close(*both(inputs, form, ends, resets, packed, reverse), **CLOSE)


@pytest.mark.parametrize("form", FORMS[::7], ids=form_name)
def test_without_gradients_it_runs_in_stretches(form):
    net = GRU(I, H, formulation=form).double()
    x, h = torch.randn(35, B, I, dtype=torch.double), torch.zeros(B, H, dtype=torch.double)
    weights = net._weights(0, False)
    with torch.no_grad():
        output, last = run_batched(x, h, weights, form, None, None, False, False)
    torch.testing.assert_close((output, last), sequence(x, h, *weights, form), **CLOSE)


def test_padding_is_never_read():
    inputs, lengths = tensors(), torch.tensor([2, 0, 5, 3])
    with torch.no_grad():
        inputs[0][3:, 0] = torch.nan
        inputs[0][:, 1] = torch.inf
    found = both(inputs, Formulation(), lengths)
    torch.testing.assert_close(*found, **CLOSE)
    assert all(array.isfinite().all() for made in found for array in made)


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("bias", [False, True], ids=["bare", "bias"])
@pytest.mark.parametrize("lie", ["whole", "lengths", "packed"])
def test_torchs_own_call_does_what_the_engine_does(num_layers, bidirectional, bias, lie):
    net = GRU(I, H, num_layers, bias, bidirectional=bidirectional).double()
    weights = list(net.parameters())
    options = cudnn.Options(weights, bias, num_layers, 0.0, True, bidirectional)
    sizes = torch.tensor([4, 3, 2, 1, 1])
    lengths = {"whole": None, "lengths": torch.tensor([2, 0, 5, 3]), "packed": None}[lie]
    shape = (int(sizes.sum()), I) if lie == "packed" else (T, B, I)
    x = torch.randn(shape, dtype=torch.double, requires_grad=True)
    h = torch.randn(num_layers * (1 + bidirectional), B, H, dtype=torch.double, requires_grad=True)
    if lie == "packed":
        results = [cudnn.run_packed(options, x, sizes, h), run_layers(net, x, h, None, None, sizes)]
    else:
        results = [cudnn.run_padded(options, x, h, lengths), net(x, h, lengths=lengths)]
    made = []
    for output, last in results:
        loss = output.sin().sum() + last.cos().sum()
        made.append([output, last, *torch.autograd.grad(loss, [x, h, *weights])])
    torch.testing.assert_close(*made, **CLOSE)


def test_lengths_of_a_packed_batch():
    assert packed_lengths(torch.tensor([4, 3, 2, 1, 1])).tolist() == [5, 3, 2, 1]
