"""Stacks in ONNX: the nodes between GRU nodes, read and written."""

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, helper, numpy_helper

from glassgate import GRU, BadInput, Formulation, LayerPlan
from glassgate.exchange.onnx.file import read_onnx, write_onnx
from tests.exchange.onnx.onnx_cases import F32, assert_close, make, model, network, save, session

I, H, T, B = 3, 5, 6, 2
BOTH = ("forward", "reverse")
PLANS = [
    LayerPlan(),
    LayerPlan(("reverse",)),
    LayerPlan(("reverse",), order="read"),
    *(LayerPlan(BOTH, merge) for merge in ("concat", "sum", "mul", "ave")),
]


def planned(plan: list[LayerPlan], seed: int = 0, sizes: tuple[int, ...] = (H, H, H)) -> GRU:
    layers, reads = [], I
    for i, (one, units) in enumerate(zip(plan, sizes, strict=False)):
        drawn = [network(1, 1, (reads, units), Formulation(), seed + 9 * i + d) for d in range(2)]
        layers.append([gru.weights[0][0] for gru in drawn[: len(one.directions)]])
        reads = one.width(units)
    return GRU(layers, plan)


def sample(gru: GRU, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    shapes = ((T, B, gru.input_size), (gru.states, B, gru.hidden_size))
    return tuple(draw.uniform(-1, 1, shape).astype(np.float32) for shape in shapes)


def test_layers_of_different_sizes_have_states_of_their_own(tmp_path: Path) -> None:
    gru = planned([LayerPlan(BOTH), LayerPlan()], sizes=(H, 4))
    write_onnx(tmp_path / "gru.onnx", gru)
    draw = np.random.default_rng(0)
    input = draw.normal(size=(T, B, I)).astype(np.float32)
    states = [draw.uniform(-1, 1, (B, size)).astype(np.float32) for size in gru.state_sizes]
    fed = {"layer0.initial_state": np.stack(states[:2]), "layer1.initial_state": states[2][None]}
    came = session(tmp_path / "gru.onnx").run(None, {"input": input, **fed})
    (found,) = (one for one in read_onnx(tmp_path / "gru.onnx") if one.part_of is None)
    assert found.facts["hidden size"] == "5, 4"
    for run in (gru.run, found.network.run, found.reference):
        output, last = run(input, tuple(states))
        assert_close(came[0], output)
        for here, there in zip([*came[1], *came[2]], last, strict=True):
            assert_close(here, there)


@given(plan=st.lists(st.sampled_from(PLANS), min_size=1, max_size=3), seed=st.integers(0, 2**16))
@settings(deadline=None, max_examples=60)
def test_every_plan_is_written_and_comes_back(
    plan: list[LayerPlan], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path, gru = tmp_path_factory.mktemp("onnx") / "gru.onnx", planned(plan, seed)
    write_onnx(path, gru)
    input, state = sample(gru, seed)
    expected = session(path).run(["output", "state"], {"input": input, "initial_state": state})
    (found,) = (one for one in read_onnx(path) if one.part_of is None)
    assert found.network.plan == tuple(plan)
    for run in (gru.run, found.network.run, found.reference):
        for came, wanted in zip(run(input, state), expected, strict=True):
            assert_close(came, wanted)


@pytest.mark.parametrize("directions", [1, 2])
def test_what_pytorch_exports_is_one_network(tmp_path: Path, directions: int) -> None:
    torch.manual_seed(0)
    module = torch.nn.GRU(I, H, 3, bidirectional=directions == 2).eval()
    x, h = torch.randn(T, B, I), torch.randn(3 * directions, B, H)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x, h), file, dynamo=False)
    (tmp_path / "gru.onnx").write_bytes(file.getvalue())
    stack, *nodes = read_onnx(tmp_path / "gru.onnx")
    assert [node.part_of for node in nodes] == [stack.name] * 3
    assert stack.facts["layers"] == "3"
    for came, wanted in zip(stack.network.run(x.numpy(), h.numpy()), module(x, h), strict=True):
        assert_close(came, wanted.detach().numpy())


def two(between: list[NodeProto], direction: str = "forward") -> list[NodeProto]:
    """Two GRU nodes; the upper one reads the tensor `passed`."""
    reads = ["passed", "W2", "R2", "", "lengths"]
    upper = helper.make_node("GRU", reads, ["Z"], "upper", hidden_size=4)
    lower = make(direction).node("lower")
    return [lower, *between, upper]


