import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence

from glassgate import BadInput, Formulation
from glassgate.nn import GRU, LSTM, SRN, Feedforward
from glassgate.nn.recurrence import sequence
from glassgate.reference import forward
from tests.engine.engine_cases import FORMS, form_name
from tests.nn.nn_cases import close, draw

pytestmark = pytest.mark.usefixtures("one_thread")


def direction_by_direction(net, input, state):
    """A whole network, forward, by the reference: output and last states."""
    last = []
    for layer in range(net.num_layers):
        outputs = []
        for reverse in net.directions:
            x = input[::-1] if reverse else input
            hidden = forward(net.to_weights(layer, reverse), x, state[len(last)]).hidden
            last.append(hidden[-1])
            outputs.append(hidden[::-1] if reverse else hidden)
        input = np.concatenate(outputs, -1)
    return input, np.stack(last)


@pytest.mark.parametrize("form", FORMS[::7], ids=form_name)
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_layers_and_directions_are_the_reference(form, num_layers, bidirectional):
    net = GRU(3, 4, num_layers, bidirectional=bidirectional, formulation=form).double()
    x, h = draw((5, 2, 3), 1), draw((num_layers * (1 + bidirectional), 2, 4), 2)
    output, last = net(x, h)
    wanted, wanted_last = direction_by_direction(net, x.numpy(), h.numpy())
    close(output, wanted)
    close(last, wanted_last)


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("arrangement", ["time first", "batch first", "one sequence"])
def test_it_is_torchs_gru(num_layers, bidirectional, bias, arrangement):
    options = {
        "num_layers": num_layers,
        "bidirectional": bidirectional,
        "bias": bias,
        "batch_first": arrangement == "batch first",
    }
    torch.manual_seed(7)
    theirs = torch.nn.GRU(3, 4, **options)
    torch.manual_seed(7)
    ours = GRU(3, 4, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value), name

    ours, theirs = ours.double(), theirs.double()
    one = arrangement == "one sequence"
    rows = num_layers * (1 + bidirectional)
    x, h = draw((5, 3) if one else (5, 2, 3), 1), draw((rows, 4) if one else (rows, 2, 4), 2)
    if arrangement == "batch first":
        h = draw((rows, 5, 4), 2)
    results = []
    for net in (ours, theirs):
        x_in, h_in = x.clone().requires_grad_(), h.clone().requires_grad_()
        output, last = net(x_in, h_in)
        (output.sin().sum() + last.cos().sum()).backward()
        grads = [parameter.grad for parameter in net.parameters()]
        results.append([output, last, net(x_in)[0], x_in.grad, h_in.grad, *grads])
    for left, right in zip(*results, strict=True):
        assert left.shape == right.shape
        close(left, right.detach())


def test_the_state_dict_goes_both_ways():
    ours, theirs = GRU(3, 4, 2, bidirectional=True), torch.nn.GRU(3, 4, 2, bidirectional=True)
    x = torch.randn(5, 2, 3)
    theirs.load_state_dict(ours.state_dict())
    close(ours(x)[0], theirs(x)[0].detach(), 1e-6)
    theirs.reset_parameters()
    assert (ours(x)[0] - theirs(x)[0]).abs().max() > 0.01
    ours.load_state_dict(theirs.state_dict())
    close(ours(x)[0], theirs(x)[0].detach(), 1e-6)


def test_dropout_lies_between_layers_and_in_training_alone():
    net = GRU(3, 64, 2, dropout=0.5)
    x = torch.randn(4, 8, 3)
    assert (net(x)[0] - net(x)[0]).abs().max() > 1e-3
    net.eval()
    assert torch.equal(net(x)[0], net(x)[0])
    net.dropout = 1.0
    net.train()
    silent = torch.zeros(4, 8, 64)
    top, _ = sequence(silent, torch.zeros(8, 64), *net._weights(1, False), net.formulation)
    assert torch.equal(net(x)[0], top)
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        GRU(3, 4, dropout=0.5)


nets = st.sampled_from(["gru", "srn", "lstm", "feedforward"])
small = st.integers(1, 4)


def build(kind, inputs, hidden, layers, formulation):
    if kind == "gru":
        return GRU(inputs, hidden, layers, formulation=formulation).double()
    if kind == "feedforward":
        return Feedforward(inputs, hidden, context=3, num_layers=layers).double()
    return {"srn": SRN, "lstm": LSTM}[kind](inputs, hidden, layers).double()


def pair(state):
    return state if isinstance(state, tuple) else (state,)


cases = st.tuples(
    st.builds(build, nets, small, small, st.integers(1, 2), st.sampled_from(FORMS)),
    st.integers(1, 6),
    small,
    st.integers(0, 1000),
)


