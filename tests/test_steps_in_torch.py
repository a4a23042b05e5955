"""Single steps of `glassgate.nn.GRU`: weights that change between them, and gradients of chains."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.utils import parametrize

from engine_cases import few_forms, on_threads
from glassgate import BadInput, Formulation
from glassgate.nn import GRU
from glassgate.nn import chain as chains

I, H = 5, 37


@pytest.fixture(autouse=True)
def _fixed():
    torch.manual_seed(0)
    chains._chains.clear()


def network(**options):
    return GRU(I, H, **options)


def steps(net, x, state=None, **options):
    outputs = []
    for step in x:
        output, state = net(step[None], state, **options)
        outputs.append(output)
    return torch.cat(outputs), state


def general(net, x, state=None):
    """Run whole, with lengths, which no shorter way takes."""
    every = torch.full((x.shape[1],), len(x))
    return net(x, state, lengths=every)


def assert_same(left, right):
    for one, other in zip(left, right, strict=True):
        assert torch.equal(one, other)


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
    monkeypatch.setattr("glassgate.nn.gru.sequence", None)
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


# Gradients of chains ------------------------------------------------------------------------------


def wanted_gradients(net, x, state, grad):
    torchs = nn.GRU(I, H, num_layers=net.num_layers)
    torchs.load_state_dict(net.state_dict())
    output, last = torchs(x, state)
    loss = (output * grad).sum() + last.square().sum()
    return torch.autograd.grad(loss, [x, state, *torchs.parameters()])


@pytest.mark.parametrize("B", [1, 16, 17, 65])
@pytest.mark.parametrize("layers", [1, 2])
def test_gradients_of_a_chain_are_those_of_torch(B, layers):
    net = network(num_layers=layers)
    x = torch.randn(7, B, I, requires_grad=True)
    state, grad = torch.randn(layers, B, H, requires_grad=True), torch.randn(7, B, H)
    output, last = steps(net, x, state)
    loss = (output * grad).sum() + last.square().sum()
    found = torch.autograd.grad(loss, [x, state, *net.parameters()])
    for one, other in zip(found, wanted_gradients(net, x, state, grad), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=2e-5)


@few_forms
def test_gradients_of_a_chain_in_every_form(form):
    net, x = network(formulation=form).double(), torch.randn(6, 3, I, dtype=torch.double)
    parameters, grad = list(net.parameters()), torch.randn(6, 3, H, dtype=torch.double)
    wanted = torch.autograd.grad(general(net, x)[0], parameters, grad)
    for threads in (1, 3):
        with on_threads(threads):
            found = torch.autograd.grad(steps(net, x)[0], parameters, grad)
        for one, other in zip(found, wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_threads_change_no_bit_of_a_chains_gradients():
    net, x = GRU(200, 300), torch.randn(4, 5, 200)
    with on_threads(1):
        wanted = torch.autograd.grad(steps(net, x)[0].sum(), list(net.parameters()))
    with on_threads(3):
        assert_same(torch.autograd.grad(steps(net, x)[0].sum(), list(net.parameters())), wanted)


def test_a_graph_may_be_gone_over_twice_and_in_parts():
    net, x = network(), torch.randn(6, 2, I)
    parameters = list(net.parameters())
    output, _ = steps(net, x)
    once = torch.autograd.grad(output.sum(), parameters, retain_graph=True)
    assert_same(torch.autograd.grad(output.sum(), parameters, retain_graph=True), once)
    parts = [torch.autograd.grad(output[t].sum(), parameters, retain_graph=True) for t in range(6)]
    for whole, *some in zip(once, *parts, strict=True):
        torch.testing.assert_close(sum(some), whole, rtol=1e-5, atol=1e-5)


def test_truncated_chains_one_after_the_other():
    net, x = network(), torch.randn(8, 2, I)
    state, grads = None, []
    for stretch in x.split(4):
        output, state = steps(net, stretch, state)
        grads.append(torch.autograd.grad(output.sum(), list(net.parameters())))
        state = state.detach()
    middle = general(net, x[:4])[1].detach()
    for begun, stretch, found in ((None, x[:4], grads[0]), (middle, x[4:], grads[1])):
        wanted = torch.autograd.grad(net(stretch, begun)[0].sum(), list(net.parameters()))
        for one, other in zip(found, wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_accumulated_gradients_hooks_and_frozen_weights():
    net, x = network(), torch.randn(3, 2, I)
    net.bias_ih_l0.requires_grad_(False)
    heard = []
    net.weight_hh_l0.register_hook(lambda grad: heard.append(grad.clone()))
    for _ in range(2):
        steps(net, x)[0].sum().backward()
    assert len(heard) == 2
    assert net.bias_ih_l0.grad is None
    assert torch.equal(net.weight_hh_l0.grad, heard[0] + heard[1])


def test_gradients_to_the_input_alone_leave_nothing_behind():
    net, x = network(), torch.randn(4, 2, I, requires_grad=True)
    output, _ = steps(net, x)
    found = torch.autograd.grad(output.sum(), x, retain_graph=True)
    torch.testing.assert_close(found, torch.autograd.grad(net(x)[0].sum(), x))
    (chain,) = chains._chains.values()
    assert not chain._left


def test_an_error_on_the_way_back_leaves_nothing_behind():
    def refuse(grad):
        raise ValueError("no")

    net, x = network(), torch.randn(1, 2, I)
    _, first = net(x)
    between = first * 1
    between.register_hook(refuse)
    output, _ = net(x, between)
    (chain,) = chains._chains.values()
    for _ in range(5):
        with pytest.raises(ValueError, match=r"^no$"):
            output.sum().backward(retain_graph=True)
    gc.collect()
    assert len(chain._left) <= 1  # the last one may still hang on its error


@pytest.mark.parametrize("T", [1, 4])
def test_data_that_is_set_before_the_way_back_is_not_used(T):
    gradients = []
    torchs = nn.GRU(I, H)
    ours = network()
    ours.load_state_dict(torchs.state_dict())
    x, state = torch.randn(T, 2, I), torch.randn(1, 2, H)
    for net in (torchs, ours):
        h = state.clone().requires_grad_()
        output, _ = net(x, h)
        net.weight_hh_l0.data = net.weight_hh_l0.data * 3
        gradients.append(torch.autograd.grad(output.sum(), h)[0])
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("T", [1, 4])
def test_a_batch_of_gradients_is_refused(T):
    net, x = network(), torch.randn(T, 1, I)
    with pytest.raises(RuntimeError, match=r"takes one gradient at a time, got a batch of them"):
        torch.autograd.functional.jacobian(lambda x: net(x)[0].sum(0), x, vectorize=True)


def test_a_chain_goes_with_its_graph():
    net, x = network(), torch.randn(2, 2, I)
    output, state = steps(net, x)
    (chain,) = chains._chains.values()
    gone, chain = weakref.ref(chain), None
    output.sum().backward()
    del output, state
    gc.collect()
    assert gone() is None
    assert not chains._chains


def test_weights_changed_before_the_way_back_are_an_error_as_in_torch():
    net, x = network(), torch.randn(2, 2, I)
    output, _ = steps(net, x)
    with torch.no_grad():
        net.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


def test_a_second_derivative_is_refused():
    net, x = network(), torch.randn(2, 2, I, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"can be differentiated once"):
        torch.autograd.grad(steps(net, x)[0].sum(), x, create_graph=True)


def test_gradcheck_of_a_chain():
    net = GRU(2, 3, formulation=Formulation(reset="before")).double()
    x = torch.randn(3, 2, 2, dtype=torch.double, requires_grad=True)
    names, weights = zip(*net.named_parameters(), strict=True)

    def run(x, *weights):
        state, outputs = None, []
        for step in x:
            values = dict(zip(names, weights, strict=True))
            output, state = functional_call(net, values, (step[None], state))
            outputs.append(output)
        return torch.cat(outputs)

    assert torch.autograd.gradcheck(run, (x, *weights))


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