def written(tmp_path: Path, nodes: list[NodeProto], direction: str, reads: int, **more) -> Path:
    draw = np.random.default_rng(1)
    arrays = {
        "W2": draw.normal(size=(1, 12, reads)).astype(np.float32),
        "R2": draw.normal(size=(1, 12, 4)).astype(np.float32),
        "one": np.array([1]),
        "shape": np.array([0, 0, -1]),
        **more,
    }
    tensors = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    made = model(nodes, [*make(direction).tensors(), *tensors])
    return save(made, tmp_path / "gru.onnx")


def chain(*steps: tuple) -> list[NodeProto]:
    """Nodes one after the other from Y to `passed`: what each is, its other inputs, its words."""
    names = ["Y", *(f"y{i}" for i in range(len(steps) - 1)), "passed"]
    return [
        helper.make_node(kind, [below, *others], [above], **words)
        for (kind, others, words), below, above in zip(steps, names, names[1:], strict=False)
    ]


SQUEEZE = ("Squeeze", ["one"], {})
TURN = ("Slice", ["start", "end", "zero", "back"], {})
FLAT = {"keepdims": 0}


@pytest.mark.parametrize(
    ("between", "direction", "reads"),
    [
        (chain(("Relu", [], {}), SQUEEZE), "forward", 4),
        (chain(("Squeeze", ["lengths"], {})), "forward", 4),
        (chain(("Reshape", ["shape"], {})), "forward", 4),
        (
            chain(("Transpose", [], {"perm": [0, 2, 3, 1]}), ("Reshape", ["shape"], {})),
            *("bidirectional", 8),
        ),
        (chain(("ReduceMax", [], {"axes": [1], **FLAT})), "bidirectional", 4),
        (chain(("ReduceMean", [], {"axes": [0], **FLAT})), "bidirectional", 4),
        (chain(SQUEEZE, TURN), "forward", 4),
    ],
)
def test_unknown_nodes_between_layers_join_nothing(
    tmp_path: Path, between: list[NodeProto], direction: str, reads: int
) -> None:
    slice_ = {"start": [-1], "end": [-(2**63)], "zero": [0], "back": [-1]}
    more = {name: np.array(value) for name, value in slice_.items()}
    found = read_onnx(written(tmp_path, two(between, direction), direction, reads, **more))
    assert [one.name for one in found] == ["lower", "upper"]
    assert [one.part_of for one in found] == [None, None]
    assert [one.network.plan[0].merge for one in found] == ["concat", "concat"]


def test_a_layer_with_two_readers_is_in_no_stack(tmp_path: Path) -> None:
    reads = ["passed", "W2", "R2", "", "lengths"]
    again = helper.make_node("GRU", reads, ["V"], "again", hidden_size=4)
    nodes = [*two(chain(SQUEEZE)), again]
    found = read_onnx(written(tmp_path, nodes, "forward", 4))
    assert [one.name for one in found] == ["lower", "upper", "again"]


def test_a_stack_with_a_refused_layer_is_refused_but_its_layers_are_not(tmp_path: Path) -> None:
    nodes = two(chain(SQUEEZE))
    nodes[-1].attribute.append(helper.make_attribute("clip", 3.0))
    stack, lower, upper = read_onnx(written(tmp_path, nodes, "forward", 4))
    assert (stack.name, stack.network) == ("lower+upper", None)
    assert "one of its layers cannot be converted: the node clips its sums" in stack.refusal
    assert (lower.part_of, upper.network) == (None, None)
    assert lower.network is not None


def test_a_layer_with_the_reverse_direction_first_is_refused(tmp_path: Path) -> None:
    plan = LayerPlan(("reverse", "forward"))
    with pytest.raises(BadInput, match=r"forward direction first, but layer0 has the reverse one"):
        write_onnx(tmp_path / "gru.onnx", planned([plan]))
    assert not list(tmp_path.iterdir())


def test_a_nodes_output_may_be_used_in_two_ways(tmp_path: Path) -> None:
    """Then the layer's merge is undecided, and both directions stay side by side."""
    ends = [
        helper.make_node("ReduceSum", ["Y", "one"], ["s"], keepdims=0),
        helper.make_node("ReduceMean", ["Y"], ["m"], axes=[1], keepdims=0),
    ]
    tensors = [*make("bidirectional").tensors(), numpy_helper.from_array(np.array([1]), "one")]
    for nodes, merge in ((ends, "concat"), (ends[:1], "sum")):
        made = model([make("bidirectional").node(), *nodes], tensors)
        made.graph.output[0].name = "s"
        made.graph.output.append(helper.make_tensor_value_info("m", F32, None))
        (found,) = read_onnx(save(made, tmp_path / "gru.onnx"))
        assert found.network.plan == (LayerPlan(BOTH, merge),)


