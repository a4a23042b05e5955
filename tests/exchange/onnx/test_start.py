"""Where a GRU node in an ONNX file gets its initial state: a network's caller has to pass it."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from glassgate.exchange.onnx.file import read_onnx
from tests.exchange.onnx.onnx_cases import F32, make, model, save

LAST = "the last state of another GRU, to be passed"
COMPUTED = "computed by the graph, to be passed"


@pytest.mark.parametrize(
    ("passing", "read", "said"),
    [
        ([], "state", "given at run time"),
        ([("Split", "state"), ("Squeeze", "a"), ("Gather", "a")], "a", "given at run time"),
        ([("Slice", "state"), ("Transpose", "a"), ("Unsqueeze", "a")], "a", "given at run time"),
        ([("Identity", "Y_h")], "a", LAST),
        ([], "Y_h", LAST),
        ([("Tanh", "Y_h")], "a", COMPUTED),
        ([("Identity", "Y")], "a", COMPUTED),
        ([("ConstantOfShape", "lengths"), ("Expand", "a")], "a", "zeros"),
    ],
)
def test_the_source_of_an_initial_state_is_reported(
    tmp_path: Path, passing: list[tuple[str, str]], read: str, said: str
) -> None:
    case, nodes = make(), [make().node("first")]
    for kind, came in passing:
        nodes.append(helper.make_node(kind, [came], ["a"]))
    nodes.append(helper.make_node("GRU", ["X", "W", "R", "B", "", read], ["Z"], "second"))
    _, second = read_onnx(save(model(nodes, case.tensors()), tmp_path / "gru.onnx"))
    assert second.facts["initial state"] == said


def test_a_branch_sees_the_graph_s_inputs_and_a_loop_makes_its_own(tmp_path: Path) -> None:
    case = make()
    value = helper.make_tensor_value_info("Y", F32, None)
    own = helper.make_tensor_value_info("state", F32, None)
    for inputs, said in (([], "given at run time"), ([own], COMPUTED)):
        body = helper.make_graph([case.node()], "body", inputs, [value])
        loop = helper.make_node("Loop", ["lengths"], ["Z"], body=body)
        (found,) = read_onnx(save(model([loop], case.tensors()), tmp_path / "gru.onnx"))
        assert found.facts["initial state"] == said


def test_a_constant_of_shape_that_is_not_zero_is_computed(tmp_path: Path) -> None:
    case = make()
    fill = numpy_helper.from_array(np.ones(1, np.float32))
    nodes = [helper.make_node("ConstantOfShape", ["lengths"], ["state"], value=fill), case.node()]
    made = model(nodes, case.tensors())
    del made.graph.input[2]
    (found,) = read_onnx(save(made, tmp_path / "gru.onnx"))
    assert found.facts["initial state"] == COMPUTED
