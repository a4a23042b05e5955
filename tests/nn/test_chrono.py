"""How long units keep before training: drawn, and kept where it belongs."""

import copy
import pickle

import numpy as np
import pytest
import scipy.stats
import torch

from glassgate import BadInput, Formulation
from glassgate.gates import kept_share, memory_span
from glassgate.inside.trace import trace
from glassgate.nn import GRU


def gates_of_biases_alone(network):
    """Kept shares [H] of each layer and direction, of gates that see neither input nor state."""
    bare = copy.deepcopy(network)
    with torch.no_grad():
        for names in bare._all_weights:
            for name in names[:2]:
                getattr(bare, name).zero_()
    traced = trace(bare, torch.randn(4, 2, bare.input_size))
    places = [(n, way) for n in range(len(traced)) for way in traced.plan[n].directions]
    return [kept_share(traced[place].kept) for place in places]


@pytest.mark.parametrize("update", ["keeps", "writes"])
def test_times_spread_evenly_up_to_the_longest_in_either_formulation(update):
    torch.manual_seed(0)
    form = Formulation(update=update)
    network = GRU(3, 800, 2, bidirectional=True, formulation=form, chrono=50)
    layers = gates_of_biases_alone(network)
    assert len(layers) == 4
    for kept in layers:
        times = 1 / (1 - kept)
        assert times.min() >= 2 - 1e-4
        assert times.max() <= 50 + 1e-2
        assert scipy.stats.kstest(times, scipy.stats.uniform(2, 48).cdf).pvalue > 1e-3
        np.testing.assert_allclose(memory_span(kept), times - 0.5, rtol=0, atol=0.06)
    assert len(set(np.concatenate(layers).tolist())) > 3000  # each layer draws its own


def test_the_shortest_longest_time_makes_all_gates_even():
    network = GRU(2, 5, chrono=2)
    assert not network.bias_ih_l0[5:10].any()
    assert not network.bias_hh_l0[5:10].any()


def test_all_else_is_what_torch_draws():
    torch.manual_seed(3)
    chrono = GRU(3, 6, 1, chrono=20)
    torch.manual_seed(3)
    plain = GRU(3, 6, 1)
    for name, weight in chrono.named_parameters():
        same = weight == getattr(plain, name)
        if name.startswith("bias"):
            assert same[:6].all()
            assert not same[6:12].any()
            assert same[12:].all()
        else:
            assert same.all()


def test_it_is_drawn_again_with_all_parameters_and_goes_along_with_copies():
    network = GRU(3, 6, chrono=20.0)
    first = network.bias_ih_l0.clone()
    for again in (network, copy.deepcopy(network), pickle.loads(pickle.dumps(network))):  # noqa: S301
        assert again.chrono == 20
        torch.testing.assert_close(again.bias_ih_l0, first, rtol=0, atol=0)
    for again in (copy.deepcopy(network), network):
        again.reset_parameters()
        assert not (again.bias_ih_l0 == first)[6:12].any()
        (kept,) = gates_of_biases_alone(again)
        assert (kept >= 0.5).all()
    assert "chrono=20.0" in repr(network)
    assert "chrono" not in repr(GRU(3, 6))


@pytest.mark.parametrize(
    ("value", "error", "says"),
    [
        (1.9, BadInput, "chrono must be a finite number of at least 2 steps, got 1.9"),
        (float("inf"), BadInput, "at least 2 steps, got inf"),
        (float("nan"), BadInput, "at least 2 steps, got nan"),
        (True, TypeError, "chrono must be a number of steps, got bool"),
        ("9", TypeError, "chrono must be a number of steps, got str"),
    ],
)
def test_what_is_no_time_is_refused(value, error, says):
    with pytest.raises(error, match=says):
        GRU(3, 6, chrono=value)


def test_a_network_that_cannot_have_it_is_refused():
    with pytest.raises(BadInput, match="without biases"):
        GRU(3, 6, bias=False, chrono=9)
    with pytest.raises(BadInput, match="not sigmoids"):
        GRU(3, 6, formulation=Formulation(gate="hard_sigmoid_fifth"), chrono=9)
