"""A new form of the unit visits every place that CONTRIBUTING lists: here one does, at run time.

The new curve is softsign, x / (1 + |x|). It is added to every Python table of the list, and then
runs by every path but the engine, whose curves are compiled.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch

import glassgate
from glassgate import Formulation, GRUWeights, reference
from glassgate.engine import Layer
from glassgate.exchange.keras import arrays as keras
from glassgate.exchange.onnx import arrays as onnx
from glassgate.exchange.onnx.node import Activation, run_node
from glassgate.inside.clamp.edit import make_edit
from glassgate.inside.clamp.units import GRUUnit
from glassgate.nn.batched import run_batched

ROOT = Path(__file__).parents[2]
LIST = (ROOT / "CONTRIBUTING.md").read_text().partition("## To add a form of the unit")[2]
LIST = LIST.partition("\n## ")[0]
NEW = "softsign"
KNOWN = {"tanh", "relu", "linear"}
GATES = {"sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth"}
ADDED: dict[str, Any] = {  # what softsign adds to each table, by file and name
    "reference.py: SQUASHES": lambda x: x / (1 + np.abs(x)),
    "reference.py: SQUASH_SLOPES": lambda y: (1 - np.abs(y)) ** 2,
    "nn/loops.py: SQUASHES": lambda x: x.div_(1 + x.abs()),
    "nn/loops.py: SQUASHES_BACK": lambda grad, y: grad * (1 - y.abs()) ** 2,
    "inside/clamp/units.py: SQUASH_INVERSES": lambda y: y / (1 - np.abs(y)),
    "inside/clamp/units.py: SQUASH_RANGES": (-1.0, 1.0),
    "exchange/keras/arrays.py: SQUASHES": lambda x: x / (1 + np.abs(x)),
    "exchange/onnx/arrays.py: SQUASHES": Activation("Softsign"),
    "exchange/onnx/node.py: FUNCTIONS": lambda x, *_: x / (1 + np.abs(x)),
}
NEW_GATE = "hard_sigmoid_quarter"
ADDED_GATE: dict[str, Any] = {  # what clip(x / 4 + 0.5, 0, 1) adds
    "reference.py: GATES": lambda x: np.clip(x / 4 + 0.5, 0, 1),
    "reference.py: GATE_SLOPES": lambda y: np.where((y > 0) & (y < 1), 1 / 4, 0),
    "nn/loops.py: GATES": lambda x: x.div_(4).add_(0.5).clamp_(0, 1),
    "nn/loops.py: GATES_BACK": lambda grad, y: grad * ((y > 0) & (y < 1)) / 4,
    "inside/clamp/units.py: GATE_INVERSES": lambda y: 4 * (y - 0.5),
    "exchange/onnx/arrays.py: GATES": Activation("HardSigmoid", 0.25, 0.5),
}
T, B, I, H = 6, 2, 3, 4


def _table(place: str) -> dict[str, Any]:
    file, name = place.split(": ")
    module = "glassgate." + file.removesuffix(".py").replace("/", ".")
    table: dict[str, Any] = getattr(importlib.import_module(module), name)
    return table


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """Add softsign, and the gate, to every place but one."""

    def everywhere_but(missed: str | None) -> None:
        words = Literal["tanh", "relu", "linear", "softsign"]
        gates = Literal["sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth", NEW_GATE]
        if missed != "formulation.py: Squash":
            monkeypatch.setitem(Formulation.__annotations__, "squash", words)
            monkeypatch.setattr(keras, "Squash", words)
        if missed != "formulation.py: Gate":
            monkeypatch.setitem(Formulation.__annotations__, "gate", gates)
        for name, added in ((NEW, ADDED), (NEW_GATE, ADDED_GATE)):
            for place, value in added.items():
                if place != missed:
                    monkeypatch.setitem(_table(place), name, value)

    return everywhere_but


@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("curve", [{"squash": NEW}, {"gate": NEW_GATE}], ids=["squash", "gate"])
def test_a_form_that_visits_every_place_runs_everywhere(
    add: Callable[..., None], reset: str, curve: dict[str, Any]
):
    add(None)
    _visit(reset=reset, **curve)


@pytest.mark.parametrize("missed", ["formulation.py: Squash", *ADDED])
def test_a_place_that_a_squash_misses_is_found(add: Callable[..., None], missed: str):
    add(missed)
    with pytest.raises((ValueError, KeyError, AssertionError)):
        _visit(squash=NEW)


@pytest.mark.parametrize("missed", ["formulation.py: Gate", *ADDED_GATE])
def test_a_place_that_a_gate_misses_is_found(add: Callable[..., None], missed: str):
    add(missed)
    with pytest.raises((ValueError, KeyError, AssertionError)):
        _visit(gate=NEW_GATE)


def _visit(**form: Any) -> None:
    """Run a layer of the new form by every path, each against the reference."""
    weights = _weights(Formulation(**form))
    draw = np.random.default_rng(1)
    input, initial = draw.normal(size=(T, B, I)), draw.uniform(-0.5, 0.5, (B, H))
    tape = reference.forward(weights, input, initial)
    grad = draw.normal(size=(T, B, H))
    gradients = reference.backward(tape, grad)
    _check_slope(weights, input, initial, grad, gradients)
    _check_torch(weights, input, initial, grad, tape.hidden, gradients)
    _check_clamp(weights, input)
    _check_exchange(weights, input, initial, tape.hidden)
    word = "squash" if weights.formulation.squash == NEW else "gate"
    with pytest.raises(ValueError, match=f"^{word} must be"):  # the engine's curves are compiled
        Layer(weights).sequence(input, initial)


def _weights(form: Formulation) -> GRUWeights:
    draw = np.random.default_rng(0)
    shapes = ((3 * H, I), (3 * H, H), 3 * H, 3 * H)
    return GRUWeights(*(draw.normal(size=shape) for shape in shapes), formulation=form)


def _check_slope(weights: Any, input: Any, initial: Any, grad: Any, gradients: Any) -> None:
    step = 1e-6 * np.ones_like(initial)
    ends = [reference.forward(weights, input, initial + sign * step).hidden for sign in (1, -1)]
    measured = (grad * (ends[0] - ends[1])).sum() / 2e-6
    assert measured == pytest.approx(gradients.initial.sum(), rel=1e-6)


def _check_torch(
    weights: Any, input: Any, initial: Any, grad: Any, hidden: Any, gradients: Any
) -> None:
    arrays = (weights.weight_input, weights.weight_hidden, weights.bias_input, weights.bias_hidden)
    given = tuple(torch.from_numpy(array.copy()).requires_grad_() for array in arrays)
    x, h = torch.from_numpy(input), torch.from_numpy(initial)
    output, _ = run_batched(x, h, given, weights.formulation, None, None, False, False)
    np.testing.assert_allclose(output.detach().numpy(), hidden, rtol=1e-10, atol=1e-12)
    (output * torch.from_numpy(grad)).sum().backward()
    np.testing.assert_allclose(given[1].grad, gradients.weight_hidden, rtol=1e-8, atol=1e-10)


def _check_clamp(weights: Any, input: Any) -> None:
    edit = make_edit(GRUUnit(weights.formulation), H, [1], {"state": 0.25})
    kept = make_edit(GRUUnit(weights.formulation), H, [1], {"kept": 0.3}).bias
    np.testing.assert_allclose(reference.GATES[weights.formulation.gate](kept), 0.3, atol=1e-12)
    arrays = [array.copy() for array in (weights.weight_input, weights.weight_hidden)]
    biases = [weights.bias_input.copy(), weights.bias_hidden.copy()]
    for array in (*arrays, biases[1]):
        array[edit.rows] = 0
    biases[0][edit.rows] = edit.bias
    held = GRUWeights(*arrays, *biases, formulation=weights.formulation)
    states = reference.forward(held, input, np.zeros((B, H))).hidden
    np.testing.assert_allclose(states[..., 1], 0.25, atol=1e-12)


def _check_exchange(weights: Any, input: Any, initial: Any, hidden: Any) -> None:
    if weights.formulation.gate == NEW_GATE:
        with pytest.raises(ValueError, match=f"Keras 3 has no gate {NEW_GATE}"):
            keras.to_keras(weights)
    else:
        output, _ = keras.run_equations(keras.to_keras(weights), input, initial)
        np.testing.assert_allclose(output, hidden, atol=1e-10)
    node = onnx.to_onnx([weights])
    output, _ = run_node(node, input, initial[None], "forward")  # (T, D, B, H)
    np.testing.assert_allclose(output[:, 0], hidden, atol=1e-10)
    assert onnx.from_onnx(node)[0].formulation == weights.formulation


def test_the_list_names_every_table_of_curves():
    tables = set()
    for module in pkgutil.walk_packages(glassgate.__path__, "glassgate."):
        if module.name.endswith(("__main__", "_native", "hdf5")):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            keys = set(value) if isinstance(value, dict) else set()
            if keys >= KNOWN or keys >= GATES:
                file = module.name.removeprefix("glassgate.").replace(".", "/")
                file += "/__init__.py" if module.ispkg else ".py"
                tables.add((file, name))
    listed = {
        (file, name)
        for line in LIST.splitlines()
        for file, names in re.findall(r"`([\w/]+\.py): (.*?)\|", line)
        for name in re.findall(r"\w+", names)
    }
    derived = {("inside/trace/gates.py", "CURVES"), ("inside/trace/torch.py", "CURVES")}
    imported = {place for place in tables - listed if _is_imported(*place)}
    assert tables - listed - derived - imported == set()
    assert {tuple(place.split(": ")) for place in [*ADDED, *ADDED_GATE]} <= listed


def _words(table: Any) -> set[object]:
    """Return all keys and values of a table and of the tables in it, as far as they are words."""
    words: set[object] = set()
    for pair in table.items():
        for part in pair:
            words |= _words(part) if isinstance(part, dict) else {part} & (KNOWN | GATES)
    return words


def _is_imported(file: str, name: str) -> bool:
    """Say whether a file only imports a table that another one holds."""
    path = ROOT / "src" / "glassgate" / file
    text = (path if path.exists() else path.with_suffix("") / "__init__.py").read_text()
    return re.search(rf"^{name}\b.*=", text, re.M) is None


def test_the_list_names_every_native_file_that_knows_the_curves():
    for path in sorted((ROOT / "native").rglob("*.*")):
        text = path.read_text()
        if all(re.search(rf"(Squash::|\"|[ {{]){word}\b", text) for word in KNOWN):
            assert str(path.relative_to(ROOT)) in LIST


def test_the_list_names_every_program_of_the_explorer_that_knows_the_curves():
    package = ROOT / "src" / "glassgate"
    for path in sorted((package / "explorer" / "web").rglob("*.js")):
        text = path.read_text(encoding="utf-8")
        if all(re.search(rf"\b{word}\b", text) for word in GATES):
            assert str(path.relative_to(package)) in LIST
