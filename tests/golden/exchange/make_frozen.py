"""Makes frozen-keras_*: GRUs of Keras 3.15, frozen by TensorFlow 2.21, and what they compute.

Usage: KERAS_BACKEND=tensorflow python tests/golden/exchange/make_frozen.py   with both installed

The graphs of version 2 keep the loop's body in a function, those of version 1 in the graph itself.
"""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
FORMS = {"after": {"reset_after": True}, "before": {"reset_after": False, "activation": "relu"}}


def make() -> None:
    """Write the graphs, and what they compute."""
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    rng = np.random.default_rng(0)
    for name, form in FORMS.items():
        layer = keras.layers.GRU(4, return_sequences=True, name="gru", **form)
        model = keras.Sequential([keras.Input((6, 3), batch_size=2), layer])
        shapes = [array.shape for array in model.get_weights()]
        model.set_weights([rng.normal(scale=0.7, size=shape).astype("f4") for shape in shapes])
        x = rng.normal(size=(2, 6, 3)).astype("f4")
        run = tf.function(lambda value, model=model: model(value))
        run = run.get_concrete_function(tf.TensorSpec((2, 6, 3), tf.float32))
        for version, lowered in (("v1", True), ("v2", False)):
            frozen = convert_variables_to_constants_v2(run, lower_control_flow=lowered)
            data = frozen.graph.as_graph_def().SerializeToString()
            (FOLDER / f"frozen-keras_{name}_{version}.pb").write_bytes(data)
        weights = {f"w{i}": array for i, array in enumerate(model.get_weights())}
        np.savez(FOLDER / f"frozen-keras_{name}.npz", x=x, y=model(x).numpy(), **weights)


if __name__ == "__main__":
    make()
