"""A sequence through one unit of every form, forward and back, from `glassgate.reference`."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from typing import Any, get_args, get_type_hints

import numpy as np

from glassgate.formulation import Formulation
from glassgate.reference import backward, forward
from glassgate.weights import ARRAYS, GRUWeights

T, I, H = 6, 3, 4
SCALE = 1.3  # of the weights: large enough to reach the flat ends of the hard sigmoids
CAMEL = {
    "weight_input": "weightInput",
    "weight_hidden": "weightHidden",
    "bias_input": "biasInput",
    "bias_hidden": "biasHidden",
}  # the names that JavaScript uses
PARTS = ("reset", "update", "kept", "candidate", "recurrent", "hidden")


def formulations() -> Iterator[Formulation]:
    """Yield every form of the unit."""
    types = get_type_hints(Formulation)
    names = ("update", "reset", "gate", "squash")
    for values in product(*(get_args(types[name]) for name in names)):
        yield Formulation(**dict(zip(names, values, strict=True)))


def reference_cases() -> Iterator[dict[str, Any]]:
    """Yield, for every form, a layer, a sequence, and what the reference computes, also back."""
    for seed, formulation in enumerate(formulations()):
        draw = np.random.default_rng(seed)
        shapes = ((3 * H, I), (3 * H, H), (3 * H,), (3 * H,))
        weights = GRUWeights(*(SCALE * draw.normal(size=shape) for shape in shapes), formulation)
        input, initial = draw.normal(size=(T, 1, I)), draw.normal(size=(1, H))
        grad_hidden, grad_last = draw.normal(size=(T, 1, H)), draw.normal(size=(1, H))
        tape = forward(weights, input, initial)
        grads = backward(tape, grad_hidden, grad_last)
        yield {
            "name": str(formulation),
            "layer": {
                "kind": "gru",
                "inputSize": I,
                "hiddenSize": H,
                "formulation": asdict(formulation),
                **{CAMEL[name]: getattr(weights, name).ravel().tolist() for name in ARRAYS},
            },
            "input": input[:, 0].tolist(),
            "initial": initial[0].tolist(),
            "gradHidden": grad_hidden[:, 0].tolist(),
            "gradLast": grad_last[0].tolist(),
            "steps": {part: getattr(tape, part)[:, 0].tolist() for part in PARTS},
            "gradients": {
                "input": grads.input[:, 0].tolist(),
                "initial": grads.initial[0].tolist(),
                **{CAMEL[name]: getattr(grads, name).ravel().tolist() for name in ARRAYS},
            },
        }
