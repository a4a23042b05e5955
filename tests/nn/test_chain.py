"""Gradients of chains of single steps, whose sums over the steps are made once."""

import gc
import weakref

import pytest
import torch
from torch import nn
from torch.func import functional_call

from glassgate import Formulation
from glassgate.nn import GRU
from glassgate.nn import chain as chains
from tests.engine.engine_cases import few_forms, on_threads
from tests.nn.step_cases import H, I, assert_same, general, network, steps


@pytest.fixture(autouse=True)
def _fixed():
    torch.manual_seed(0)
    chains._chains.clear()


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
    assert not chain._pending


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
    assert len(chain._pending) <= 1  # the last one may still hang on its error


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
