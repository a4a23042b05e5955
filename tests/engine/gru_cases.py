"""GRU networks of random numbers, and every step of them by the reference."""

import numpy as np
from hypothesis import strategies as st

from glassgate import GRU, Formulation, LayerPlan, reference
from glassgate.engine.plan import as_state
from tests.engine.engine_cases import draw_weights

T, B, I, H = 7, 5, 3, 6
LENGTHS = np.array([7, 0, 3, 1, 6])
WAYS = (("forward",), ("reverse",), ("forward", "reverse"), ("reverse", "forward"))
PLANS = st.builds(
    LayerPlan,
    st.sampled_from(WAYS),
    st.sampled_from(["concat", "sum", "mul", "ave"]),
    st.sampled_from(["time", "read"]),
)
FORMS = [
    Formulation(),
    Formulation("writes", "before"),
    Formulation("keeps", "none", "hard_sigmoid_sixth", "linear"),
    Formulation("writes", "after", "hard_sigmoid_fifth", "relu"),
]


def network(layers=2, directions=1, dtype=np.float64, form=None, inputs=I, units=H, seed=0):
    rng = np.random.default_rng(seed)
    reads = [inputs] + [directions * units] * (layers - 1)
    return GRU(
        [
            [draw_weights(size, units, form, dtype, rng, scale=0.5) for _ in range(directions)]
            for size in reads
        ]
    )


def given(gru, steps=T, batch=B, seed=1):
    rng = np.random.default_rng(seed)
    input = rng.normal(size=(steps, batch, gru.input_size)).astype(gru.dtype)
    state = as_state([rng.normal(size=(batch, H)).astype(gru.dtype) for H in gru.state_sizes])
    return input, state, rng.random((steps, batch)) < 0.2


def planned(plan, seed=0, sizes=(H, H, H), dtype=np.float64):
    """A network of these layers, whose matrices fit on each other."""
    layers, reads = [], I
    for i, (one, units) in enumerate(zip(plan, sizes, strict=False)):
        some = [
            network(1, 1, dtype, None, reads, units, seed + 9 * i + d)
            for d in range(len(one.directions))
        ]
        layers.append([gru.weights[0][0] for gru in some])
        reads = one.width(units)
    return GRU(layers, plan)


MERGED = {
    "concat": lambda *columns: np.concatenate(columns, -1),
    "sum": lambda one, other: one + other,
    "mul": lambda one, other: one * other,
    "ave": lambda one, other: 0.5 * one + 0.5 * other,
}


def by_reference(gru, input, state, lengths, resets):
    """Every layer and direction of every sequence alone, step by step."""
    output, last = input, [one.copy() for one in state]
    resets, i = resets.copy(), 0
    for plan, layer in zip(gru.plan, gru.weights, strict=True):
        columns = []
        for direction, weights in zip(plan.directions, layer, strict=True):
            states = np.zeros((*input.shape[:2], weights.hidden_size))
            for b, length in enumerate(lengths):
                hidden = last[i][b : b + 1]
                for t in range(length)[:: 1 if direction == "forward" else -1]:
                    hidden = np.zeros_like(hidden) if resets[t, b] else hidden
                    hidden = reference.step(weights, output[t, b : b + 1], hidden).hidden
                    states[t, b] = hidden[0]
                last[i][b] = hidden[0]
            columns.append(states)
            i += 1
        output = MERGED[plan.merge](*columns) if len(columns) == 2 else columns[0]
        if plan.order == "read" and plan.directions[0] == "reverse":
            for b, length in enumerate(lengths):
                output[:length, b] = output[:length, b][::-1].copy()
                resets[:length, b] = resets[:length, b][::-1].copy()
    return output, as_state(last)
