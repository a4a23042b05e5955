"""The oracle of held gates, and the layers that are held in its presence."""

import numpy as np
import torch

import glassgate.nn
from glassgate import reference
from tests.engine.engine_cases import draw_weights

T, B, I, H = 6, 3, 4, 5


def overwritten(weights, input, hidden, holds):
    """The recurrence in NumPy, the gates of some units overwritten: name, units, values."""
    form, output = weights.formulation, []
    gate, squash = reference.GATES[form.gate], reference.SQUASHES[form.squash]
    U_r, U_z, U_n = np.split(weights.weight_hidden, 3)
    c_r, c_z, c_n = np.split(weights.bias_hidden, 3)
    for x in input:
        sums = x @ weights.weight_input.T + weights.bias_input
        x_r, x_z, x_n = np.split(sums, 3, axis=-1)
        r, z = gate(x_r + hidden @ U_r.T + c_r), gate(x_z + hidden @ U_z.T + c_z)
        for name, units, values in holds:
            if name in ("reset", "update"):
                {"reset": r, "update": z}[name][:, units] = values
        k = z.copy() if form.update == "keeps" else 1 - z
        for name, units, values in holds:
            if name == "kept":
                k[:, units] = values
        past = {
            "after": lambda r, h: r * (h @ U_n.T + c_n),
            "before": lambda r, h: (r * h) @ U_n.T + c_n,
            "none": lambda _, h: h @ U_n.T + c_n,
        }[form.reset](r, hidden)
        hidden = k * hidden + (1 - k) * squash(x_n + past)
        for name, units, values in holds:
            if name == "state":
                hidden[:, units] = values
        output.append(hidden)
    return np.stack(output)


def drawn(form=None, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    weights = draw_weights(I, H, form, dtype, rng, scale=0.7)
    input, hidden = rng.normal(size=(T, B, I)), rng.normal(size=(B, H))
    return weights, input.astype(dtype), hidden.astype(dtype)


def torch_network(weights, cls=glassgate.nn.GRU):
    """A torch module of one layer with these weights."""
    arrays = (weights.weight_input, weights.weight_hidden, weights.bias_input, weights.bias_hidden)
    more = {"formulation": weights.formulation} if cls is glassgate.nn.GRU else {}
    made = cls(weights.input_size, weights.hidden_size, dtype=torch.float64, **more)
    with torch.no_grad():
        for parameter, array in zip(made.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
    return made
