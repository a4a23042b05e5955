"""Models of Keras itself, run layer by layer, and networks to write for it."""

import warnings

import numpy as np
import pytest

from glassgate import GRU, Formulation, GRUWeights
from glassgate.exchange.keras.file import read_keras
from glassgate.exchange.keras.write import write_keras
from tests.exchange.keras.keras_cases import agree, drawn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    keras = pytest.importorskip("keras", reason="Keras is the oracle here")
layers = keras.layers


def fill(model, seed=0, scale=0.3):
    model.set_weights(
        [drawn(seed + i, *array.shape, scale=scale) for i, array in enumerate(model.get_weights())]
    )
    return model


def sample(found, B=3, T=5, seed=9):
    network = found.network
    return (
        drawn(seed, T, B, network.input_size),
        drawn(seed + 1, network.states, B, network.hidden_size),
    )


def run(layer, input, initial, mask=None):
    """Run one layer of Keras on [T, B, I] from its state or states, [directions, B, H].

    Gives what it gives, [T, B, ...], and its last states, [directions, B, H].
    """
    parts = [getattr(layer, name, None) for name in ("forward_layer", "backward_layer")]
    for part in filter(None, [layer, *parts]):
        part.return_sequences = part.return_state = True
    output, *last = layer(np.swapaxes(input, 0, 1), initial_state=list(initial), mask=mask)
    for part in filter(None, [layer, *parts]):
        part.return_state = False
    return np.swapaxes(keras.ops.convert_to_numpy(output), 0, 1), np.stack(
        [keras.ops.convert_to_numpy(state) for state in last]
    )


def saved(model, folder, kind):
    path = folder / f"model{kind}"
    model.save(path)
    return path


def network(form=None, depth=1, directions=1, inputs=3, H=4, dtype=np.float32, seed=0):
    def one(seed, reads):
        shapes = ((3 * H, reads), (3 * H, H), (3 * H,), (3 * H,))
        arrays = [
            drawn(seed + i, *shape, scale=0.3).astype(dtype) for i, shape in enumerate(shapes)
        ]
        return GRUWeights(*arrays, form or Formulation())

    return GRU(
        [
            [
                one(seed + 100 * i + 10 * d, H * directions if i else inputs)
                for d in range(directions)
            ]
            for i in range(depth)
        ]
    )


def check_written(given, path):
    write_keras(path, given)
    model = keras.models.load_model(path, safe_mode=True)
    found = read_keras(path)[0]
    input, initial = sample(found)
    output, states = input, []
    counts = [len(plan.directions) for plan in given.plan]
    per_layer = np.split(initial, np.cumsum(counts)[:-1])
    for layer, state in zip(model.layers, per_layer, strict=True):
        output, last = run(layer, output, state)
        states.append(last)
    agree(found, output, np.concatenate(states), input, initial, 2e-6)
    got, _ = given.run(input.astype(given.dtype), initial.astype(given.dtype))
    np.testing.assert_allclose(got, output, 2e-6, 2e-6)
    whole = model.predict(np.swapaxes(input, 0, 1), verbose=0)
    np.testing.assert_allclose(
        np.swapaxes(whole, 0, 1), given.run(input.astype(given.dtype))[0], 2e-6, 2e-6
    )
