import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate.nn.checks import valid_steps
from glassgate.nn.models import NETWORKS, make_network
from glassgate.nn.ragged import pad_ids, run_ragged


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda ids: np.array(ids, np.uint16)])
@given(
    sequences=st.lists(st.lists(st.integers(0, 60_000), max_size=7), min_size=1, max_size=6),
    fill=st.sampled_from([0, -100]),
)
@settings(max_examples=50, deadline=None)
def test_padding_adds_only_the_fill_behind_each_sequence(kind, sequences, fill: int):
    ids, lengths = pad_ids([kind(ids) for ids in sequences], fill)
    assert ids.dtype == lengths.dtype == torch.int64
    assert lengths.tolist() == [len(ids) for ids in sequences]
    longest = max(map(len, sequences))
    assert ids.shape == (longest, len(sequences))
    padded = [own + [fill] * (longest - len(own)) for own in sequences]
    assert ids.T.tolist() == padded


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
