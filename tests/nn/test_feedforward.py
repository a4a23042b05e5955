import torch

from glassgate.nn import Feedforward
from tests.nn.nn_cases import close, draw


def test_feedforward_sees_its_window_and_nothing_before():
    net = Feedforward(2, 3, context=2).double()
    x = draw((4, 1, 2), 1)
    W, b = net.layers[0].weight, net.layers[0].bias
    previous = torch.cat([torch.zeros(1, 1, 2, dtype=torch.double), x[:-1]])
    close(net(x)[0], torch.tanh(x @ W[:, :2].T + previous @ W[:, 2:].T + b).detach(), 1e-15)
    other = x.clone()
    other[0] += 1
    changed = (net(other)[0] != net(x)[0]).any(-1).flatten()
    assert changed.tolist() == [True, True, False, False]
    assert torch.equal(net(x)[1], x[-1:])


def test_feedforward_takes_every_arrangement():
    net = Feedforward(2, 3, context=3, num_layers=2, batch_first=True, dropout=0.5).eval()
    x = torch.randn(4, 5, 2)  # (B, T, I)
    output, state = net(x)
    assert (output.shape, state.shape) == ((4, 5, 3), (2, 4, 2))
    one, one_state = net(x[1])
    close(one, output[1].detach(), 1e-6)
    assert torch.equal(one_state, state[:, 1])
    close(net(x[1, 2:], x[1, :2])[0], one[2:].detach(), 1e-6)
