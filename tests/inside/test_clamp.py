"""A held gate is the gate overwritten: by an oracle, on every engine, in every formulation."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import glassgate.nn
from glassgate import GRU, Formulation, GRUWeights, LayerPlan, clamp, reference, trace
from glassgate.engine import Layer
from glassgate.inside.clamp.edit import make_edit
from glassgate.inside.clamp.engine import apply_edit
from glassgate.inside.clamp.units import GRUUnit
from glassgate.nn.batched import run_batched
from tests.engine.engine_cases import (
    FORMS,
    each_dtype,
    each_form,
    each_target,
    form_name,
    same_bits,
)
from tests.engine.gru_cases import network
from tests.inside.clamp_cases import B, H, T, drawn, overwritten, torch_network


def by_reference(weights, input, hidden):
    return reference.forward(weights, input, hidden).hidden


def by_engine(weights, input, hidden):
    return GRU([[weights]]).run(input, hidden[None])[0]


def by_loops(weights, input, hidden):
    tensors = [torch.tensor(getattr(weights, name)) for name in glassgate.weights.ARRAYS]
    input, hidden = torch.tensor(input), torch.tensor(hidden)
    more = (tensors, weights.formulation, None, None)
    return run_batched(input, hidden, *more, packed=False, reverse=False)[0].numpy()


# The law: a held gate is an overwritten gate ------------------------------------------------------


VALUES = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0.0, 1.0))
UNITS = st.lists(st.integers(0, H - 1), unique=True, max_size=H)
REACH = {"tanh": VALUES.map(lambda v: 2 * v - 1), "relu": VALUES, "linear": st.floats(-3, 3)}


@st.composite
def layer_and_holds(draw):
    form = draw(st.sampled_from(FORMS))
    units = draw(UNITS)
    one = draw(st.sampled_from(["update", "kept", "state", None]))
    reset = draw(st.booleans()) or one is None
    names = (["reset"] if reset and form.reset != "none" else []) + ([one] if one else [])
    holds = []
    for name in names or ["kept"]:
        values = REACH[form.squash] if name == "state" else VALUES
        each = draw(st.booleans())
        size = {"min_size": len(units), "max_size": len(units)}
        value = draw(st.lists(values, **size) if each else values)
        holds.append((name, units, value))
    return form, draw(st.integers(0, 99)), holds


@given(layer_and_holds())
@settings(max_examples=100, deadline=None)
def test_an_edited_gate_is_an_overwritten_gate(case):
    form, seed, holds = case
    weights, input, hidden = drawn(form, seed)
    wanted = overwritten(weights, input, hidden, holds)
    chosen = {name: value for name, _, value in holds}
    held = apply_edit(weights, make_edit(GRUUnit(form), H, holds[0][1], chosen))
    for run in (by_reference, by_engine, by_loops):
        np.testing.assert_allclose(run(held, input, hidden), wanted, rtol=1e-13, atol=1e-13)

    gru, module = GRU([[weights]]), torch_network(weights)
    with clamp(gru, units=holds[0][1], **chosen), clamp(module, units=holds[0][1], **chosen):
        found, _ = gru.run(input, hidden[None])
        also, _ = module(torch.tensor(input), torch.tensor(hidden)[None])
    same_bits(found, by_engine(held, input, hidden))
    same_bits(also.detach().numpy(), found)


@pytest.mark.parametrize("name", ["reset", "update", "kept"])
def test_plain_torch_networks_are_held_likewise(name):
    weights, input, hidden = drawn()
    wanted = overwritten(weights, input, hidden, [(name, [0, 3], 0.3)])
    whole, cell = (torch_network(weights, cls) for cls in (torch.nn.GRU, torch.nn.GRUCell))
    x, state, found = torch.tensor(input), torch.tensor(hidden), []
    holds = {name: 0.3, "units": [0, 3]}
    with torch.no_grad(), clamp(whole, **holds), clamp(cell, **holds):
        output, _ = whole(x, state[None])
        for step in x:
            state = cell(step, state)
            found.append(state)
    np.testing.assert_allclose(output, wanted, rtol=0, atol=1e-14)
    np.testing.assert_allclose(torch.stack(found), wanted, rtol=0, atol=1e-14)


# What the seeds say ----------------------------------------------------------------------------


@each_target
@each_dtype
@each_form
def test_kept_at_1_passes_the_state_as_it_is(form, dtype, target):
    weights, input, hidden = drawn(form, dtype=dtype)
    held = apply_edit(weights, make_edit(GRUUnit(form), H, None, {"kept": 1}))
    output, last = Layer(held, target).sequence(100 * input, hidden)
    same_bits(output, np.broadcast_to(hidden, output.shape))
    same_bits(last, hidden)


@each_target
@each_dtype
@pytest.mark.parametrize("form", [form for form in FORMS if form.reset != "none"], ids=form_name)
def test_kept_and_reset_at_0_leave_the_current_input_alone(form, dtype, target):
    weights, input, hidden = drawn(form, dtype=dtype)
    edit = make_edit(GRUUnit(form), H, None, {"kept": 0, "reset": 0})
    held = Layer(apply_edit(weights, edit), target)
    output, _ = held.sequence(input, hidden)
    other = input.copy()
    other[:-1] = -3 * input[1:]
    same_bits(held.sequence(other, 2 * hidden)[0][-1], output[-1])
    W_n, b_n, c_n = (
        np.split(array, 3)[2]
        for array in (weights.weight_input, weights.bias_input, weights.bias_hidden)
    )
    sums = input @ W_n.T + b_n + (c_n if form.reset == "before" else 0)
    wanted, eps = reference.SQUASHES[form.squash](sums), np.finfo(dtype).eps
    np.testing.assert_allclose(output, wanted, rtol=0, atol=50 * eps)


@pytest.mark.parametrize("value", [0.1, 0.5, 0.9])
@each_form
def test_in_between_amounts_in_between(form, value):
    weights, input, hidden = drawn(form)
    held = apply_edit(weights, make_edit(GRUUnit(form), H, None, {"kept": value}))
    tape = reference.forward(held, input, hidden)
    np.testing.assert_allclose(tape.kept, value, rtol=0, atol=2e-16)
    blended = value * tape.previous + (1 - value) * tape.candidate
    rounding = 4e-16 * (np.abs(tape.previous) + np.abs(tape.candidate))
    assert (np.abs(tape.hidden - blended) <= rounding).all()
    assert np.abs(tape.candidate - tape.previous).max() > 0.1  # so that the share shows


@each_target
@pytest.mark.parametrize("gate", ["sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth"])
def test_in_float32_a_gate_is_held_to_some_1e_7(gate, target):
    values = np.linspace(0, 1, 401)
    shapes = [(3 * len(values), 1), (3 * len(values), len(values)), *[3 * len(values)] * 2]
    form = Formulation(reset="none", gate=gate)
    weights = GRUWeights(*(np.zeros(shape, np.float32) for shape in shapes), form)
    held = apply_edit(weights, make_edit(GRUUnit(form), len(values), None, {"kept": values}))
    run = Layer(held, target).record(np.ones((1, 1, 1), np.float32))
    np.testing.assert_allclose(run.tape[0, 1], values, rtol=0, atol=3e-7)


# States, layers, directions, streams -----------------------------------------------------------


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
@each_target
def test_a_state_at_an_end_of_tanh_is_exactly_there(target, value):
    for dtype in (np.float32, np.float64):
        weights, input, hidden = drawn(dtype=dtype)
        edit = make_edit(GRUUnit(weights.formulation), H, [1, 4], {"state": value})
        held = apply_edit(weights, edit)
        output, _ = Layer(held, target).sequence(input, hidden)
        assert (output[..., [1, 4]] == value).all()
        assert (output[..., [0, 2, 3]] != value).all()


def test_the_first_step_reads_the_state_that_was_given():
    weights, input, hidden = drawn()
    gru, moved = GRU([[weights]]), hidden.copy()
    moved[:, 2] += 1
    with clamp(gru, state=0.5, units=[2]):
        one, other = (gru.run(input[:1], state[None])[0][0] for state in (hidden, moved))
    np.testing.assert_array_equal(one[:, 2], other[:, 2])
    assert (one[:, 0] != other[:, 0]).all()


@pytest.mark.parametrize(("layer", "direction"), [(0, "forward"), (1, "forward"), (1, "reverse")])
def test_one_layer_and_direction_is_held_and_no_other(layer, direction):
    gru = network(directions=2)
    module = glassgate.nn.GRU(gru.input_size, gru.hidden_size, 2, bidirectional=True).double()
    arrays = [getattr(w, a) for ws in gru.weights for w in ws for a in glassgate.weights.ARRAYS]
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
    way = ("forward", "reverse").index(direction)
    stack = [list(directions) for directions in gru.weights]
    edit = make_edit(GRUUnit(gru.formulation), gru.hidden_size, [1, 2], {"reset": 0.2})
    stack[layer][way] = apply_edit(stack[layer][way], edit)
    input = np.random.default_rng(2).normal(size=(T, B, gru.input_size))
    wanted, _ = GRU(stack).run(input)
    where = {"layer": layer, "direction": direction, "units": [1, 2], "reset": 0.2}
    with clamp(gru, **where), clamp(module, **where), torch.no_grad():
        same_bits(gru.run(input)[0], wanted)
        same_bits(module(torch.tensor(input))[0].numpy(), wanted)


def test_without_a_direction_it_is_the_layers_first():
    gru = network(layers=1, directions=2)
    turned = GRU([gru.weights[0][1:]], [LayerPlan(("reverse",))])
    input = np.random.default_rng(2).normal(size=(T, B, gru.input_size))
    for one, first in ((gru, "forward"), (turned, "reverse")):
        with clamp(one, kept=0.5):
            found, _ = one.run(input)
        with clamp(one, kept=0.5, direction=first):
            same_bits(one.run(input)[0], found)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_stream_is_held_as_the_sequence_is(dtype):
    gru = network().astype(dtype)
    input = np.random.default_rng(2).normal(size=(T, B, gru.input_size)).astype(np.float32)
    with clamp(gru, layer=1, kept=0.9, units=range(3)):
        output, _ = gru.run(input)
        state = gru.initial_state(B)
        for t in range(T):
            newest, state = gru.step(input[t], state)
            same_bits(newest, output[t])
    assert (gru.run(input)[0][1:, :, :3] != output[1:, :, :3]).all()


@pytest.mark.parametrize("make", [glassgate.nn.GRU, torch.nn.GRU])
def test_a_trace_shows_what_is_held_and_is_proved(make):
    module, input = make(4, H, 2, bidirectional=True), torch.randn(T, B, 4)
    free = trace(module, input)
    with clamp(module, layer=1, direction="reverse", units=[2], kept=1, reset=0.25):
        held = trace(module, input)
        assert held.verify() < 1e-6
    rest = [0, 1, 3, 4]
    assert (held[1, "reverse"].kept[..., 2] == 1).all()
    np.testing.assert_allclose(held[1, "reverse"].reset[..., 2], 0.25, rtol=0, atol=1e-7)
    assert (held[1, "reverse"].kept[..., rest] != 1).all()
    same_bits(held[1].kept, free[1].kept)
    same_bits(held[0, "reverse"].kept, free[0, "reverse"].kept)
