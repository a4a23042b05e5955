"""The recurrence as torch's compiler, exporter and autograd see it."""

import shutil

import numpy as np
import pytest
import torch
from torch._dynamo.testing import CompileCounter
from torch.export import Dim, export

from glassgate import BadInput, Formulation
from glassgate.nn import GRU
from glassgate.nn.native import native_backward, native_sequence
from glassgate.nn.recurrence import sequence
from glassgate.reference import backward, forward
from tests.engine.engine_cases import form_name

T, B, I, H = 4, 3, 2, 3
FORMS = [
    Formulation(),
    Formulation("writes", "before", "hard_sigmoid_fifth", "linear"),
    Formulation("keeps", "none", "hard_sigmoid_sixth", "relu"),
]
WORDS = "keeps after sigmoid tanh"
LENGTHS = torch.tensor([4, 2, 1])


@pytest.fixture(autouse=True)
def _fixed():
    torch.manual_seed(0)
    torch._dynamo.reset()


def tensors(dtype=torch.double, requires_grad=True, packed=False):
    shape = (int(LENGTHS.sum()), I) if packed else (T, B, I)
    shapes = [shape, (B, H), (3 * H, I), (3 * H, H), (3 * H,), (3 * H,)]
    return [torch.randn(shape, dtype=dtype).requires_grad_(requires_grad) for shape in shapes]


def resets():
    return torch.rand(T, B) < 0.3


BATCHES = {
    "whole": lambda: (None, None, False, False),
    "reverse": lambda: (None, resets(), False, True),
    "lengths": lambda: (torch.tensor([2, 0, 4]), None, False, False),
    "lengths and resets": lambda: (torch.tensor([2, 1, 4]), resets(), False, False),
    "lengths in reverse": lambda: (torch.tensor([1, 3, 0]), resets(), False, True),
    "packed": lambda: (LENGTHS, None, True, False),
    "packed in reverse": lambda: (LENGTHS, resets(), True, True),
}


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_torch_finds_the_operators_well_made(name, dtype):
    lengths, cuts, packed, reverse = BATCHES[name]()
    inputs = tensors(dtype, packed=packed)
    call = (lengths, cuts, WORDS, packed, reverse)
    torch.library.opcheck(native_sequence, (*inputs, *call, True))
    still = [x.detach() for x in inputs]
    torch.library.opcheck(native_sequence, (*still, *call, False))
    output, last, tape = native_sequence(*still, *call, True)
    for grads in [(output, last), (None, last), (output, None)]:
        torch.library.opcheck(native_backward, (*grads, output, tape, *still, *call, True))


@pytest.mark.parametrize("form", FORMS, ids=form_name)
@pytest.mark.parametrize("name", BATCHES)
def test_gradcheck(name, form):
    lengths, cuts, packed, reverse = BATCHES[name]()

    def run(*x):
        return sequence(*x, form, lengths, cuts, packed=packed, reverse=reverse)

    assert torch.autograd.gradcheck(run, tensors(packed=packed), atol=1e-7, rtol=1e-6)


def test_a_run_without_gradients_keeps_no_tape():
    inputs = tensors(requires_grad=False)
    call = (None, None, WORDS, False, False)
    assert native_sequence(*inputs, *call, False)[2].shape == (0, 4, H)
    assert native_sequence(*inputs, *call, True)[2].shape == (T * B, 4, H)


@pytest.mark.parametrize("form", FORMS, ids=form_name)
def test_lengths_and_reverse_are_the_reference_run_on_each_sequence(form):
    net = GRU(I, H, formulation=form, bidirectional=True).double()
    x, lengths = torch.randn(T, B, I, dtype=torch.double, requires_grad=True), [3, 0, 4]
    with torch.no_grad():
        x[3, 0], x[:, 1] = torch.nan, torch.nan  # never read
    output, last = net(x, lengths=torch.tensor(lengths))
    (output**2).sum().backward()
    for b, length in enumerate(lengths):
        assert not output[length:, b].any()
        assert not x.grad[length:, b].any()
        if not length:
            assert not last[:, b].any()
            continue
        grad = np.zeros((length, 1, I))
        for reverse, way in ((False, slice(None)), (True, slice(None, None, -1))):
            steps = x.detach()[:length, b : b + 1].numpy()[way]
            tape = forward(net.to_weights(0, reverse), steps, np.zeros((1, H)))
            wanted = tape.hidden[way, 0]
            found = output.detach()[:length, b, reverse * H :][:, :H]
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)
            np.testing.assert_allclose(last.detach()[int(reverse), b], tape.hidden[-1, 0], 1e-12)
            grad += backward(tape, 2 * tape.hidden).input[way]
        np.testing.assert_allclose(x.grad[:length, b], grad[:, 0], rtol=0, atol=1e-12)


def backends():
    has_compiler = shutil.which("c++") or shutil.which("g++")
    skip = pytest.mark.skipif(not has_compiler, reason="inductor needs a C++ compiler")
    return ["eager", "aot_eager", pytest.param("inductor", marks=skip)]


