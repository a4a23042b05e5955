"""Gradients by lag and by word against finite differences, closed forms and their laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glassgate import BadInput
from glassgate.inside.connections import connectivity
from glassgate.inside.gradient import gradient_by_lag, half_life
from glassgate.nn import GRU, LSTM, SRN, Feedforward
from glassgate.nn.models import NETWORKS, LanguageModel

T, B, I, H = 7, 3, 2, 4
STEP = 1e-5


def seeded(make, *sizes, **options):
    torch.manual_seed(0)
    network = make(*sizes, **options).double().eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(2)  # far enough from linear to tell mistakes
    return network


def given_input():
    torch.manual_seed(1)
    return torch.randn(T, B, I, dtype=torch.float64)


def squares(lengths):
    """A loss of the last valid state of each sequence."""
    return lambda hidden: hidden[lengths - 1, torch.arange(B)].pow(2).sum(-1)


@torch.no_grad()
def moved_loss(network, input, lengths, column, lag, parts):
    """The loss of a sequence that goes on from a state, `lag` steps before its end."""
    if lag:
        rest = input[lengths[column] - lag : lengths[column], column : column + 1]
        _, state = network(rest, parts if len(parts) > 1 else parts[0])
        parts = state if isinstance(state, tuple) else (state,)
    return parts[0][-1].pow(2).sum().item()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("make", [SRN, GRU, LSTM])
def test_gradients_by_lag_are_those_of_finite_differences(make, layers):
    network, input = seeded(make, I, H, num_layers=layers), given_input()
    lengths = torch.tensor([7, 5, 6])
    found = gradient_by_lag(network, input, squares(lengths), 4, lengths)
    for lag, norm in enumerate(found):
        norms = []
        for column in range(B):
            with torch.no_grad():
                _, state = network(input[: lengths[column] - lag, column : column + 1])
            parts = state if isinstance(state, tuple) else (state,)
            total = 0.0
            for place in [
                (i, *index) for i in range(len(parts)) for index in np.ndindex(layers, H)
            ]:
                part, layer, unit = place
                ends = []
                for step in (STEP, -STEP):
                    moved = tuple(one.clone() for one in parts)
                    moved[part][layer, 0, unit] += step
                    ends.append(moved_loss(network, input, lengths, column, lag, moved))
                total += ((ends[0] - ends[1]) / (2 * STEP)) ** 2
            norms.append(math.sqrt(total))
        assert norm == pytest.approx(np.mean(norms), rel=1e-6)


def test_a_turned_and_shrunk_state_loses_the_same_share_at_every_step():
    network = seeded(SRN, I, H, bias=False)
    network.nonlinearity, network.mode = "relu", "RNN_RELU"  # and all states above 0: linear
    with torch.no_grad():
        network.weight_ih_l0.fill_(1)
        network.weight_hh_l0.copy_(0.8 * torch.eye(H, dtype=torch.float64).roll(1, 0))
    norms = gradient_by_lag(network, given_input().abs(), lambda hidden: hidden[-1, :, 0], 6)
    np.testing.assert_allclose(norms, 0.8 ** np.arange(7), rtol=1e-12)
    assert half_life(norms) == pytest.approx(math.log(2) / -math.log(0.8), rel=1e-12)


@pytest.mark.parametrize("context", [1, 3])
def test_a_feedforward_network_passes_no_state_on(context):
    network = seeded(Feedforward, I, H, context)
    norms = gradient_by_lag(network, given_input(), lambda hidden: hidden[-1].sum(-1), 3)
    assert norms.tolist() == [2, 0, 0, 0]  # the sum of four units has a gradient of length 2


def test_networks_of_torch_are_taken_too_and_nothing_is_left_behind():
    ours, theirs = seeded(GRU, I, H), seeded(torch.nn.GRU, I, H)
    theirs.load_state_dict(ours.state_dict())
    for parameter in theirs.parameters():
        parameter.requires_grad_(False)
    input, loss = given_input().requires_grad_(), squares(torch.full((B,), T))
    with torch.no_grad():
        found = [gradient_by_lag(network, input, loss, 5) for network in (ours, theirs)]
    np.testing.assert_allclose(*found, rtol=1e-12)
    assert found[0].all()
    assert input.grad is None
    assert all(weight.grad is None for weight in ours.parameters())


@given(
    a=st.floats(1e-6, 1e6),
    q=st.floats(0.01, 0.99),
)
def test_the_half_life_of_a_constant_decay_is_its_own(a, q):
    wanted = math.log(0.5) / math.log(q)
    norms = a * q ** np.arange(math.ceil(wanted) + 2)
    assert half_life(norms) == pytest.approx(wanted, rel=1e-9)
    assert half_life(norms[: math.floor(wanted * (1 - 1e-9)) + 1]) == math.inf


def test_half_lives_by_hand():
    assert half_life([4, 3, 2, 1, 9]) == 2
    assert half_life([1, 0, 0]) == 1
    assert half_life([1, 2, 8, 2, 0.125]) == pytest.approx(3.5)
    assert half_life([1, 0.51]) == math.inf


@pytest.mark.parametrize("norms", [[], [0, 1], [1, -1], [1, math.nan], [math.inf, 1]])
def test_what_are_no_norms_is_refused(norms):
    with pytest.raises(BadInput, match="norms must"):
        half_life(norms)


def test_what_cannot_be_measured_is_refused():
    network, input, loss = seeded(GRU, I, H), given_input(), squares(torch.full((B,), T))
    with pytest.raises(BadInput, match="must have 8 to 7 steps, got lengths 7 to 7"):
        gradient_by_lag(network, input, loss, 7)
    with pytest.raises(BadInput, match="must have 5 to 7 steps, got lengths 4 to 7"):
        gradient_by_lag(network, input, loss, 4, torch.tensor([7, 4, 5]))
    with pytest.raises(BadInput, match=r"lengths must lie in 0\.\.7, got 5 to 8"):
        gradient_by_lag(network, input, loss, 4, torch.tensor([7, 8, 5]))
    with pytest.raises(BadInput, match="lags must be at least 0, got -1"):
        gradient_by_lag(network, input, loss, -1)
    with pytest.raises(TypeError, match="lags must be an integer, got float"):
        gradient_by_lag(network, input, loss, 2.5)
    with pytest.raises(TypeError, match="lengths must be integers, got float64"):
        gradient_by_lag(network, input, loss, 2, [7.0, 7.0, 7.0])
    with pytest.raises(BadInput, match=r"lengths must have shape \(3,\)"):
        gradient_by_lag(network, input, loss, 4, torch.tensor([7, 7]))
    with pytest.raises(BadInput, match="input must have shape"):
        gradient_by_lag(network, input[:, 0], loss, 2)
    with pytest.raises(TypeError, match="got Linear"):
        gradient_by_lag(torch.nn.Linear(I, H), input, loss, 2)
    for options in ({"bidirectional": True}, {"batch_first": True}):
        with pytest.raises(BadInput, match="read forward and time first"):
            gradient_by_lag(GRU(I, H, **options), input, loss, 2)


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        (lambda h: h[-1].sum(-1).mean(), BadInput, r"what loss gives must have shape \(3,\), got"),
        (lambda h: h[-1], BadInput, r"what loss gives must have shape \(3,\), got \(3, 4\)"),
        (lambda h: h[-1].detach().sum(-1), BadInput, "loss must depend on the states"),
        (lambda _: 1.0, TypeError, "loss must give a tensor, got float"),
    ],
)
def test_what_is_no_loss_of_each_sequence_is_refused(loss, error, message):
    with pytest.raises(error, match=message):
        gradient_by_lag(seeded(GRU, I, H), given_input(), loss, 2)


def test_lengths_may_be_a_list():
    network, input, lengths = seeded(GRU, I, H), given_input(), [7, 5, 6]
    found = [
        gradient_by_lag(network, input, squares(torch.tensor(lengths)), 2, given)
        for given in (lengths, torch.tensor(lengths))
    ]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_nothing_is_dropped_out_and_the_mode_is_left(kind):
    model = seeded(LanguageModel, 6, kind, 3, 5, layers=2, dropout=0.9)
    x = model.embedding(torch.tensor(TOKENS))[:, None].detach()

    def measured():
        return (
            gradient_by_lag(model.network, x, lambda hidden: hidden[-1].sum(-1), 2),
            connectivity(model, TOKENS, TARGETS),
        )

    wanted = measured()
    model.train()
    model.decoder.eval()
    for found, norms in zip(measured(), wanted, strict=True):
        np.testing.assert_array_equal(found, norms)
    assert [part.training for part in (model, model.network, model.decoder)] == [True, True, False]


TOKENS, TARGETS = [0, 3, 1, 3, 2], [3, 1, 3, 2, 4]


@pytest.mark.parametrize("network", NETWORKS)
def test_connectivity_is_that_of_finite_differences(network):
    model = seeded(LanguageModel, 6, network, 3, 5)
    found = connectivity(model, TOKENS, TARGETS)
    x = model.embedding(torch.tensor(TOKENS)).detach()[:, None]  # (T, 1, I)
    for word in range(len(TOKENS)):
        slopes = []
        for dimension in range(3):
            logits = []
            for step in (STEP, -STEP):
                moved = x.clone()
                moved[word, 0, dimension] += step
                with torch.no_grad():
                    after = model.decoder(model.network(moved)[0])[:, 0]
                logits.append([after[t, target].item() for t, target in enumerate(TARGETS)])
            slopes.append((np.array(logits[0]) - logits[1]) / (2 * STEP))
        np.testing.assert_allclose(
            found[:, word], np.linalg.norm(slopes, axis=0), rtol=1e-6, atol=1e-9
        )
    assert (np.triu(found, 1) == 0).all()
    assert (np.diag(found) > 0).all()
    assert (np.tril(found, -1) > 0).sum() == (0 if network == "feedforward" else 10)


def test_tokens_that_do_not_fit_are_refused():
    model = seeded(LanguageModel, 6, "gru", 3, 5)
    with pytest.raises(BadInput, match="as many targets as tokens, got 1 for 2"):
        connectivity(model, [1, 2], [3])
    with pytest.raises(BadInput, match="as many targets as tokens, got 0 for 0"):
        connectivity(model, [], [])
    with pytest.raises(BadInput, match=r"a token must lie in 0\.\.5, got 6"):
        connectivity(model, [1, 2], [3, 6])
    with pytest.raises(TypeError, match="tokens must be integers, got float64"):
        connectivity(model, [1.5, 2], [1, 2])
    with pytest.raises(TypeError, match="model must be a LanguageModel, got GRU"):
        connectivity(model.network, [1], [1])


def test_ids_may_be_arrays_and_tensors():
    model = seeded(LanguageModel, 6, "gru", 3, 5)
    wanted = connectivity(model, TOKENS, TARGETS)
    for kind in (np.array, torch.tensor):
        np.testing.assert_array_equal(connectivity(model, kind(TOKENS), kind(TARGETS)), wanted)
