"""What traces are tested against: the equations, a layer, a direction and a sequence at a time."""

import numpy as np
import torch

from glassgate import Formulation, GRUWeights, LayerPlan
from glassgate.reference import forward, sigmoid
from tests.engine.gru_cases import MERGED

GRU = ("reset", "update", "candidate", "hidden", "kept")
LSTM = ("input", "forget", "output", "candidate", "cell", "hidden", "kept")
SRN = ("candidate", "hidden")
KINDS = {
    "gru": torch.nn.GRU,
    "lstm": torch.nn.LSTM,
    "srn": torch.nn.RNN,
    "relu": lambda *sizes, **options: torch.nn.RNN(*sizes, nonlinearity="relu", **options),
}


def gru(weights, formulation=None):
    """One sequence through one direction of a GRU: from x [T, I] and (h,) to its arrays [T, H]."""
    made = GRUWeights(*weights, formulation or Formulation())

    def run(x, state):
        tape = forward(made, x[:, None], state[0][None])
        return {name: getattr(tape, name)[:, 0] for name in GRU}

    return run


def lstm(weights):
    """The same of an LSTM, whose rows are input, forget, candidate, output."""
    W, U, b, c = weights

    def run(x, state):
        h, cell = state
        rows = []
        for x_t in x:
            i, f, g, o = np.split(W @ x_t + b + U @ h + c, 4)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            cell = f * cell + i * g
            h = o * np.tanh(cell)
            rows.append((i, f, o, g, cell, h, f))
        return dict(zip(LSTM, map(np.array, zip(*rows, strict=True)), strict=True))

    return run


def srn(weights, nonlinearity="tanh"):
    """The same of a simple recurrent network."""
    W, U, b, c = weights
    squash = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0)}[nonlinearity]

    def run(x, state):
        h, rows = state[0], []
        for x_t in x:
            h = squash(W @ x_t + b + U @ h + c)
            rows.append(h)
        return {"candidate": np.array(rows), "hidden": np.array(rows)}

    return run


def oracle(layers, input, state, lengths=None, plan=None):
    """Every array of every layer and direction, [T, B, H], in float64.

    `layers` are lists of what runs a direction, `input` is [T, B, I], `state` (h,) or (h, c) with
    the states of all layers and directions, [B, H] each; `plan` is a `glassgate.GRU`'s.
    """
    T, B, _ = input.shape
    lengths = [T] * B if lengths is None else lengths
    plan = plan or [LayerPlan(("forward", "reverse")[: len(layer)]) for layer in layers]
    found, x, row = [], input.astype(np.float64), 0
    for layer, arranged in zip(layers, plan, strict=True):
        ways = {}
        for way, run in zip(arranged.directions, layer, strict=True):
            initial = [s[row].astype(np.float64) for s in state]
            ways[way] = _direction(run, x, initial, lengths, -1 if way == "reverse" else 1)
            row += 1
        found.append(ways)
        outputs = [arrays["hidden"] for arrays in ways.values()]
        x = MERGED[arranged.merge](*outputs) if len(outputs) == 2 else outputs[0]
        if arranged.order == "read" and arranged.directions[0] == "reverse":
            x = x.copy()
            for b, length in enumerate(lengths):
                x[:length, b] = x[:length, b][::-1].copy()
    return found


def _direction(run, x, initial, lengths, step):
    (T, B, _), along, padded = x.shape, slice(None, None, step), {}
    for b, length in enumerate(lengths):
        if length:
            for name, array in run(x[:length, b][along], [s[b] for s in initial]).items():
                padded.setdefault(name, np.zeros((T, B, array.shape[1])))[:length, b] = array[along]
    return padded


def numbers(module, layer=0, reverse=False):
    """W, U, b and c of a torch module, as float64 arrays."""
    end = f"_l{layer}" + "_reverse" * reverse if hasattr(module, "num_layers") else ""
    found = []
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        value = getattr(module, name + end, None)
        rows = len(found[0]) if found else 0
        found.append(np.zeros(rows) if value is None else value.detach().double().cpu().numpy())
    return found


def runs_of(module):
    """What runs each direction of each layer of a torch module, for `oracle`."""

    def one(weights):
        if isinstance(module, torch.nn.LSTM):
            return lstm(weights)
        if isinstance(module, torch.nn.RNN):
            return srn(weights, module.nonlinearity)
        return gru(weights, getattr(module, "formulation", None))

    if isinstance(module, torch.nn.GRUCell):
        return [[one(numbers(module))]]
    ways = (False, True) if module.bidirectional else (False,)
    return [[one(numbers(module, n, way)) for way in ways] for n in range(module.num_layers)]


def drawn(*shape, seed=0, dtype=torch.float32):
    made = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=made, dtype=torch.double).to(dtype)


def same(traced, wanted, atol):
    """Compare all arrays of a trace with those of `oracle`."""
    assert len(traced) == len(wanted)
    for layer, ways in enumerate(wanted):
        for way, arrays in ways.items():
            found = traced[layer, way]
            assert set(vars(found)) == set(arrays)
            for name, array in arrays.items():
                np.testing.assert_allclose(
                    getattr(found, name), array, rtol=0, atol=atol, err_msg=f"{layer} {way} {name}"
                )
