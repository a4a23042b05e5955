"""Weights that a state dict keeps in parts, compared with what torch makes of them."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from glassgate import BadInput
from glassgate.exchange import convert, read
from tests.exchange.torch_cases import filled

NAMES = ("weight_ih_l0", "weight_hh_l0", "weight_hh_l1")
CHANGES = {
    "weight_norm": [
        parametrizations.weight_norm,
        lambda module, name: parametrizations.weight_norm(module, name, dim=1),
        lambda module, name: parametrizations.weight_norm(module, name, dim=None),
        weight_norm,
    ],
    "spectral_norm": [parametrizations.spectral_norm, spectral_norm],
    "pruning": [lambda module, name: prune.random_unstructured(module, name, 0.4)],
}


@pytest.mark.parametrize("ending", ["pt", "safetensors"])
@pytest.mark.parametrize(
    ("kind", "change"), [(kind, change) for kind in CHANGES for change in CHANGES[kind]]
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_weights_are_computed_as_torch_computes_them(tmp_path, kind, change, ending):
    module = filled(torch.nn.GRU(3, 4, 2), 5)
    for name in NAMES:
        change(module, name)
    module.eval()
    path = tmp_path / f"m.{ending}"
    state = torch.nn.ModuleDict({"rnn": module}).state_dict()
    state = {name: array.contiguous().clone() for name, array in state.items()}
    torch.save(state, path) if ending == "pt" else save_file(state, path)
    (found,) = read(path)
    assert found.name == "rnn"
    assert found.facts["weights"] == f"computed ({kind})"
    for hook in module._forward_pre_hooks.values():
        hook(module, ())  # the older functions compute a weight before each forward
    for name in NAMES:
        wanted = getattr(module, name).detach().numpy()
        weights = found.network.weights[int(name[-1])][0]
        got = weights.weight_input if "ih" in name else weights.weight_hidden
        np.testing.assert_allclose(got, wanted, rtol=2e-6, atol=1e-7)
    assert convert(path, tmp_path / "gru.onnx").proof.difference < 1e-5


def test_zeros_that_were_pruned_stay_zeros(tmp_path):
    module = filled(torch.nn.GRUCell(3, 4), 1)
    prune.l1_unstructured(module, "weight_hh", 0.5)
    torch.save(module.state_dict(), tmp_path / "m.pt")
    weights = read(tmp_path / "m.pt")[0].network.weights[0][0]
    assert (weights.weight_hidden == 0).sum() == 24
    np.testing.assert_array_equal(weights.weight_hidden, module.weight_hh.detach().numpy())


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"parametrizations.weight_hh_l0.original": (12, 4)}, "in parts that are not known here"),
        ({"parametrizations.weight_hh_l0.0.base": (4, 4)}, "remove_parametrizations"),
        ({"weight_hh_l0_g": (12, 1)}, "in parts that are not known here (g)"),
        ({"weight_hh_l0_g": (5, 1), "weight_hh_l0_v": (12, 4)}, "do not fit together"),
        ({"weight_hh_l0_g": (1,) * 40, "weight_hh_l0_v": (12, 4)}, "do not fit together"),
        (
            {"weight_hh_l0_orig": (12, 4), "weight_hh_l0_u": (3,), "weight_hh_l0_v": (4,)},
            "do not fit together",
        ),
    ],
)
def test_parts_that_make_no_weight_are_refused(tmp_path, parts, said):
    state = {name: a for name, a in torch.nn.GRU(3, 4).state_dict().items() if "hh" not in name}
    state |= {name: torch.ones(shape) for name, shape in parts.items()}
    torch.save(state, tmp_path / "m.pt")
    with pytest.raises(BadInput) as error:
        read(tmp_path / "m.pt")
    assert said in str(error.value)
