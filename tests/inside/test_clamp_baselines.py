"""LSTM and SRN held: against equations computed step by step, with gates and states overwritten."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import glassgate.nn
from glassgate import BadInput, clamp, trace
from glassgate.nn.models import LanguageModel
from tests.engine.engine_cases import same_bits
from tests.inside.test_clamp_exit import bits, hooks, same_state

T, B, I, H = 6, 3, 4, 5
LSTMS, SRNS = (glassgate.nn.LSTM, torch.nn.LSTM), (glassgate.nn.SRN, torch.nn.RNN)
REACH = float(np.tanh(1))


def sigmoid(sums):
    return 1 / (1 + np.exp(-sums))


def drawn(cls, seed=0, **options):
    torch.manual_seed(seed)
    module = cls(I, H, **options).double()
    rng = np.random.default_rng(seed)
    states = [rng.normal(size=(B, H)) for _ in range(1 + issubclass(cls, torch.nn.LSTM))]
    return module, 2 * rng.normal(size=(T, B, I)), states


def lstm_steps(module, input, states, holds):
    """Hochreiter & Schmidhuber's equations, with the values that are held written over."""
    W, U, b, c = (getattr(module, f"{name}_l0").detach().numpy() for name in PARAMETERS)
    (hidden, cell), output, cells = states, [], []
    for x in input:
        sums = x @ W.T + b + hidden @ U.T + c
        i, f, g, o = (sums[:, block * H : (block + 1) * H] for block in range(4))
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        for name, units, values in holds:
            if name == "kept":
                f[:, units] = values
        cell = f * cell + i * g
        hidden = o * np.tanh(cell)
        for name, units, values in holds:
            if name == "state":
                hidden[:, units], cell[:, units] = values, np.arctanh(values)
        output.append(hidden)
        cells.append(cell)
    return np.stack(output), np.stack(cells)


def srn_steps(module, input, states, holds):
    """Elman's equation, with the states that are held written over."""
    W, U, b, c = (getattr(module, f"{name}_l0").detach().numpy() for name in PARAMETERS)
    squash = np.tanh if module.nonlinearity == "tanh" else lambda sums: np.maximum(sums, 0)
    (hidden,), output = states, []
    for x in input:
        hidden = squash(x @ W.T + b + hidden @ U.T + c)
        for _, units, values in holds:
            hidden[:, units] = values
        output.append(hidden)
    return np.stack(output)


PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def run(module, input, states):
    hx = tuple(torch.tensor(state)[None] for state in states)
    with torch.no_grad():
        output, last = module(torch.tensor(input), hx if len(hx) == 2 else hx[0])
    cell = last[1][0].numpy() if isinstance(last, tuple) else None
    return output.numpy(), cell


@st.composite
def holds(draw):
    units = draw(st.lists(st.integers(0, H - 1), unique=True, max_size=H))
    name = draw(st.sampled_from(["kept", "state"]))
    low, high = (0, 1) if name == "kept" else (-0.76, 0.76)
    values = st.one_of(st.sampled_from([0.0, 0.5]), st.floats(low, high))
    each = draw(st.booleans())
    value = draw(st.lists(values, min_size=len(units), max_size=len(units)) if each else values)
    return name, units, value


@given(holds(), st.integers(0, 50), st.sampled_from(LSTMS))
@settings(max_examples=60, deadline=None)
def test_an_lstm_runs_with_the_held_values_written_over(hold, seed, cls):
    module, input, states = drawn(cls, seed)
    name, units, value = hold
    wanted, cells = lstm_steps(module, input, states, [hold])
    with clamp(module, units=units, **{name: value}):
        output, cell = run(module, input, states)
    np.testing.assert_allclose(output, wanted, rtol=0, atol=1e-13)
    np.testing.assert_allclose(cell, cells[-1], rtol=0, atol=1e-13)


@given(st.floats(-1, 1), st.integers(0, 50), st.sampled_from(SRNS))
@settings(max_examples=40, deadline=None)
def test_an_srn_runs_with_the_held_state_written_over(value, seed, cls):
    module, input, states = drawn(cls, seed)
    wanted = srn_steps(module, input, states, [("state", [0, 3], value)])
    with clamp(module, units=[0, 3], state=value):
        np.testing.assert_allclose(run(module, input, states)[0], wanted, rtol=0, atol=1e-13)


