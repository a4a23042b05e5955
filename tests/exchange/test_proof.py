"""What a proof allows: rounding that the network explains, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
import torch

from glassgate import GRU, BadInput, Formulation, GRUWeights, LayerPlan
from glassgate.exchange import conversion, convert, read
from glassgate.exchange.formats import run_equations
from glassgate.exchange.proof import WIDEST, prove
from glassgate.exchange.rounding import rounding_bound

BOTH = ("forward", "reverse")


def drawn(scale, form, plan, dtype=np.float32, I=5, H=7, seed=0):
    rng, layers, reads = np.random.default_rng(seed), [], I
    for layer in plan:
        shapes = ((3 * H, reads), (3 * H, H), (3 * H,), (3 * H,))
        layers.append(
            [
                GRUWeights(
                    *(rng.normal(scale=scale, size=s).astype(dtype) for s in shapes),
                    form or Formulation(),
                )
                for _ in layer.directions
            ]
        )
        reads = layer.width(H)
    return GRU(layers, plan)


def sample(network, T=6, B=3, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(T, B, network.input_size)).astype(network.dtype)
    return x, rng.uniform(-1, 1, (network.states, B, network.hidden_size)).astype(network.dtype)


@pytest.mark.parametrize("scale", [0.1, 0.5, 1.0, 3.0])
@pytest.mark.parametrize(
    ("form", "plan"),
    [
        (Formulation(), (LayerPlan(), LayerPlan())),
        (Formulation(reset="before", update="writes"), (LayerPlan(BOTH), LayerPlan(BOTH, "mul"))),
        (Formulation(gate="hard_sigmoid_fifth"), (LayerPlan(BOTH, "ave"),)),
        (Formulation(reset="none", squash="relu"), (LayerPlan(("reverse",), order="read"),)),
        (Formulation(squash="linear", gate="hard_sigmoid_sixth"), (LayerPlan(BOTH, "sum"),)),
    ],
)
def test_the_engine_is_within_the_bound_and_the_bound_is_not_far(form, plan, scale):
    network = drawn(scale, form, plan)
    x, h = sample(network, T=2)
    exact, engine = run_equations(network, x, h), network.run(x, h)
    error = max(np.abs(true - got).max() for true, got in zip(exact, engine, strict=True))
    bound = rounding_bound(network, x, h)
    assert error <= bound
    if form.squash == "tanh" and scale <= 1:
        assert bound < 1000 * max(error, 1e-7)  # it explains rounding, not whatever may come


def test_the_bound_of_one_product_is_that_of_its_terms():
    one, none = np.float32(1), np.zeros(3, np.float32)
    W = np.array([[0], [0], [one]], np.float32)  # a candidate of x alone
    network = GRU(
        [
            [
                GRUWeights(
                    W,
                    np.zeros((3, 1), np.float32),
                    none,
                    none,
                    Formulation(squash="linear", gate="hard_sigmoid_fifth"),
                )
            ]
        ]
    )
    x, h = np.ones((1, 1, 1), np.float32), np.zeros((1, 1, 1), np.float32)
    unit = 2.0**-24
    product = 6 * 2 * unit  # lambda sqrt(I + H + 2) u |w x|
    value = product + 8 * unit  # and the curve
    gates = 1 / 5 * 0 + 8 * unit  # the gate reads 0 exactly; its value is 1/2
    expected = 0.5 * value + gates * (1 + value) + 4 * unit * 0.5
    np.testing.assert_allclose(rounding_bound(network, x, h), expected, rtol=1e-12)


def steep(path, I=8, H=32, layers=3, seed=1, std=1.0):
    torch.manual_seed(seed)
    module = torch.nn.GRU(I, H, layers)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=std)
    torch.save(module.state_dict(), path)
    return module


@pytest.mark.parametrize("std", [1.0, 30.0, 1e4])
@pytest.mark.parametrize("ending", ["safetensors", "pth", "onnx", "keras"])
def test_an_exact_copy_of_large_weights_is_written(tmp_path, std, ending):
    module = steep(tmp_path / "steep.pt", std=std)
    done = convert(tmp_path / "steep.pt", tmp_path / f"gru.{ending}")
    assert done.proof.difference <= done.proof.limit
    (gru,) = (one for one in read(tmp_path / f"gru.{ending}") if one.part_of is None)
    for i, (weights,) in enumerate(gru.network.weights):
        wanted = module.state_dict()[f"weight_hh_l{i}"].numpy()
        np.testing.assert_array_equal(weights.weight_hidden, wanted)


def test_the_figures_of_a_wide_proof_are_printed(glassgate_, tmp_path):
    steep(tmp_path / "steep.pt", std=30.0)
    said = glassgate_("convert", "steep.pt", "gru.safetensors")
    assert (said.code, said.err) == (0, "")
    assert "from the equations in float64, and rounding alone may make up to" in said.out
    assert "over 1 step (over 17 this network amplifies rounding errors too much" in said.out


@pytest.mark.parametrize("ending", ["pt", "onnx", "keras"])
@pytest.mark.parametrize("reset", ["before", "after"])
def test_large_weights_in_the_other_form_are_written(tmp_path, ending, reset):
    if (ending, reset) == ("pt", "before"):
        pytest.skip("PyTorch has no such form")
    network = drawn(1e3, Formulation("writes", reset), (LayerPlan(),) * 2)
    network.save(tmp_path / "gru.safetensors")
    done = convert(tmp_path / "gru.safetensors", tmp_path / f"gru.{ending}")
    assert done.proof.difference <= done.proof.limit


@pytest.mark.parametrize("std", [0.3, 1.0, 30.0, 1e4])
def test_a_wrong_copy_of_large_weights_is_refused(tmp_path, std, monkeypatch):
    module = steep(tmp_path / "steep.pt", std=std)
    state = {name: array.clone() for name, array in module.state_dict().items()}
    H = module.hidden_size
    for name, array in state.items():  # reset and update exchanged, as where a reader errs
        state[name] = torch.cat([array[H : 2 * H], array[:H], array[2 * H :]])
    torch.save(state, tmp_path / "wrong.pt")
    wrong = read(tmp_path / "wrong.pt")[0].network
    monkeypatch.setattr(conversion, "write", lambda path, *_: wrong.save(path))
    with pytest.raises(BadInput, match="was not written"):
        convert(tmp_path / "steep.pt", tmp_path / "gru.safetensors")


def test_a_chaotic_network_is_proved_over_few_steps(tmp_path):
    steep(tmp_path / "chaos.pt", 16, 256, 1, 0, 0.5)
    done = convert(tmp_path / "chaos.pt", tmp_path / "gru.safetensors")
    assert done.proof.steps < 17
    assert done.proof.limit <= WIDEST["float32"]
    state = {name: 1.001 * a for name, a in torch.load(tmp_path / "chaos.pt").items()}
    torch.save(state, tmp_path / "wrong.pt")
    (one,), (other,) = (read(tmp_path / f"{name}.pt") for name in ("chaos", "wrong"))
    proof = prove(one, other, Path("x.safetensors"))
    assert proof.difference > proof.limit
