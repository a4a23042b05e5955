"""`glassgate.nn.GRUCell` in the place of `torch.nn.GRUCell`, and as a step of the network."""

import copy
import pickle

import pytest
import torch
from torch import nn

import glassgate
from glassgate import BadInput, Formulation
from glassgate.nn import GRU, GRUCell
from glassgate.reference import forward
from tests.engine.engine_cases import few_forms

pytestmark = pytest.mark.usefixtures("seeded")

I, H = 5, 7


def both(**options):
    cell, torchs = GRUCell(I, H, **options), nn.GRUCell(I, H, **options)
    torchs.load_state_dict(cell.state_dict())
    return cell, torchs


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"dtype": torch.float64}])
@pytest.mark.parametrize("batch", [(), (1,), (3,), (40,)])
@pytest.mark.parametrize("learns", [False, True])
def test_it_takes_torchs_place(options, batch, learns):
    cell, torchs = both(**options)
    dtype = options.get("dtype", torch.float32)
    x = torch.randn(*batch, I, dtype=dtype, requires_grad=True)
    h = torch.randn(*batch, H, dtype=dtype, requires_grad=True)
    with torch.set_grad_enabled(learns):
        for state in (None, h):
            found, wanted = cell(x, state), torchs(x, state)
            assert found.shape == wanted.shape
            torch.testing.assert_close(found, wanted)
    if learns:
        grad = torch.randn_like(found)
        found = torch.autograd.grad(found, [x, h, *cell.parameters()], grad)
        wanted = torch.autograd.grad(wanted, [x, h, *torchs.parameters()], grad)
        for one, other in zip(found, wanted, strict=True):
            torch.testing.assert_close(one, other)


def test_it_is_one_of_torchs_cells_in_all_that_is_asked_of_a_module():
    torch.manual_seed(3)
    cell = GRUCell(I, H)
    torch.manual_seed(3)
    torchs = nn.GRUCell(I, H)
    assert isinstance(cell, nn.GRUCell)
    for (name, one), (other_name, other) in zip(
        cell.named_parameters(), torchs.named_parameters(), strict=True
    ):
        assert name == other_name
        assert torch.equal(one, other)
    form = f", formulation={Formulation()}, dtype=torch.float32)"
    assert repr(cell) == repr(torchs)[:-1] + form
    x = torch.randn(2, I)
    for twin in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):  # noqa: S301
        assert torch.equal(twin(x), cell(x))


@few_forms
@pytest.mark.parametrize("B", [1, 16, 300])
@pytest.mark.parametrize("learns", [False, True])
def test_it_has_the_bits_of_the_network(form, B, learns):
    cell, net = GRUCell(I, H, formulation=form), GRU(I, H, formulation=form)
    net.load_state_dict({f"{name}_l0": value for name, value in cell.state_dict().items()})
    x, state = torch.randn(4, B, I), torch.randn(B, H)
    with torch.set_grad_enabled(learns):
        output, _ = net(x, state[None])
        for t, step in enumerate(x):
            state = cell(step, state)
            assert torch.equal(state, output[t])


@few_forms
def test_it_is_the_equations(form):
    cell = GRUCell(I, H, formulation=form).double()
    x, state = torch.randn(1, 3, I, dtype=torch.double), torch.randn(3, H, dtype=torch.double)
    wanted = forward(cell.to_weights(), x.numpy(), state.numpy()).hidden[0]
    torch.testing.assert_close(cell(x[0], state).detach(), torch.from_numpy(wanted))


def test_a_graphs_many_nodes():
    cell, torchs = GRUCell(64, 64), nn.GRUCell(64, 64)
    torchs.load_state_dict(cell.state_dict())
    x, grads = torch.randn(2000, 64), []
    for one in (cell, torchs):
        state = None
        for _ in range(3):
            state = one(x, state)
        grads.append(torch.autograd.grad(state.sum(), list(one.parameters())))
    for found, wanted in zip(*grads, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-3)


def test_it_compiles_and_exports():
    cell, x = GRUCell(I, H), torch.randn(3, I)
    compiled = torch.compile(cell, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x), cell(x))
    exported = torch.export.export(cell, (x,)).module()
    assert torch.equal(exported(x), cell(x))


@few_forms
def test_it_is_traced_and_held(form):
    cell = GRUCell(I, H, formulation=form)
    x, h = torch.randn(6, 3, I), torch.randn(3, H)
    trace = glassgate.trace(cell, x, h)
    state = h
    for t, step in enumerate(x):
        state = cell(step, state)
        torch.testing.assert_close(torch.from_numpy(trace[0].hidden[t]), state.detach())
    assert trace.verify() <= 1e-6
    with glassgate.clamp(cell, units=[1, 2], kept=1.0):
        assert torch.equal(cell(x[0], h)[:, 1:3], h[:, 1:3])
    assert not torch.equal(cell(x[0], h)[:, 1:3], h[:, 1:3])


def test_what_does_not_fit_is_said():
    cell = GRUCell(I, H)
    with pytest.raises(BadInput, match=r"^input must have shape \(B, 5\), got \(2, 6\)$"):
        cell(torch.randn(2, 6))
    with pytest.raises(BadInput, match=r"^input must have shape \(5,\), got \(6,\)$"):
        cell(torch.randn(6))
    with pytest.raises(BadInput, match=r"^hx must have shape \(2, 7\), got \(3, 7\)$"):
        cell(torch.randn(2, I), torch.randn(3, H))
    with pytest.raises(BadInput, match=r"^RNN input dtype torch.float64 does not match"):
        cell(torch.randn(2, I).double())
    with pytest.raises(TypeError, match=r"^input must be a Tensor, got list$"):
        cell([1.0])
    with pytest.raises(TypeError, match=r"^hx must be a Tensor, got list$"):
        cell(torch.randn(2, I), [[0.0]])
    with pytest.raises(TypeError, match=r"^formulation must be a Formulation, got str$"):
        GRUCell(I, H, formulation="before")
    with pytest.raises(ValueError, match=r"^hidden_size must be greater than zero, got 0$"):
        GRUCell(I, 0)


def test_print_says_the_form():
    said = repr(GRUCell(I, H, formulation=Formulation(reset="before")))
    assert said.startswith("GRUCell(5, 7, formulation=Formulation(")