@pytest.mark.parametrize("form", FORMS[:2], ids=form_name)
@pytest.mark.parametrize("backend", backends())
def test_it_compiles_without_a_graph_break(backend, form):
    net = GRU(I, H, 2, bidirectional=True, batch_first=True, formulation=form)
    compiled = torch.compile(net, backend=backend, fullgraph=True)
    for named in ({}, {"lengths": torch.tensor([2, 0, 4])}, {"resets": resets().t()}):
        results = []
        for run in (compiled, net):
            x = torch.linspace(-1, 1, B * T * I).view(B, T, I).requires_grad_()
            output, state = run(x, **named)
            loss = output.sin().sum() + state.cos().sum()
            results.append([output, state, *torch.autograd.grad(loss, [x, *net.parameters()])])
        for left, right in zip(*results, strict=True):
            assert torch.equal(left, right)


def test_one_compiled_graph_serves_batches_of_all_sizes():
    net = GRU(I, H)
    counter = CompileCounter()
    compiled = torch.compile(net, backend=counter, fullgraph=True, dynamic=True)
    for steps, batch in [(6, 7), (8, 5), (11, 4)]:
        x = torch.randn(steps, batch, I)
        assert torch.equal(compiled(x)[0], net(x)[0])
    assert counter.frame_count == 1
    with torch.autocast("cpu", torch.bfloat16):
        assert compiled(x)[0].dtype == torch.float32


class Whole(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = GRU(I, H, 2, bidirectional=True)

    def forward(self, input, lengths):
        return self.net(input, lengths=lengths)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch's own making
def test_an_exported_program_gives_the_same_for_any_batch_and_time():
    net = Whole().eval()
    sizes = ({0: Dim("T"), 1: Dim("B")}, {0: Dim("B")})
    program = export(net, (torch.randn(6, 5, I), torch.arange(5)), dynamic_shapes=sizes)
    calls = [node.target for node in program.graph.nodes if "glassgate" in str(node.target)]
    assert len(calls) == 4
    for steps, lengths in [(9, [9, 2, 0]), (4, [1, 4])]:
        x = torch.randn(steps, len(lengths), I)
        found, wanted = program.module()(x, torch.tensor(lengths)), net(x, torch.tensor(lengths))
        assert all(map(torch.equal, found, wanted))


def test_the_second_derivative_is_refused_from_every_result():
    inputs = tensors()
    for result in sequence(*inputs, Formulation()):
        with pytest.raises(RuntimeError, match=r"differentiated once, got create_graph=True$"):
            torch.autograd.grad(result.sum(), inputs, create_graph=True)


@pytest.mark.parametrize(
    ("named", "error", "message"),
    [
        ({"lengths": torch.ones(B)}, TypeError, "lengths must be integers, got torch.float32"),
        (
            {"lengths": torch.ones(B, dtype=torch.bool)},
            TypeError,
            "lengths must be integers, got torch.bool",
        ),
        ({"lengths": torch.ones(2, dtype=int)}, BadInput, r"lengths must have shape \(3,\), .*"),
        ({"lengths": torch.tensor([1, 5, 2])}, BadInput, r"lengths must lie in 0..4, got 1 to 5"),
        ({"lengths": torch.tensor([1, -1, 2])}, BadInput, r"lengths must lie in 0..4, .* -1 to 2"),
        ({"resets": torch.ones(T, B)}, TypeError, "resets must be bool, got torch.float32"),
        (
            {"resets": torch.ones(B, T, dtype=torch.bool)},
            BadInput,
            r"resets must have shape \(4, 3\), got \(3, 4\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(named, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        sequence(*tensors(), Formulation(), **named)


def test_packed_input_needs_lengths():
    with pytest.raises(BadInput, match="lengths must be given with packed input, got none"):
        sequence(*tensors(packed=True), Formulation(), packed=True)
    with pytest.raises(BadInput, match=r"must not increase and sum to its 7 rows, got \[1 2 4\]"):
        sequence(*tensors(packed=True), Formulation(), LENGTHS.flip(0), packed=True)


def test_other_dtypes_and_mixed_devices_are_refused():
    inputs = tensors(torch.float16)
    with pytest.raises(TypeError, match=r"must be all float32 or all float64, got .*float16"):
        sequence(*inputs, Formulation())
    inputs = tensors()
    inputs[2] = inputs[2].to("meta")
    with pytest.raises(BadInput, match="must be on one device, got input cpu, hidden cpu"):
        sequence(*inputs, Formulation())


def test_the_meta_device_gives_shapes():
    net = GRU(I, H, 2, bidirectional=True, device="meta", dtype=torch.double)
    output, state = net(torch.empty(T, B, I, device="meta", dtype=torch.double))
    output.sum().backward()
    assert (output.shape, state.shape) == ((T, B, 2 * H), (4, B, H))
    assert (output.device.type, output.dtype) == ("meta", torch.double)
    assert net.weight_hh_l1.grad.shape == (3 * H, H)
