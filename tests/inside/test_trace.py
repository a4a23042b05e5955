"""Traces of torch modules are what the equations say, and say so themselves."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

import glassgate.nn
from glassgate import Formulation, Trace, trace
from glassgate.inside.networks import Network
from glassgate.inside.trace import torch as trace_torch
from glassgate.inside.trace.gates import read_layers, tanh_
from tests.engine.engine_cases import FEW_FORMS, FORMS, form_name
from tests.inside.trace_cases import KINDS, drawn, gru, numbers, oracle, runs_of, same

pytestmark = pytest.mark.usefixtures("one_thread")

ARRANGEMENTS = ("time first", "batch first", "one sequence", "lengths", "packed")
LENGTHS = [4, 7, 1, 0, 7]
each_depth = pytest.mark.parametrize("num_layers", [1, 2, 3])
each_way = pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])


def called(network, arrangement, T=7, B=5, dtype=torch.float32):
    """Arguments for a trace, and the same for `oracle`."""
    B = 1 if arrangement == "one sequence" else B
    rows = network.num_layers * (1 + network.bidirectional)
    x = drawn(T, B, network.input_size, seed=1, dtype=dtype)
    count = 2 if isinstance(network, torch.nn.LSTM) else 1
    state = [drawn(rows, B, network.hidden_size, seed=2 + n, dtype=dtype) for n in range(count)]
    lengths = {"lengths": LENGTHS, "packed": [max(1, n) for n in LENGTHS]}.get(arrangement)
    wanted = (x.numpy(), [s.numpy() for s in state], lengths)
    given = {"lengths": lengths} if arrangement == "lengths" else {}
    if arrangement == "one sequence":
        x, state = x[:, 0], [s[:, 0] for s in state]
    if arrangement == "batch first":
        x = x.transpose(0, 1)
    if arrangement == "packed":
        x = pack_padded_sequence(x, lengths, enforce_sorted=False)
    return (x, tuple(state) if count == 2 else state[0]), given, wanted


@each_depth
@each_way
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_trace_is_what_the_equations_say(
    kind, num_layers, bidirectional, arrangement, monkeypatch
):
    monkeypatch.setattr(trace_torch, "LOOP_FROM_BATCH", 0)  # so that every LSTM is recorded
    network = KINDS[kind](
        3,
        4,
        num_layers=num_layers,
        bidirectional=bidirectional,
        batch_first=arrangement == "batch first",
    )
    arguments, options, (x, state, lengths) = called(network, arrangement)
    traced = trace(network, *arguments, **options)
    wanted = oracle(runs_of(network), x, state, lengths)
    same(traced, wanted, 1e-6)
    assert traced.verify() <= 1e-6
    np.testing.assert_array_equal(traced.lengths, lengths or [len(x)] * x.shape[1])
    # The same read after the network's own forward, as for few sequences and on a CUDA device.
    adapter = Network(network)
    with torch.no_grad():
        read = read_layers(adapter, adapter.arrange(*arguments, options.get("lengths")))
    again = Trace(read, traced.plan, (), traced.lengths, lambda: None)
    same(again, wanted, 1e-6)


@pytest.mark.parametrize("form", FORMS, ids=form_name)
def test_every_formulation(form):
    network = glassgate.nn.GRU(3, 4, 2, bidirectional=True, formulation=form).double()
    arguments, options, given_to_oracle = called(network, "lengths", dtype=torch.double)
    traced = trace(network, *arguments, **options)
    wanted = oracle(runs_of(network), *given_to_oracle)
    same(traced, wanted, 1e-12)
    assert traced.verify() < 1e-12
    adapter = Network(network)
    with torch.no_grad():
        read = read_layers(adapter, adapter.arrange(*arguments, **options))
    same(Trace(read, traced.plan, (), traced.lengths, lambda: None), wanted, 1e-12)


@pytest.mark.parametrize("arrangement", ["time first", "batch first", "packed"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("form", FEW_FORMS, ids=form_name)
def test_our_module_however_it_is_arranged(form, bias, arrangement):
    options = {"bias": bias, "batch_first": arrangement == "batch first", "formulation": form}
    network = glassgate.nn.GRU(3, 4, 2, **options)
    arguments, options, given_to_oracle = called(network, arrangement)
    traced = trace(network, *arguments, **options)
    same(traced, oracle(runs_of(network), *given_to_oracle), 1e-6)
    assert traced.verify() == pytest.approx(0, abs=1e-6)
    top = traced[1].hidden.swapaxes(0, 1) if network.batch_first else traced[1].hidden
    if arrangement != "packed":  # the same bits, since the network runs on the same engine
        np.testing.assert_array_equal(top, network(*arguments)[0].detach())


@pytest.mark.parametrize("kind", ["gru", "lstm", "srn"])
def test_without_biases(kind):
    network = KINDS[kind](3, 4, num_layers=2, bias=False)
    arguments, _, given_to_oracle = called(network, "time first")
    same(trace(network, *arguments), oracle(runs_of(network), *given_to_oracle), 1e-6)


@pytest.mark.parametrize("lengths", [None, [4, 0, 2]])
@pytest.mark.parametrize("bias", [True, False])
def test_a_cell_runs_step_by_step(bias, lengths):
    cell, x, h = torch.nn.GRUCell(3, 4, bias), drawn(4, 3, 3), drawn(3, 4, seed=1)
    traced = trace(cell, x, h, lengths)
    same(traced, oracle(runs_of(cell), x.numpy(), [h[None].numpy()], lengths), 1e-6)
    assert traced.verify() <= 1e-6
    alone = trace(cell, x[:, 0], h[0])
    np.testing.assert_allclose(alone[0].kept[:, 0], trace(cell, x, h)[0].kept[:, 0], 0, 1e-6)


def test_srn_and_lstm_of_ours_are_torchs():
    for network in (glassgate.nn.SRN(3, 4, 2), glassgate.nn.LSTM(3, 4, 2, bidirectional=True)):
        arguments, options, given_to_oracle = called(network, "lengths")
        same(
            trace(network, *arguments, **options), oracle(runs_of(network), *given_to_oracle), 1e-6
        )


@pytest.mark.parametrize("kind", ["gru", "lstm", "srn"])
def test_no_state_is_the_zero_state(kind):
    network, x = KINDS[kind](3, 4), drawn(5, 2, 3)
    zeros = torch.zeros(1, 2, 4)
    zero = trace(network, x, (zeros, zeros) if kind == "lstm" else zeros)
    np.testing.assert_array_equal(trace(network, x)[0].hidden, zero[0].hidden)


@pytest.mark.parametrize("lengths", [None, torch.zeros(0, dtype=torch.long)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_none(kind, lengths):
    network = KINDS[kind](3, 4, num_layers=2, bidirectional=True)
    traced = trace(network, torch.zeros(5, 0, 3), lengths=lengths)
    assert traced[1, "reverse"].hidden.shape == (5, 0, 4)
    assert traced.verify() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tanh_in_place_is_torchs_to_a_rounding(dtype):
    wide = drawn(50, 40, dtype=dtype) * 5
    exact, rounding = torch.tanh(wide.double()), torch.finfo(dtype).eps
    part = wide[:, 10:20]  # as a gate lies among the others
    before = wide.clone()
    assert tanh_(part) is part
    assert (part - exact[:, 10:20]).abs().max() <= rounding
    assert torch.equal(wide[:, :10], before[:, :10])
    assert torch.equal(wide[:, 20:], before[:, 20:])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_read_in_float32(dtype):
    network, x = torch.nn.GRU(3, 4, 2).to(dtype), drawn(5, 2, 3, dtype=dtype)
    traced = trace(network, x)
    assert traced[1].kept.dtype == np.float32
    np.testing.assert_array_equal(traced[1].hidden, network(x)[0].detach().float())
    weights = [gru(numbers(network, layer)) for layer in (0, 1)]
    lower = oracle([[weights[0]]], x.float().numpy(), np.zeros((1, 1, 2, 4)))[0]
    assert abs(traced[0].kept - lower["forward"]["kept"]).max() < 0.02
    assert 1e-6 < traced.verify() < 0.02  # it was not computed in float32


# Where it runs ------------------------------------------------------------------------------------


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("kind", [*KINDS, "before"])
def test_on_a_cuda_device(kind, arrangement, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    options = {
        "num_layers": 2,
        "bidirectional": True,
        "batch_first": arrangement == "batch first",
    }
    if kind == "before":
        network = glassgate.nn.GRU(3, 4, formulation=Formulation(reset="before"), **options)
    else:
        network = KINDS[kind](3, 4, **options)
    (x, state), lengths, given_to_oracle = called(network, arrangement)
    state = tuple(s.cuda() for s in state) if isinstance(state, tuple) else state.cuda()
    traced = trace(network.cuda(), x.to("cuda"), state, **lengths)
    same(traced, oracle(runs_of(network), *given_to_oracle), 1e-6)
    assert traced.verify() <= 1e-6


@pytest.mark.parametrize("B", [trace_torch.LOOP_FROM_BATCH - 1, trace_torch.LOOP_FROM_BATCH])
def test_an_lstm_of_many_sequences_is_recorded_and_of_few_is_read(B, monkeypatch):
    network, recorded = torch.nn.LSTM(3, 4), []
    record = trace_torch.record_layers
    monkeypatch.setattr(
        trace_torch, "record_layers", lambda *given: recorded.append(B) or record(*given)
    )
    x = drawn(7, B, 3)
    traced = trace(network, x)
    assert bool(recorded) == (B == trace_torch.LOOP_FROM_BATCH)
    zeros = [np.zeros((1, B, 4), np.float32)] * 2
    same(traced, oracle(runs_of(network), x.numpy(), zeros, None), 1e-6)
    assert traced.verify() <= 1e-6
