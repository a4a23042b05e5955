"""GRUs of cuDNN, and those that a wrapper applies to each slice of a sequence."""

import numpy as np
import pytest

from glassgate.exchange import convert
from glassgate.exchange.keras.arrays import from_keras
from glassgate.exchange.keras.file import read_keras
from tests.exchange.keras.keras_cases import drawn, layer_arrays, sequential, under, write_h5
from tests.exchange.keras.keras_models import fill, keras, layers, saved

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def to_cudnn(kernel, recurrent_kernel, bias):
    """Lay the arrays of a GRU out as cuDNN has them: each gate's matrix [H, I], row by row."""
    I, H = len(kernel), len(recurrent_kernel)
    laid = np.empty_like(kernel)
    for start in range(0, 3 * H, H):
        numbers = [kernel[i, start + j] for j in range(H) for i in range(I)]
        laid[:, start : start + H] = np.reshape(numbers, (I, H))
    turned = [recurrent_kernel[:, i * H : (i + 1) * H].T for i in range(3)]
    return [laid, np.concatenate(turned, 1), bias.ravel()]


def cudnn(name="cu", units=4, **others):
    config = {"name": name, "units": units, "return_sequences": True, "go_backwards": False}
    return {"class_name": "CuDNNGRU", "config": config | others}


def test_a_gru_of_cudnn_is_one_that_resets_after_the_product(tmp_path):
    arrays = layer_arrays(3, 4)
    weights = {"cu": under("cu", to_cudnn(*arrays))}
    path = write_h5(tmp_path / "model.h5", sequential(cudnn()), weights, "2.2.4")
    (found,) = read_keras(path)
    assert (found.facts["kind"], found.facts["reset_after"]) == ("CuDNNGRU", "True")
    wanted = from_keras(*arrays, reset_after=True)
    got = found.network.weights[0][0]
    for name in ("weight_input", "weight_hidden", "bias_input", "bias_hidden"):
        np.testing.assert_array_equal(getattr(got, name), getattr(wanted, name))
    assert convert(path, tmp_path / "gru.safetensors").proof.difference < 1e-6


def test_two_directions_and_stacks_of_cudnn(tmp_path):
    a, b, c = (layer_arrays(size, 4, seed=i) for i, size in enumerate((3, 3, 8)))
    both = {"class_name": "Bidirectional", "config": {"name": "both", "layer": cudnn("low")}}
    weights = {
        "both": under("both/forward_low", to_cudnn(*a)) | under("both/backward_low", to_cudnn(*b)),
        "top": under("top", to_cudnn(*c)),
    }
    path = write_h5(tmp_path / "model.h5", sequential(both, cudnn("top")), weights, "2.2.4")
    stack, *_ = read_keras(path)
    assert stack.name == "both+top"
    wanted = [from_keras(*arrays, reset_after=True).weight_hidden for arrays in (a, b, c)]
    got = [w.weight_hidden for layer in stack.network.weights for w in layer]
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_bias_of_another_shape_is_refused(tmp_path):
    arrays = layer_arrays(3, 4)
    path = write_h5(tmp_path / "m.h5", sequential(cudnn()), {"cu": under("cu", arrays)}, "2.2.4")
    with pytest.raises(ValueError, match=r"bias.* must have shape \(24"):
        read_keras(path)


@pytest.mark.parametrize("both", [False, True])
def test_a_layer_inside_time_distributed_is_read(tmp_path, kind, both):
    inner = layers.GRU(4, return_sequences=True, name="inner")
    inner = layers.Bidirectional(inner, name="both") if both else inner
    source = layers.Input((2, 5, 3))
    model = fill(keras.Model(source, layers.TimeDistributed(inner, name="td")(source)))
    (found,) = read_keras(saved(model, tmp_path, kind))
    assert (found.name, found.facts["kind"].split("(")[0]) == ("td", "TimeDistributed")
    (note,) = found.notes
    assert note.startswith("it is inside TimeDistributed")
    x = drawn(3, 1, 2, 5, 3)
    wanted = keras.ops.convert_to_numpy(model(x))[0]  # (2, 5, H)
    output, _ = found.network.run(np.ascontiguousarray(x[0].swapaxes(0, 1)))
    np.testing.assert_allclose(output.swapaxes(0, 1), wanted, rtol=0, atol=1e-6)