def test_a_relu_rnn_holds_any_state_from_0_up():
    module, input, states = drawn(torch.nn.RNN, nonlinearity="relu")
    wanted = srn_steps(module, input, states, [("state", [2], 3.5)])
    with clamp(module, units=[2], state=3.5):
        np.testing.assert_allclose(run(module, input, states)[0], wanted, rtol=0, atol=1e-13)
    with pytest.raises(BadInput, match=r"^state must be finite and at least 0, got -0\.5$"):
        clamp(module, state=-0.5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cls", LSTMS)
def test_at_0_and_1_the_forget_gate_is_exact(cls, dtype):
    module = cls(I, H).to(dtype)
    input, cell = torch.randn(T, B, I, dtype=dtype), torch.randn(1, B, H, dtype=dtype)
    state = (torch.zeros(1, B, H, dtype=dtype), cell)
    for value in (0, 1):
        with clamp(module, kept=value):
            traced = trace(module, input, state)
            assert (traced[0].kept == value).all()
            assert traced.verify() < (1e-6 if dtype == torch.float32 else 1e-14)
    with torch.no_grad(), clamp(module, kept=0):  # the cell before the first step has no effect
        one, other = (module(input, (state[0], cell * factor))[0] for factor in (1, -3))
    same_bits(one.numpy(), other.numpy())


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_an_srns_state_at_an_end_of_tanh_is_exactly_there(value):
    module, input, states = drawn(glassgate.nn.SRN)
    with clamp(module, units=[1], state=value):
        output, _ = run(module, input, states)
    assert (output[..., 1] == value).all()
    assert (output[..., [0, 2, 3, 4]] != value).all()


def test_an_lstms_state_is_exactly_0_and_reaches_tanh_of_1():
    module, input, states = drawn(glassgate.nn.LSTM)
    with clamp(module, units=[1], state=0), clamp(module, units=[2], state=-REACH):
        output, _ = run(module, input, states)
    assert (output[..., 1] == 0).all()
    np.testing.assert_allclose(output[..., 2], -REACH, rtol=0, atol=1e-15)
    with pytest.raises(BadInput, match=r"^state must lie in -0\.761594\.\.0\.761594, got 0\.8$"):
        clamp(module, state=0.8)


@pytest.mark.parametrize("cls", [*LSTMS, *SRNS])
def test_one_layer_and_direction_is_held_shows_in_a_trace_and_is_undone(cls):
    module = cls(I, H, 2, bidirectional=True)
    input, before = torch.randn(T, B, I), bits(module)
    free = trace(module, input)
    with clamp(module, layer=1, direction="reverse", units=[2], state=0.25):
        held = trace(module, input)
        assert held.verify() < 1e-6
        assert hooks(module) == (1, 4)
    np.testing.assert_allclose(held[1, "reverse"].hidden[..., 2], 0.25, rtol=0, atol=1e-7)
    same_bits(held[1].hidden, free[1].hidden)
    same_bits(held[0, "reverse"].hidden, free[0, "reverse"].hidden)
    assert (held[1, "reverse"].hidden[:-1, :, 3] != free[1, "reverse"].hidden[:-1, :, 3]).all()
    same_state(module, before)
    assert hooks(module) == (0, 0)


def test_the_rest_of_an_lstm_learns_and_the_held_rows_come_back():
    module, input, _ = drawn(glassgate.nn.LSTM)
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.05, weight_decay=0.1)
    before, rows = bits(module), [H + 1, H + 3]  # of the forget gate
    with clamp(module, units=[1, 3], kept=0.9):
        for _ in range(4):
            optimizer.zero_grad()
            module(torch.tensor(input))[0].square().mean().backward()
            assert (module.weight_hh_l0.grad[rows] == 0).all()
            optimizer.step()
        np.testing.assert_allclose(trace(module, torch.tensor(input))[0].kept[..., [1, 3]], 0.9)
    after = bits(module)
    for name, value in before.items():
        same_bits(after[name][rows], value[rows])
        assert (after[name] != value).any()


@pytest.mark.parametrize("network", ["lstm", "srn"])
def test_the_one_network_of_a_model_is_found(network):
    model = LanguageModel(9, network, 4, 6, layers=2)
    tokens = torch.randint(9, (5, 2))
    with torch.no_grad():
        with clamp(model, layer=1, state=0.5, units=[3]):
            whole, _ = model(tokens)
        with clamp(model.network, layer=1, state=0.5, units=[3]):
            same_bits(model(tokens)[0].numpy(), whole.numpy())
        assert (model(tokens)[0] != whole).all()


NO_GATES = "must be left out: an SRN has no gates, only its state can be held"
NO_OTHER = "only kept (its forget gate) and state can be held"


@pytest.mark.parametrize(
    ("module", "held", "message"),
    [
        (torch.nn.RNN(I, H), {"kept": 0}, f"kept {NO_GATES}"),
        (torch.nn.RNN(I, H), {"state": 0, "reset": 1}, f"reset {NO_GATES}"),
        (
            torch.nn.LSTM(I, H),
            {"reset": 0},
            f"reset must be left out: an LSTM has no reset gate, {NO_OTHER}",
        ),
        (
            torch.nn.LSTM(I, H),
            {"update": 0},
            f"update must be left out: an LSTM has no update gate, {NO_OTHER}",
        ),
        (
            torch.nn.LSTM(I, H),
            {"kept": 0, "state": 0},
            "kept and state hold the same: give one, got kept and state",
        ),
        (
            torch.nn.RNN(I, H, bias=False),
            {"state": 0.5},
            "a network without biases can hold states only at 0, got state 0.5",
        ),
        (
            torch.nn.LSTM(I, H, bias=False),
            {"state": 0},
            "a network without biases can hold gates only at 0.5, got state 0",
        ),
        (
            torch.nn.LSTMCell(I, H),
            {"kept": 0},
            "network must be a GRU, LSTM or SRN, or have one inside, got LSTMCell without",
        ),
    ],
    ids=str,
)
def test_what_does_not_exist_is_refused_in_a_sentence(module, held, message):
    with pytest.raises(BadInput) as refusal:
        clamp(module, **held)
    assert str(refusal.value) == message


def test_without_biases_zeros_hold_what_they_give():
    srn, lstm = torch.nn.RNN(I, H, bias=False), torch.nn.LSTM(I, H, bias=False)
    input = torch.randn(T, B, I)
    with torch.no_grad(), clamp(srn, state=0, units=[1]), clamp(lstm, kept=0.5, units=[1]):
        assert (srn(input)[0][..., 1] == 0).all()
        assert (trace(lstm, input)[0].kept[..., 1] == 0.5).all()
