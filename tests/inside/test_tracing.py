"""Recurrent modules inside larger models, traced while the models are used."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

import glassgate.nn
from glassgate import BadInput, clamp, trace, tracing
from glassgate.nn.models import Classifier, LanguageModel
from tests.inside.trace_cases import drawn, same


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


class Model(nn.Module):
    """Modules of every kind, one of them inside another module, one called twice."""

    def __init__(self, batch_first=False):
        super().__init__()
        options = {"batch_first": batch_first}
        self.encoder = nn.ModuleDict({"rnn": nn.LSTM(3, 4, 2, bidirectional=True, **options)})
        self.middle = nn.GRU(8, 4, **options)
        self.again = nn.RNN(4, 4, **options)
        self.last = glassgate.nn.GRU(4, 4, 2, **options)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        x, _ = self.encoder["rnn"](x)
        x, _ = self.middle(x)
        x, state = self.again(x)
        x, _ = self.again(x, state)
        x, _ = self.last(x)
        if isinstance(x, PackedSequence):
            return self.out(x.data)
        # In its place where that may be: what a trace has seen is not to change.
        return self.out(x.relu() if x.requires_grad else x.relu_())


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.mark.parametrize("batch_first", [False, True])
def test_every_module_by_its_name(batch_first):
    model, x = Model(batch_first), drawn(5, 6, 3)
    seen = {}
    for name in ("encoder.rnn", "middle", "again", "last"):
        model.get_submodule(name).register_forward_hook(
            lambda _, given, __, name=name: seen.setdefault(name, []).append(given)
        )
    with torch.no_grad(), tracing(model) as traces:
        model(x)
    assert list(traces) == ["encoder.rnn", "middle", "again", "last"]
    assert {name: len(calls) for name, calls in traces.calls.items()} == {
        "encoder.rnn": 1, "middle": 1, "again": 2, "last": 1
    }  # fmt: skip
    assert traces["again"] is traces.calls["again"][1]
    for name, calls in traces.calls.items():
        for traced, given in zip(calls, seen[name], strict=True):
            assert traced.verify() <= 1e-6, name
            alone = trace(model.get_submodule(name), *given)
            rounding = 3e-7 if name in ("middle", "again") else 0  # read from what they answered
            for key, array in alone.to_numpy().items():
                np.testing.assert_allclose(traced.to_numpy()[key], array, rtol=0, atol=rounding)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_computes_and_learns_what_it_would(training):
    model, x = Model().train(training), drawn(5, 6, 3)
    found = []
    for traced in (False, True):
        model.zero_grad()
        if traced:
            with tracing(model):
                output = model(x)
                output.square().sum().backward()
        else:
            output = model(x)
            output.square().sum().backward()
        found.append([output, *(parameter.grad.clone() for parameter in model.parameters())])
    for without, within in zip(*found, strict=True):
        assert torch.equal(without, within)
    assert all(module.training is training for module in model.modules())


def test_no_hook_is_left_also_by_an_exception():
    model = Model()
    model.middle.register_forward_hook(lambda *_: None)
    with tracing(model):
        assert hooks(model) == 5
    assert hooks(model) == 1
    with pytest.raises(KeyError), tracing(model):
        raise KeyError
    with pytest.raises(RuntimeError), tracing(model):
        model(drawn(5, 6, 7))
    assert hooks(model) == 1


def test_packed_sequences():
    model = Model()
    packed = pack_sequence([drawn(n, 3, seed=n) for n in (2, 5, 1)], enforce_sorted=False)
    with tracing(model) as traces:
        model(packed)
    for traced in traces.values():
        assert traced.lengths.tolist() == [2, 5, 1]
        assert traced.verify() <= 1e-6
        assert not traced[0].hidden[2:, 0].any()


def test_models_of_ours():
    tokens, lengths = torch.randint(9, (5, 3)), torch.tensor([5, 2, 4])
    for network in ("gru", "lstm", "srn"):
        model = LanguageModel(9, network, 3, 4, layers=2, dropout=0.5).eval()
        with tracing(model) as traces:
            model(tokens)
        assert traces["network"].verify() <= 1e-6
        reader = Classifier(9, 2, network, 3, 4)
        with tracing(reader) as traces:
            reader(tokens, lengths)
        assert traces["network"].verify() <= 1e-6
    with tracing(model.network) as traces:
        model.network(drawn(5, 2, 3))
        model.network(drawn(5, 3))
    assert [one[0].hidden.shape for one in traces.calls[""]] == [(5, 2, 4), (5, 1, 4)]
    gru = glassgate.nn.GRU(3, 4)
    with tracing(gru) as traces:
        gru(drawn(5, 3, 3), lengths=lengths)
    assert traces[""].lengths.tolist() == [5, 2, 4]
    assert traces[""].verify() <= 1e-6


def test_a_cell_gives_a_trace_a_step():
    cell, x = nn.GRUCell(3, 4), drawn(5, 2, 3)
    hidden = drawn(2, 4, seed=1)
    whole = trace(cell, x, hidden)
    with tracing(cell) as traces:
        for step in x:
            hidden = cell(step, hx=hidden)
        cell(x[0, 0])
    *steps, alone = traces.calls[""]
    assert alone[0].kept.shape == (1, 1, 4)
    for t, step in enumerate(steps):
        assert step.verify() <= 1e-6
        for name, array in vars(step[0]).items():
            np.testing.assert_allclose(array[0], getattr(whole[0], name)[t], 0, 1e-6)


def test_autocast_around_it():
    model, x = Model(), drawn(5, 6, 3)
    with torch.autocast("cpu", torch.bfloat16), tracing(model) as traces:
        model(x)
    exact = trace(model.encoder["rnn"], x)
    assert traces["encoder.rnn"].verify() < 0.05
    same(
        traces["encoder.rnn"],
        [{way: vars(exact[i, way]) for way in ("forward", "reverse")} for i in (0, 1)],
        0,
    )


def test_another_output_is_found_out():
    class Louder(nn.GRU):
        def forward(self, words):
            output, state = super().forward(words)
            return output + 0.25, state

    model = nn.Sequential(Louder(3, 4))
    with tracing(model) as traces:
        model(drawn(5, 2, 3))
    assert traces["0"].verify() > 0.2  # from the first step on, which read no state of 0.25 more


def test_what_another_hook_makes_of_an_output_is_not_the_modules():
    model = nn.Sequential(nn.GRU(3, 4))
    model[0].register_forward_hook(lambda _, __, answer: (answer[0] + 1, answer[1]))
    with tracing(model) as traces:
        model(drawn(5, 2, 3))
    assert traces["0"].verify() <= 1e-6


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM, nn.RNN])
def test_what_is_read_afterwards_is_read_from_what_was_answered(kind):
    network = kind(3, 4, 3, bidirectional=True).bfloat16()
    x = drawn(5, 2, 3, dtype=torch.bfloat16)
    with tracing(network) as traces:
        output, _ = network(x)
    both = [traces[""][2, way].hidden for way in ("forward", "reverse")]
    np.testing.assert_array_equal(np.concatenate(both, -1), output.detach().float())
    for name, array in trace(network, x).to_numpy().items():
        np.testing.assert_array_equal(traces[""].to_numpy()[name], array)


@pytest.mark.parametrize("kind", [nn.GRU, glassgate.nn.GRU])
def test_single_steps_are_those_of_the_whole(kind):
    network, x = kind(3, 4, bidirectional=True), drawn(6, 2, 3)
    with tracing(network) as traces:
        state = None
        for step in x.split(1):
            _, state = network(step, state)
    whole = trace(network, x)[0]  # forward: in reverse each step is a sequence of its own
    for name, array in vars(whole).items():
        steps = [getattr(call[0], name) for call in traces.calls[""]]
        np.testing.assert_allclose(np.concatenate(steps), array, rtol=0, atol=3e-7)
    assert max(call.verify() for call in traces.calls[""]) <= 1e-6


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM, nn.RNN, glassgate.nn.GRU])
def test_a_chaotic_network_is_traced_as_it_ran(kind):
    """Where a rounding grows to anything, another run would be another history."""
    network, x = kind(8, 32), drawn(300, 2, 8)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(8)
    with tracing(network) as traces, torch.no_grad():
        output, _ = network(x)
        nudged, _ = network(x + 1e-7)
    assert kind is nn.LSTM or (output - nudged).abs().max() > 0.1
    np.testing.assert_array_equal(traces.calls[""][0][0].hidden, output)
    assert traces.calls[""][0].verify() <= 3e-6  # of sums ten times as large, and their rounding


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM, nn.RNN, nn.GRUCell, glassgate.nn.GRU])
def test_a_model_may_write_over_what_it_read_and_gave(kind):
    network, x, h = kind(3, 4), drawn(5, 2, 3), drawn(1, 2, 4, seed=1)
    if kind is nn.GRUCell:
        x, h = x[0], h[0]
    state = (h, h.clone()) if kind is nn.LSTM else h
    with tracing(network) as traces, torch.no_grad():
        answer = network(x, state)
        before = {name: array.copy() for name, array in traces[""].to_numpy().items()}
        for tensor in (x, h, answer if kind is nn.GRUCell else answer[0]):
            tensor.zero_()
    for name, array in traces[""].to_numpy().items():
        np.testing.assert_array_equal(array, before[name])
    assert traces[""].verify() <= 1e-6


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM])
def test_what_a_trace_itself_runs_is_no_call(kind):
    model = nn.ModuleDict({"gru": nn.GRU(3, 4), "other": kind(3, 4)})
    x = drawn(5, 2, 3)
    with tracing(model) as traces, clamp(model["gru"], kept=0.5):
        assert trace(model["gru"], x).verify() <= 1e-6  # a held network runs before it is read
        assert trace(model["other"].double(), x.double()).verify() <= 1e-6
        model["gru"](x)
    assert {name: len(calls) for name, calls in traces.calls.items()} == {"gru": 1, "other": 0}


def test_what_was_not_called_and_what_is_not_there():
    model = Model()
    with tracing(model) as traces:
        pass
    assert not traces
    with pytest.raises(BadInput, match=r"^'middle' must have been called to have a trace, got no"):
        traces["middle"]
    names = "'encoder.rnn', 'middle', 'again', 'last'"
    with pytest.raises(BadInput, match=rf"^a recurrent module must be one of {names}, got 'out'$"):
        traces["out"]


def test_what_nothing_could_show_is_refused():
    model = nn.GRU(3, 4, 2, dropout=0.5)
    said = "a traced module must be in eval mode, got one with dropout between layers"
    with pytest.raises(BadInput, match=f"^{said}$"), tracing(model):
        model(drawn(5, 2, 3))
    assert hooks(model) == 0
    gru, resets = glassgate.nn.GRU(3, 4), torch.zeros(5, 2, dtype=torch.bool)
    with pytest.raises(BadInput, match=r"^resets must be left out of a traced call"), tracing(gru):
        gru(drawn(5, 2, 3), resets=resets)


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (
            nn.Sequential(nn.Linear(3, 4)),
            BadInput,
            "model must have a GRU, GRUCell, LSTM or RNN inside, got Sequential without",
        ),
        (np.zeros(3), TypeError, "model must be a torch module, got ndarray"),
    ],
)
def test_a_model_without_one_is_refused(model, error, message):
    with pytest.raises(error, match=f"^{message}$"), tracing(model):
        pytest.fail("the body is not reached")