@settings(deadline=None, max_examples=60)
@given(cases)
def test_no_state_is_the_zero_state(case):
    net, T, B, seed = case
    x = draw((T, B, net.input_size), seed)
    output, state = net(x)
    zeros = tuple(map(torch.zeros_like, pair(state)))
    zero, _ = net(x, zeros if isinstance(state, tuple) else zeros[0])
    assert torch.equal(output, zero)


@settings(deadline=None, max_examples=60)
@given(cases, st.data())
def test_a_sequence_in_chunks_is_the_whole(case, data):
    net, T, B, seed = case
    x = draw((T, B, net.input_size), seed)
    cut = data.draw(st.integers(1, T))
    whole, last = net(x)
    chunks, state = [], None
    for part in x.split(cut):
        output, state = net(part, state)
        chunks.append(output)
    scale = 1 + whole.abs().max().item()
    close(torch.cat(chunks) / scale, (whole / scale).detach(), 1e-13)
    for left, right in zip(pair(state), pair(last), strict=True):
        close(left / scale, (right / scale).detach(), 1e-13)


@settings(deadline=None, max_examples=60)
@given(cases, st.randoms(use_true_random=False))
def test_permuting_the_batch_permutes_the_result(case, random):
    net, T, B, seed = case
    x = draw((T, B, net.input_size), seed)
    order = random.sample(range(B), B)
    straight = net(x)[0][:, order]
    scale = 1 + straight.abs().max().item()
    close(net(x[:, order])[0] / scale, (straight / scale).detach(), 1e-13)


@pytest.mark.parametrize(("ours", "theirs"), [(SRN, torch.nn.RNN), (LSTM, torch.nn.LSTM)])
def test_srn_and_lstm_are_torchs(ours, theirs):
    options = {"num_layers": 2, "bias": False, "batch_first": True, "bidirectional": True}
    torch.manual_seed(3)
    net = ours(3, 4, **options)
    torch.manual_seed(3)
    x = torch.randn(2, 5, 3)
    other = theirs(3, 4, **options)
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(x)[0], other(x)[0])


def test_copies_and_pickles_compute_the_same():
    net, x = GRU(2, 3, 2, formulation=Formulation("writes", "before")), torch.randn(4, 1, 2)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):  # noqa: S301  # our own
        assert twin.formulation == net.formulation
        assert torch.equal(twin(x)[0], net(x)[0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: GRU(0, 4), BadInput, "input_size must be greater than zero, got 0"),
        (lambda: GRU(3, 4.0), TypeError, "hidden_size should be of type int, got: float"),
        (lambda: GRU(3, 4, 2, dropout=1.5), ValueError, r"dropout should be a number .*"),
        (
            lambda: GRU(3, 4, formulation="keeps"),
            TypeError,
            "formulation must be a Formulation, got str",
        ),
        (
            lambda: GRU(3, 4)(torch.zeros(5, 2, 7)),
            BadInput,
            r"input must have shape \(T, B, 3\), got \(5, 2, 7\)",
        ),
        (
            lambda: GRU(3, 4)(torch.zeros(3)),
            BadInput,
            r"input must have shape \(T, B, 3\), got \(3,\)",
        ),
        (
            lambda: GRU(3, 4)(torch.zeros(0, 2, 3)),
            BadInput,
            "input must hold at least one step, got none",
        ),
        (
            lambda: GRU(3, 64, 2)(torch.zeros(5, 8, 3), torch.zeros(8, 64)),
            BadInput,
            r"hidden must have shape \(2, 8, 64\), got \(8, 64\)",
        ),
        (
            lambda: GRU(3, 4)(torch.zeros(5, 2, 3).double()),
            BadInput,
            "RNN input dtype torch.float64 does not match weight dtype torch.float32: Convert .*",
        ),
        (
            lambda: GRU(3, 4).bfloat16()(torch.zeros(5, 2, 3).bfloat16()),
            TypeError,
            "input, hidden and weights must be all float32 or all float64, got .*bfloat16",
        ),
        (
            lambda: GRU(3, 4)(pack_sequence([torch.zeros(5, 3)]), lengths=torch.tensor([5])),
            BadInput,
            "lengths must be left out where the input is packed, got both",
        ),
        (lambda: GRU(3, 4).to_weights(1), BadInput, r"layer must lie in 0..0, got 1"),
        (
            lambda: GRU(3, 4).to_weights(0, reverse=True),
            BadInput,
            "reverse must be False in a network with one direction, got True",
        ),
        (
            lambda: Feedforward(3, 4, context=0),
            BadInput,
            "context must be greater than zero, got 0",
        ),
        (
            lambda: Feedforward(3, 4, context=3)(torch.zeros(5, 2, 3), torch.zeros(1, 2, 3)),
            BadInput,
            r"state must have shape \(2, 2, 3\), got \(1, 2, 3\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()
