"""The onnx package's own tests of its GRU node, with Glassgate as the backend that runs it."""

import warnings
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, helper
from onnx.backend.base import Backend, BackendRep
from onnx.backend.test.case.test_case import TestCase as Case
from onnx.backend.test.runner import Runner

from glassgate.engine.layer import Layer
from glassgate.exchange.onnx.arrays import from_onnx
from glassgate.exchange.onnx.node import DIRECTIONS, NodeArrays, activation_pairs
from glassgate.formulation import Array

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it makes the cases of every node there is
    from onnx.backend.test.case.node import collect_testcases

    CASES = [case for case in collect_testcases("GRU") if case.name.startswith("test_gru_")]


class Prepared(BackendRep):
    """One GRU node whose weights are inputs."""

    def __init__(self, model: ModelProto) -> None:
        (self.node,) = model.graph.node
        self.words = {said.name: helper.get_attribute_value(said) for said in self.node.attribute}

    def run(self, inputs: Any, **_: Any) -> tuple[Array, ...]:
        names = dict(zip(self.node.input, inputs, strict=True))
        direction = self.words.get("direction", b"forward").decode()
        pairs = activation_pairs([], [], [], len(DIRECTIONS[direction]))
        after = bool(self.words.get("linear_before_reset", 0))
        arrays = NodeArrays(names["W"], names["R"], names.get("B"), after, pairs)
        batch_first = self.words.get("layout", 0) == 1
        input = names["X"].swapaxes(0, 1) if batch_first else names["X"]
        outputs, last = [], []
        for d, weights in enumerate(from_onnx(arrays)):
            backward = direction == "reverse" or d == 1
            output, state = Layer(weights).sequence(input, reverse=backward)
            outputs.append(output)
            last.append(state)
        axes = ((2, 0, 1, 3), (1, 0, 2)) if batch_first else ((0, 1, 2, 3), (0, 1, 2))
        made = np.stack(outputs, 1).transpose(axes[0]), np.stack(last).transpose(axes[1])
        return tuple(array for array, name in zip(made, self.node.output, strict=True) if name)


class GlassgateBackend(Backend):
    @classmethod
    def prepare(cls, model: ModelProto, *_: Any) -> Prepared:
        return Prepared(model)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device == "CPU"


def test_there_are_six() -> None:
    assert len(CASES) == 6


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_node(case: Case) -> None:
    for inputs, expected in case.data_sets:
        came = GlassgateBackend.prepare(case.model).run(inputs)
        Runner.assert_similar_outputs(expected, came, rtol=2e-6, atol=1e-7)
