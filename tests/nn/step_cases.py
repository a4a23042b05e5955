"""What the tests of single steps share: a network, its steps one by one, and as a whole."""

import torch

from glassgate.nn import GRU

I, H = 5, 37


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
