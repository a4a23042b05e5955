"""What a trace leaves alone, how it proves itself, the laws it obeys, and what it refuses."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence

import glassgate.nn
from glassgate import BadInput, Formulation, trace
from glassgate.inside.networks import Network
from tests.inside.trace_cases import KINDS, drawn

pytestmark = pytest.mark.usefixtures("seeded")


# What a trace leaves alone ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_as_it_was(kind, training):
    network = KINDS[kind](3, 4, num_layers=2, dropout=0.9).train(training)
    x, before = drawn(5, 2, 3).requires_grad_(), torch.random.get_rng_state()
    traced = trace(network, x)
    assert traced.verify() <= 1e-6
    assert network.training is training
    assert torch.equal(torch.random.get_rng_state(), before)
    assert x.grad is None
    assert all(parameter.grad is None for parameter in network.parameters())
    np.testing.assert_allclose(traced[1].hidden, network.eval()(x)[0].detach(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["gru", "lstm", "srn"])
def test_autocast_is_left_outside(kind):
    network, x = KINDS[kind](3, 4), drawn(5, 2, 3)
    with torch.autocast("cpu", torch.bfloat16):
        traced = trace(network, x)
        assert traced.verify() <= 1e-6
    np.testing.assert_array_equal(traced[0].hidden, trace(network, x)[0].hidden)


def test_what_a_forward_does_to_the_weights_first_is_done():
    network, x = torch.nn.GRU(3, 4), drawn(5, 2, 3)

    def hold(module, _):
        module.bias_ih_l0.data[4:8] = 1e4

    network.register_forward_pre_hook(hold)
    traced = trace(network, x)
    np.testing.assert_array_equal(traced[0].kept, 1)
    assert traced.verify() <= 1e-6


# A trace proves itself ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_trace_of_another_network_is_found_out(kind):
    network, x = KINDS[kind](3, 4, num_layers=2), drawn(5, 2, 3)
    for name, parameter in network.named_parameters():
        traced = trace(network, x)
        assert traced.verify() <= 1e-6
        with torch.no_grad():
            parameter[1] += 0.1
        assert traced.verify() > 1e-4, name


@pytest.mark.parametrize("kind", KINDS)
def test_every_array_is_checked(kind):
    network, x = KINDS[kind](3, 4, num_layers=2, bidirectional=True), drawn(5, 2, 3)
    derived = {"gru": {"reset", "update"}, "lstm": {"kept"}}.get(kind, set())
    for layer, way in product((0, 1), ("forward", "reverse")):
        for name in set(vars(trace(network, x)[0])) - derived:
            traced = trace(network, x)
            array = getattr(traced[layer, way], name).copy()
            array[2, 1, 3] += 0.01
            object.__setattr__(traced[layer, way], name, array)
            assert traced.verify() > 1e-5, (layer, way, name)


def test_the_judge_is_the_networks_own_forward():
    class Louder(torch.nn.GRU):
        def forward(self, input, hx=None):
            output, state = super().forward(input, hx)
            return output + 0.25, state

    class Later(torch.nn.GRU):
        def forward(self, input, hx=None):
            output, state = super().forward(input, hx)
            return output, state - torch.tensor([0.5, 0.0])[:, None, None]

    assert trace(Louder(3, 4), drawn(5, 2, 3)).verify() == pytest.approx(0.25, abs=1e-6)
    assert trace(Later(3, 4, 2), drawn(5, 2, 3)).verify() == pytest.approx(0.5, abs=1e-6)


def test_weights_read_in_a_wrong_order_are_found_out(monkeypatch):
    right = Network.weights
    monkeypatch.setattr(Network, "weights", lambda *one: [part.roll(4, 0) for part in right(*one)])
    assert trace(torch.nn.GRU(3, 4), drawn(5, 2, 3)).verify() > 1e-2


# Laws ---------------------------------------------------------------------------------------------

kinds = st.sampled_from(["gru", "lstm", "srn", "ours"])
small = st.integers(1, 4)


def built(kind, I, H, seed, **options):
    torch.manual_seed(seed)
    if kind == "ours":
        form = Formulation(reset="before", update="writes")
        return glassgate.nn.GRU(I, H, formulation=form, **options).double()
    return KINDS[kind](I, H, **options).double()


def arrays_of(traced):
    return {name: array for name, array in traced.to_numpy().items() if name != "lengths"}


@settings(deadline=None, max_examples=40)
@given(kinds, small, small, st.lists(st.integers(0, 5), min_size=1, max_size=4), small)
def test_a_sequence_does_not_see_its_batch_nor_what_stands_behind_it(kind, I, H, lengths, seed):
    network = built(kind, I, H, seed, num_layers=2, bidirectional=True)
    x = drawn(5, len(lengths), I, seed=seed, dtype=torch.double)
    for b, length in enumerate(lengths):
        x[length:, b] = float("nan")
    traced = trace(network, x, lengths=lengths)
    assert traced.verify() < 1e-12
    for b, length in enumerate(lengths):
        alone = arrays_of(trace(network, x[:length, b])) if length else {}
        for name, array in arrays_of(traced).items():
            assert not array[length:, b].any(), name
            if length:
                np.testing.assert_allclose(array[:length, b], alone[name][:, 0], 0, 1e-12)


@settings(deadline=None, max_examples=40)
@given(kinds, small, small, st.integers(1, 6), st.integers(1, 6), small)
def test_a_sequence_in_stretches_is_the_whole(kind, I, H, T, cut, seed):
    network = built(kind, I, H, seed)
    x = drawn(T, 2, I, seed=seed, dtype=torch.double)
    parts, state = [], None
    for part in x.split(cut):
        parts.append(arrays_of(trace(network, part, state)))
        with torch.no_grad():
            _, state = network(part, state)
    for name, array in arrays_of(trace(network, x)).items():
        np.testing.assert_allclose(np.concatenate([p[name] for p in parts]), array, 0, 1e-12)


@settings(deadline=None, max_examples=40)
@given(kinds, small, small, st.integers(1, 6), small)
def test_reverse_is_forward_over_a_sequence_turned_round(kind, I, H, T, seed):
    network = built(kind, I, H, seed, bidirectional=True)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("_reverse"):
                parameter.copy_(getattr(network, name.removesuffix("_reverse")))
    x = drawn(T, 2, I, seed=seed, dtype=torch.double)
    there, back = trace(network, x), trace(network, x.flip(0))
    for name, array in vars(there[0]).items():
        np.testing.assert_allclose(getattr(back[0, "reverse"], name)[::-1], array, 0, 1e-12)


# What does not fit --------------------------------------------------------------------------------

X = torch.zeros(5, 2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: trace(torch.nn.Linear(3, 4), X),
            TypeError,
            "network must be a glassgate.GRU, or a GRU, GRUCell, LSTM or RNN of torch.nn or "
            "glassgate.nn, got Linear; glassgate.tracing takes models around one",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X.numpy()),
            TypeError,
            "input must be a Tensor, got ndarray",
        ),
        (
            lambda: trace(torch.nn.GRU(7, 4), X),
            BadInput,
            r"input must have shape \(T, B, 7\), got \(5, 2, 3\)",
        ),
        (
            lambda: trace(torch.nn.LSTM(3, 4), X.double()),
            BadInput,
            "RNN input dtype torch.float64 does not match weight dtype torch.float32: .*",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X[:0]),
            BadInput,
            "input must hold at least one step, got none",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X.to("meta")),
            BadInput,
            "input must be on the network's cpu, got meta",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X, lengths=[5]),
            BadInput,
            r"lengths must have shape \(2,\), got \(1,\)",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X, lengths=torch.tensor([5, 6])),
            BadInput,
            "lengths must lie in 0..5, got 5 to 6",
        ),
        (
            lambda: trace(torch.nn.RNN(3, 4), X, lengths=[5.0, 2.0]),
            TypeError,
            "lengths must be integers, got float64",
        ),
        (
            lambda: trace(
                torch.nn.GRU(3, 4), pack_padded_sequence(X, [5, 5]), lengths=torch.tensor([5, 5])
            ),
            BadInput,
            "lengths must be left out where the input is packed, got both",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X, torch.zeros(2, 4)),
            BadInput,
            r"state must have shape \(1, 2, 4\), got \(2, 4\)",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X, torch.zeros(1, 2, 4).double()),
            BadInput,
            "state must be torch.float32, as the weights are, got torch.float64",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X, torch.zeros(1, 2, 4, device="meta")),
            BadInput,
            "state must be on the network's cpu, got meta",
        ),
        (
            lambda: trace(torch.nn.GRUCell(3, 4), X, torch.zeros(3, 4)),
            BadInput,
            r"state must have shape \(1, 2, 4\), got \(1, 3, 4\)",
        ),
        (
            lambda: trace(torch.nn.LSTM(3, 4), X, torch.zeros(1, 2, 4)),
            TypeError,
            "state must be a pair of tensors, got Tensor",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X, (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))),
            TypeError,
            "state must be a tensor, got a tuple of Tensor, Tensor",
        ),
        (
            lambda: trace(torch.nn.LSTM(3, 4, proj_size=2), X),
            BadInput,
            "an LSTM to be traced must have proj_size 0, got 2",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X)[9],
            BadInput,
            "layer must lie in 0..0, got 9",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4, 2), X)[-1],
            BadInput,
            "layer must lie in 0..1, got -1",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4), X)[0, "reverse"],
            BadInput,
            "direction of layer 0 must be forward, got 'reverse'",
        ),
        (
            lambda: trace(torch.nn.GRU(3, 4, bidirectional=True), X)[0, "up"],
            BadInput,
            "direction of layer 0 must be forward or reverse, got 'up'",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()
