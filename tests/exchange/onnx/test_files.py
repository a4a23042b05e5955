"""Where ONNX files keep weights, and which valid nodes have no counterpart in Glassgate."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from glassgate.exchange.onnx.file import read_onnx
from glassgate.exchange.onnx.node import activation_pairs
from tests.exchange.onnx.onnx_cases import (
    F32,
    assert_close,
    external,
    make,
    model,
    only_network,
    save,
)

# Where files keep weights


def test_weights_in_constant_nodes_behind_identities(tmp_path: Path) -> None:
    case = make()
    nodes = [helper.make_node("Constant", [], [f"{t.name}0"], value=t) for t in case.tensors()] + [
        helper.make_node("Identity", [f"{t.name}0"], [t.name]) for t in case.tensors()
    ]
    path = save(model([*nodes, case.node()], []), tmp_path / "gru.onnx")
    assert_close(only_network(path).run(case.input, case.state, case.lengths)[0], case.run()[0])


def test_weights_in_a_branch_and_outside_of_it(tmp_path: Path) -> None:
    case = make()
    branches = {
        f"{name}_branch": helper.make_graph([case.node(name)], name, [], [value])
        for name, value in (
            (name, helper.make_tensor_value_info("Y", F32, None)) for name in ("then", "else")
        )
    }
    choose = helper.make_node("If", ["lengths"], ["Z"], **branches)
    found = read_onnx(save(model([choose], case.tensors()), tmp_path / "gru.onnx"))
    assert [one.name for one in found] == ["else", "then"]
    for one in found:
        assert_close(one.network.run(case.input, case.state, case.lengths)[0], case.run()[0])


def test_a_function_whose_weights_come_from_its_caller(tmp_path: Path) -> None:
    case = make()
    made = case.model()
    opsets = [helper.make_opsetid("", 17)]
    made.functions.append(
        helper.make_function("mine", "Run", ["X", "W"], ["Y"], [case.node("inner")], opsets)
    )
    outer, inner = read_onnx(save(made, tmp_path / "gru.onnx"))
    assert outer.network
    assert inner.network is None
    assert "weights must be constants" in str(inner.refusal)


def test_weights_in_a_file_beside(tmp_path: Path) -> None:
    case = make("bidirectional")
    external(case, tmp_path / "gru.onnx")
    network = only_network(tmp_path / "gru.onnx")
    assert_close(network.run(case.input, case.state, case.lengths)[0], case.run()[0])


def test_layout_1_has_the_same_weights_and_proof(tmp_path: Path) -> None:
    case = make("bidirectional")
    node = case.node(layout=1)
    (found,) = read_onnx(save(model([node], case.tensors()), tmp_path / "gru.onnx"))
    assert found.facts["layout"] == "1"
    assert_close(
        found.reference(case.input, case.state)[0], found.network.run(case.input, case.state)[0]
    )


def test_nodes_of_one_name_are_told_apart_in_branches_too(tmp_path: Path) -> None:
    case = make()
    value = helper.make_tensor_value_info("Y", F32, None)
    branch = helper.make_graph([case.node("n"), case.node("")], "branch", [], [value])
    choose = helper.make_node("If", ["lengths"], ["Z"], then_branch=branch, else_branch=branch)
    nodes = [choose, *(case.node(name) for name in ("n#2", "n", ""))]
    found = read_onnx(save(model(nodes, case.tensors()), tmp_path / "gru.onnx"))
    names = ["n", "Y", "n#2", "Y#2", "n#2#2", "n#3", "Y#3"]
    assert [one.name for one in found] == names


def test_several_are_told_apart_and_facts_are_given(tmp_path: Path) -> None:
    one, other = make().node("/rnn/GRU"), make().node("")
    other.output[0] = "second"
    found = read_onnx(save(model([one, other], make().tensors()), tmp_path / "gru.onnx"))
    assert [each.name for each in found] == ["/rnn/GRU", "second"]
    assert found[0].facts == {
        "layers": "1",
        "direction": "forward",
        "activations": "sigmoid, tanh",
        "input size": "3",
        "hidden size": "4",
        "formulation": "reset after, update keeps",
        "numbers": "float32",
        "layout": "0",
        "lengths": "given",
        "initial state": "given at run time",
    }


@pytest.mark.parametrize(("layout", "shape"), [(0, (1, 2, 4)), (1, (2, 1, 4))])
def test_a_constant_initial_state_is_reported(
    tmp_path: Path, layout: int, shape: tuple[int, ...]
) -> None:
    case = make()
    for value, said in ((0.5, "a constant, to be passed as the state"), (0, "zeros")):
        state = numpy_helper.from_array(np.full(shape, value, np.float32), "state")
        made = model([case.node(layout=layout)], [*case.tensors(), state])
        (found,) = read_onnx(save(made, tmp_path / "gru.onnx"))
        assert found.facts["initial state"] == said


# Valid nodes that have no exact counterpart in Glassgate


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"clip": 3.0}, "clips its sums at 3"),
        ({"activations": ["Tanh", "Tanh"]}, "no gate activation Tanh"),
        ({"activations": ["Sigmoid", "Softsign"]}, "no candidate activation Softsign"),
        ({"activations": ["Tanh"]}, "must be 2 names, got 1"),
        ({"activation_alpha": [0.2]}, "more numbers than the activations take"),
        ({"hidden_size": 7}, "hidden_size must be 4, as in R, got 7"),
        *(
            ({"activations": ["Sigmoid", curve], "activation_alpha": [0.1]}, f"activation {curve}")
            for curve in ("LeakyRelu", "ThresholdedRelu", "ScaledTanh", "Elu")
        ),
        (
            {"activations": ["HardSigmoid", "Tanh"], "activation_alpha": [0.3]},
            "HardSigmoid with alpha 0.3 and beta 0.5",
        ),
    ],
)
def test_nodes_without_a_counterpart_are_listed_and_refused(
    tmp_path: Path, words: dict[str, object], said: str
) -> None:
    case = make()
    node = helper.make_node("GRU", ["X", "W", "R", "B"], ["Y"], "gru", **words)
    nodes = [node, case.node("good")]
    found, good = read_onnx(save(model(nodes, case.tensors()), tmp_path / "gru.onnx"))
    assert found.network is None
    assert good.network is not None
    assert said in str(found.refusal)


def test_two_forms_in_one_node_are_refused(tmp_path: Path) -> None:
    case = make("bidirectional")
    pairs = activation_pairs(["Sigmoid", "Tanh", "Sigmoid", "Relu"], [], [], 2)
    case.arrays = case.arrays._replace(activations=pairs)
    (found,) = read_onnx(save(case.model(), tmp_path / "gru.onnx"))
    assert found.refusal == (
        "formulation of layer 0 reverse must be reset after, update keeps, gates sigmoid, "
        "candidate tanh, got reset after, update keeps, gates sigmoid, candidate relu"
    )


def test_half_precision_is_refused(tmp_path: Path) -> None:
    case = make()
    half = numpy_helper.from_array(case.arrays.W.astype(np.float16), "W")
    made = model([case.node()], [half, *case.tensors()[1:]])
    (found,) = read_onnx(save(made, tmp_path / "gru.onnx"))
    assert "float32 or all float64, got FLOAT and FLOAT16" in str(found.refusal)


def test_a_file_without_a_gru_holds_none(tmp_path: Path) -> None:
    made = model([helper.make_node("Identity", ["X"], ["Y"])], [])
    assert read_onnx(save(made, tmp_path / "gru.onnx")) == []
