"""Single steps of `glassgate.nn.GRU`, with weights that change between them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.utils import parametrize

from glassgate import BadInput
from glassgate.nn import GRU
from tests.engine.engine_cases import few_forms
from tests.nn.step_cases import H, I, assert_same, general, network, steps

pytestmark = pytest.mark.usefixtures("seeded")


@few_forms
@pytest.mark.parametrize("B", [1, 7, 16, 17])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("learns", [False, True])
def test_steps_have_the_bits_of_the_whole(form, B, layers, learns):
    net = network(num_layers=layers, formulation=form)
    x, state = torch.randn(6, B, I), torch.randn(layers, B, H)
    with torch.set_grad_enabled(learns):
        assert_same(steps(net, x, state), general(net, x, state))
        assert_same(steps(net, x), general(net, x))


def test_a_step_without_gradients_takes_the_short_way(monkeypatch):
    net, x = network(), torch.randn(1, 2, I)
    wanted = general(net, x)
    monkeypatch.setattr("glassgate.nn.gru.run_network", None)
    with torch.no_grad():
        assert_same(net(x), wanted)


@pytest.mark.parametrize(
    "options", [{"batch_first": True}, {"bias": False}, {"bidirectional": True}]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_other_arrangements(options, dtype):
    net, x = network(**options).to(dtype), torch.randn(1, 3, I, dtype=dtype)
    x = x.transpose(0, 1) if "batch_first" in options else x
    torchs = nn.GRU(I, H, **options).to(dtype)
    torchs.load_state_dict(net.state_dict())
    with torch.no_grad():
        for one, other in zip(net(x), torchs(x), strict=True):
            torch.testing.assert_close(one, other)
            assert one.shape == other.shape
        for one, other in zip(net(x[0]), torchs(x[0]), strict=True):
            torch.testing.assert_close(one, other)


def by_optimiser(net):
    net(torch.randn(3, 1, I))[0].sum().backward()
    torch.optim.SGD(net.parameters(), 0.5).step()


def by_copy(net):
    with torch.no_grad():
        net.weight_hh_l0.copy_(torch.randn(3 * H, H))


def by_data(net):
    net.weight_ih_l0.data = torch.randn(3 * H, I)


def by_copy_to_data(net):  # which no version counts
    net.weight_hh_l0.data.copy_(torch.randn(3 * H, H))


def by_state_dict(net):
    net.load_state_dict(GRU(I, H).state_dict())


def by_another_parameter(net):
    net.bias_hh_l0 = nn.Parameter(torch.randn(3 * H))


def by_numpy(net):
    net.bias_ih_l0.detach().numpy()[:] = 0.25


CHANGES = [
    by_optimiser,
    by_copy,
    by_data,
    by_copy_to_data,
    by_state_dict,
    by_another_parameter,
    by_numpy,
]


@pytest.mark.parametrize("learns", [False, True])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_weights_are_used_at_the_next_step(change, learns):
    net, x, state = network(), torch.randn(1, 2, I), torch.randn(1, 2, H)
    torch.set_grad_enabled(learns)
    try:
        before = net(x, state)[0].detach().clone()
        with torch.enable_grad():
            change(net)
        after = net(x, state)
        assert not torch.equal(after[0], before)
        torchs = nn.GRU(I, H)
        torchs.load_state_dict(net.state_dict())
        torch.testing.assert_close(after[0], torchs(x, state)[0])
        assert_same(after, general(net, x, state))
    finally:
        torch.set_grad_enabled(True)


class Twice(nn.Module):
    def forward(self, weight):
        return 2 * weight


def test_computed_and_called_weights():
    net, x = network(), torch.randn(1, 2, I)
    weights = {name: torch.randn_like(w) for name, w in net.named_parameters()}
    wanted = GRU(I, H)
    wanted.load_state_dict(weights)
    with torch.no_grad():
        assert_same(functional_call(net, weights, (x,)), wanted(x))
        assert_same(net(x), general(net, x))
        before = net(x)[0]
        parametrize.register_parametrization(net, "weight_hh_l0", Twice())
        state = torch.randn(1, 2, H)
        assert not torch.equal(net(x, state)[0], before)
        assert_same(net(x, state), general(net, x, state))


def test_tied_weights_learn_from_both():
    one, other = network(), network()
    other.weight_hh_l0 = one.weight_hh_l0
    x = torch.randn(4, 2, I)
    found = torch.autograd.grad((steps(one, x)[0] + steps(other, x)[0]).sum(), one.weight_hh_l0)[0]
    wanted = torch.autograd.grad((one(x)[0] + other(x)[0]).sum(), one.weight_hh_l0)[0]
    torch.testing.assert_close(found, wanted)


def test_several_threads_at_once():
    net, x = network(), torch.randn(5, 3, I)
    wanted = torch.autograd.grad(steps(net, x)[0].sum(), list(net.parameters()))

    def work(_):
        return torch.autograd.grad(steps(net, x)[0].sum(), list(net.parameters()))

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(work, range(16)):
            assert_same(found, wanted)


# GRU.step -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("learns", [False, True])
def test_step_is_the_forward_of_one_step(batch_first, learns):
    net = network(num_layers=2, batch_first=batch_first)
    x, state = torch.randn(4, 3, I), None
    with torch.set_grad_enabled(learns):
        for t, step in enumerate(x):
            output, state = net.step(step, state)
            assert output.shape == (3, H)
            whole, last = net(x[: t + 1].transpose(0, 1) if batch_first else x[: t + 1])
            assert torch.equal(output, whole[:, -1] if batch_first else whole[-1])
            assert torch.equal(state, last)


def test_step_says_what_it_takes():
    with pytest.raises(BadInput, match=r"^a bidirectional network cannot take single steps: "):
        network(bidirectional=True).step(torch.randn(2, I))
    with pytest.raises(TypeError, match=r"^input must be a Tensor, got NoneType$"):
        network().step(None)
    with pytest.raises(BadInput, match=r"^input must have shape \(B, 5\), got \(1, 2, 5\)$"):
        network().step(torch.randn(1, 2, I))


@pytest.mark.parametrize("learns", [False, True])
def test_wrong_shapes_are_said_as_everywhere(learns):
    net = network()
    with torch.set_grad_enabled(learns):
        with pytest.raises(BadInput, match=r"^input must have shape \(T, B, 5\), got \(1, 2, 6\)$"):
            net(torch.randn(1, 2, I + 1))
        with pytest.raises(BadInput, match=r"^hidden must have shape \(1, 2, 37\), got "):
            net(torch.randn(1, 2, I), torch.zeros(1, 3, H))
        with pytest.raises(BadInput, match=r"^RNN input dtype torch.float64 does not match"):
            net(torch.randn(1, 2, I).double())