def turnable(tmp_path: Path, lower: str, upper: str, outputs: list[str], lengths: str) -> Path:
    """A reverse node with output `plain`, reversed `turned`, and a node that reads either."""
    turn = {"start": [-1], "end": [-(2**63)], "zero": [0], "back": [-1]}
    below, above = ["X", "W", "R", "B", lower], [upper, "W2", "R2", "", lengths]
    nodes = [
        helper.make_node("GRU", below, ["Y"], "lower", hidden_size=4, direction="reverse"),
        helper.make_node("Squeeze", ["Y", "one"], ["plain"]),
        helper.make_node("Slice", ["plain", *turn], ["turned"]),
        helper.make_node("GRU", above, ["Z"], "upper", hidden_size=4),
    ]
    more = {name: np.array(value) for name, value in turn.items()}
    path = written(tmp_path, nodes, "reverse", I if upper == "X" else 4, **more)
    made = onnx.load(path)
    made.graph.output.extend(helper.make_tensor_value_info(name, F32, None) for name in outputs)
    return save(made, path)


@pytest.mark.parametrize(
    ("upper", "outputs", "joined", "order"),
    [
        ("plain", [], True, "time"),
        ("turned", [], True, "read"),
        ("plain", ["turned"], True, "time"),
        ("turned", ["plain"], False, "time"),
        ("turned", ["turned"], True, "read"),
        ("X", ["turned"], False, "read"),
        ("X", ["plain", "turned"], False, "time"),
    ],
)
def test_a_layers_output_is_what_the_next_layer_reads(
    tmp_path: Path, upper: str, outputs: list[str], joined: bool, order: str
) -> None:
    path = turnable(tmp_path, "", upper, outputs, "")
    *stacks, lower, _ = read_onnx(path)
    assert [stack.name for stack in stacks] == (["lower+upper"] if joined else [])
    assert lower.network.plan[0].order == order
    made = onnx.load(path)
    if "plain" not in outputs:
        made.graph.output.append(helper.make_tensor_value_info("plain", F32, None))
    input = np.random.default_rng(0).uniform(-1, 1, (T, B, I)).astype(np.float32)
    fed = {"X": input, "state": np.zeros((1, B, 4), "f4"), "lengths": np.full(B, T, np.int32)}
    expected, below = session(made).run(["Z", "plain"], fed)
    assert_close(lower.network.run(input)[0], below[::-1] if order == "read" else below)
    for stack in stacks:
        assert_close(stack.network.run(input)[0], expected[:, 0])


def test_a_branch_that_reads_a_layer_counts_as_a_use(tmp_path: Path) -> None:
    path = turnable(tmp_path, "", "turned", [], "")
    made = onnx.load(path)
    reads = helper.make_node("Relu", ["plain"], ["branch"])
    value = helper.make_tensor_value_info("branch", F32, None)
    for name, nodes, output in (
        ("node", [reads], value),
        ("output", [], helper.make_tensor_value_info("plain", F32, None)),
    ):
        branch = helper.make_graph(nodes, name, [], [output])
        either = {"then_branch": branch, "else_branch": branch}
        again = onnx.ModelProto.FromString(made.SerializeToString())
        again.graph.node.append(helper.make_node("If", ["lengths"], ["either"], **either))
        assert [one.part_of for one in read_onnx(save(again, path))] == [None, None]


@pytest.mark.parametrize(
    ("lower", "upper", "joined"),
    [
        ("", "", True),
        ("lengths", "lengths", True),
        ("lengths", "", False),
        ("", "lengths", False),
        ("lengths", "others", False),
    ],
)
def test_layers_of_a_stack_have_the_same_lengths(
    tmp_path: Path, lower: str, upper: str, joined: bool
) -> None:
    found = read_onnx(turnable(tmp_path, lower, "plain", [], upper))
    assert len(found) == (3 if joined else 2)


def test_a_slice_that_reverses_padding_is_not_the_order_as_read(tmp_path: Path) -> None:
    lower, upper = read_onnx(turnable(tmp_path, "lengths", "turned", [], "lengths"))
    assert lower.network.plan == (LayerPlan(("reverse",)),)
    assert (lower.part_of, upper.part_of) == (None, None)


def test_a_stack_reports_a_state_that_the_graph_passes_on(tmp_path: Path) -> None:
    nodes = two(chain(SQUEEZE))
    nodes[-1].input.append("Y_h")
    stack, *_ = read_onnx(written(tmp_path, nodes, "forward", 4))
    said = "given at run time, the last state of another GRU, to be passed"
    assert stack.facts["initial state"] == said
