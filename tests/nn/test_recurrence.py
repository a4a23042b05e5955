import numpy as np
import pytest
import torch

from glassgate import BadInput, Formulation
from glassgate.nn import GRU
from glassgate.nn.recurrence import sequence
from glassgate.reference import backward, forward
from tests.engine.engine_cases import each_form
from tests.nn.nn_cases import close, draw

pytestmark = pytest.mark.usefixtures("one_thread")


@each_form
@pytest.mark.parametrize("sizes", [(6, 4, 3, 5), (1, 1, 1, 1), (1, 3, 2, 4), (4, 2, 3, 1)])
def test_it_is_the_reference_outputs_and_all_gradients(sizes, form):
    T, B, inputs, H = sizes
    net = GRU(inputs, H, formulation=form).double()
    x, h = draw((T, B, inputs), 1, True), draw((1, B, H), 2, True)
    grad_hidden, grad_last = draw((T, B, H), 3), draw((1, B, H), 4)
    output, last = net(x, h)
    torch.autograd.backward([output, last], [grad_hidden, grad_last])

    tape = forward(net.to_weights(0), x.detach().numpy(), h[0].detach().numpy())
    wanted = backward(tape, grad_hidden.numpy(), grad_last[0].numpy())
    close(output, tape.hidden)
    close(last[0], tape.hidden[-1])
    close(x.grad, wanted.input)
    close(h.grad[0], wanted.initial)
    close(net.weight_ih_l0.grad, wanted.weight_input)
    close(net.weight_hh_l0.grad, wanted.weight_hidden)
    close(net.bias_ih_l0.grad, wanted.bias_input)
    close(net.bias_hh_l0.grad, wanted.bias_hidden)


@each_form
def test_without_gradients_it_gives_the_same(form):
    net = GRU(3, 5, formulation=form).double()
    x = draw((35, 2, 3), 1)
    with torch.no_grad():
        output, last = net(x)
    np.testing.assert_array_equal(output, net(x)[0].detach())
    np.testing.assert_array_equal(last[0], output[-1])


@each_form
def test_gradcheck(form):
    tensors = [(3, 2, 2), (2, 3), (9, 2), (9, 3), (9,), (9,)]
    tensors = [draw(shape, seed, True) for seed, shape in enumerate(tensors, 10)]
    assert torch.autograd.gradcheck(
        lambda *x: sequence(*x, form), tensors, eps=1e-6, atol=1e-7, rtol=1e-6
    )


@each_form
def test_an_update_gate_held_at_1_copies_the_state(form):
    net = GRU(3, 4, formulation=form)
    with torch.no_grad():
        net.bias_ih_l0[4:8] = 1e6 if form.update == "keeps" else -1e6
    h = torch.randn(1, 2, 4)
    output, last = net(torch.randn(5, 2, 3), h)
    assert torch.equal(output, h.expand(5, 2, 4))
    assert torch.equal(last, h)


def test_under_autocast_the_recurrence_stays_in_float32():
    net, x = GRU(3, 4, 2), torch.randn(5, 2, 3)
    wanted, _ = net(x)
    wanted.sin().sum().backward()
    grads = [parameter.grad.clone() for parameter in net.parameters()]
    net.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        output, state = net(x)
        assert torch.equal(net(x.bfloat16())[0], net(x.bfloat16().float())[0])
        output.sin().sum().backward()
    assert (output.dtype, state.dtype) == (torch.float32, torch.float32)
    assert torch.equal(output, wanted)
    for parameter, grad in zip(net.parameters(), grads, strict=True):
        assert torch.equal(parameter.grad, grad)


def test_the_second_derivative_is_refused():
    net, x = GRU(2, 3), torch.randn(4, 1, 2, requires_grad=True)
    for loss in (net(x)[0].sum(), net(x)[0].sin().sum()):
        with pytest.raises(RuntimeError, match=r"differentiated once, got create_graph=True$"):
            torch.autograd.grad(loss, x, create_graph=True)


def test_backward_twice_gives_the_same_gradient():
    net, x = GRU(2, 3), torch.randn(4, 2, 2, requires_grad=True)
    loss = net(x)[0].sum()
    first = torch.autograd.grad(loss, x, retain_graph=True)[0]
    assert torch.equal(torch.autograd.grad(loss, x)[0], first)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (0, r"input must have shape \(T, B, 3\), got \(7, 7\)"),
        (1, r"hidden must have shape \(2, 4\), got \(7, 7\)"),
        (2, r"weight_input must have shape \(12, 7\), got \(7, 7\)"),
        (3, r"weight_hidden must have shape \(21, 7\), got \(7, 7\)"),
        (4, r"bias_input must have shape \(12,\), got \(7, 7\)"),
        (5, r"bias_hidden must have shape \(12,\), got \(7, 7\)"),
    ],
)
def test_wrong_shapes_are_refused(place, message):
    shapes = [(5, 2, 3), (2, 4), (12, 3), (12, 4), (12,), (12,)]
    shapes[place] = (7, 7)
    with pytest.raises(BadInput, match=f"^{message}$"):
        sequence(*map(torch.zeros, shapes), Formulation())


@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_an_empty_batch_is_an_empty_result(reset):
    net = GRU(3, 4, formulation=Formulation(reset=reset))
    output, last = net(torch.zeros(5, 0, 3))
    output.sum().backward()
    assert (output.shape, last.shape) == ((5, 0, 4), (1, 0, 4))
    assert not net.weight_hh_l0.grad.any()
