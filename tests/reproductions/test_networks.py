"""The SRN of 1990: the values of today's, and a gradient that stops at the context."""

import pytest
import torch

from glassgate.nn import SRN
from glassgate.reproductions.networks import NETWORKS, CopiedContextSRN, make_model, make_network


def test_a_copied_context_has_the_values_of_an_srn():
    torch.manual_seed(0)
    srn, copied = SRN(3, 5), CopiedContextSRN(3, 5)
    copied.load_state_dict(srn.state_dict())
    input, state = torch.randn(7, 2, 3), torch.randn(1, 2, 5)
    for own, other in zip(copied(input, state), srn(input, state), strict=True):
        torch.testing.assert_close(own, other)
    torch.testing.assert_close(copied(input)[0], srn(input)[0])


def test_no_error_passes_through_the_context():
    torch.manual_seed(0)
    network = CopiedContextSRN(3, 5)
    input = torch.randn(7, 2, 3, requires_grad=True)
    network(input)[0][4].sum().backward()
    assert input.grad[4].any()
    assert not input.grad[:4].any()
    assert network.weight_hh_l0.grad.any()  # the context is an input, whose weights are learned


@pytest.mark.parametrize("name", NETWORKS)
def test_a_model_reads_vectors_that_are_not_trained(name):
    model = make_model(name, torch.eye(4, 3), 5)
    logits, _ = model(torch.tensor([[0, 3], [1, 2]]))
    logits.sum().backward()
    assert logits.shape == (2, 2, 4)
    assert model.embedding.weight.tolist() == torch.eye(4, 3).tolist()
    assert model.embedding.weight.grad is None
    assert type(model.network) is type(make_network(name, 3, 5))
