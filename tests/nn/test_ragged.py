import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate.nn.checks import valid_steps
from glassgate.nn.models import NETWORKS, make_network
from glassgate.nn.ragged import run_ragged


@pytest.mark.parametrize("name", NETWORKS)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=12))
@settings(max_examples=20, deadline=None)
def test_ragged_outputs_are_those_of_the_padded_run(name: str, lengths: list[int]):
    torch.manual_seed(len(lengths))
    network = make_network(name, 3, 5).double()
    valid = torch.tensor(lengths)
    x = torch.randn(max(lengths), len(lengths), 3, dtype=torch.float64, requires_grad=True)
    padded, _ = network(x)
    expected = padded[valid_steps(valid, len(x))]
    found = run_ragged(network, x, valid)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    weights = torch.randn_like(expected)
    grads = [torch.autograd.grad((y * weights).sum(), x)[0] for y in (found, expected)]
    torch.testing.assert_close(*grads, rtol=1e-11, atol=1e-13)
