"""Networks of any size, form and describe_plan against torch and Keras, there and back.

ONNX Runtime's part stands in test_onnx.py: its models draw from the same sizes.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import Formulation
from glassgate.exchange.keras.file import read_keras
from glassgate.exchange.keras.write import write_keras
from glassgate.exchange.pytorch.arrays import from_pytorch, to_pytorch
from glassgate.weights import ARRAYS
from tests.exchange.keras.keras_models import keras, run
from tests.exchange.onnx.onnx_cases import assert_close, network

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning")]
SIZES = st.tuples(st.integers(1, 70), st.integers(1, 70))
SEEDS = st.integers(0, 2**32 - 1)
UPDATES = st.sampled_from(["keeps", "writes"])
FORMS = st.builds(
    Formulation,
    UPDATES,
    st.sampled_from(["after", "before"]),
    st.sampled_from(["sigmoid", "hard_sigmoid_sixth"]),
    st.sampled_from(["tanh", "relu", "linear"]),
)


def sample(gru, seed):
    """An input, states that are not zero, and lengths of at least one step."""
    draw = np.random.default_rng(seed)
    T, B = (int(size) for size in draw.integers(1, 9, 2))
    lengths = draw.integers(1, T + 1, B)
    lengths[0] = T
    shapes = (T, B, gru.input_size), (gru.states, B, gru.hidden_size)
    return *(draw.uniform(-1, 1, shape).astype(np.float32) for shape in shapes), lengths


def assert_same(here, there):
    """The same numbers, where an update gate that writes may have been turned round."""
    for one, other in zip(sum(here.weights, ()), sum(there.weights, ()), strict=True):
        assert replace(one.formulation, update="keeps") == other.formulation
        for name in ARRAYS:
            wanted = getattr(one.with_update("keeps"), name)
            np.testing.assert_array_equal(getattr(other, name), wanted)


@given(
    layers=st.integers(1, 3), directions=st.integers(1, 2), sizes=SIZES, update=UPDATES, seed=SEEDS
)
@settings(deadline=None, max_examples=60)
def test_torch_runs_what_is_written_and_its_modules_are_read(
    layers, directions, sizes, update, seed
):  # fmt: skip
    gru = network(layers, directions, sizes, Formulation(update), seed)
    module = torch.nn.GRU(*sizes, layers, bidirectional=directions == 2)
    module.load_state_dict({name: torch.tensor(a) for name, a in to_pytorch(gru).items()})
    read = from_pytorch({name: a.detach().numpy() for name, a in module.state_dict().items()})
    assert_same(gru, read)
    input, state, lengths = sample(gru, seed)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(input), torch.tensor(lengths), enforce_sorted=False
    )
    output, last = module(packed, torch.tensor(state))
    output, _ = torch.nn.utils.rnn.pad_packed_sequence(output)
    for network_ in (gru, read):
        came, states = network_.run(input, state, lengths)
        assert_close(came, output.detach().numpy())
        assert_close(states, last.detach().numpy())


@given(layers=st.integers(1, 2), directions=st.integers(1, 2), sizes=SIZES, form=FORMS, seed=SEEDS)
@settings(deadline=None, max_examples=25)
def test_keras_runs_what_is_written_and_its_models_are_read(
    layers, directions, sizes, form, seed, tmp_path_factory
):
    path = tmp_path_factory.mktemp("keras") / "gru.keras"
    gru = network(layers, directions, sizes, form, seed)
    write_keras(path, gru)
    model = keras.models.load_model(path, safe_mode=True)
    input, state, lengths = sample(gru, seed)
    mask = np.arange(len(input)) < lengths[:, None]  # (B, T)
    output, last = input, []
    for layer, initial in zip(model.layers, np.split(state, layers), strict=True):
        output, states = run(layer, output, initial, mask)
        last.append(states)
    model.save(path)
    read = read_keras(path)[0].network
    came, states = gru.run(input, state, lengths)
    assert_close(came, np.where(mask.T[..., None], output, 0))
    assert_close(states, np.concatenate(last))
    for here, there in zip(read.run(input, state, lengths), (came, states), strict=True):
        assert_close(here, there)
