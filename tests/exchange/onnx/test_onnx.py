"""GRUs from and to ONNX, compared with ONNX Runtime; what has no counterpart is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassgate import GRU, BadInput, Formulation, LayerPlan
from glassgate.exchange.file_gru import SOURCE_EQUATIONS
from glassgate.exchange.onnx import file
from glassgate.exchange.onnx.arrays import from_onnx, to_onnx
from glassgate.exchange.onnx.file import read_onnx, write_onnx
from glassgate.exchange.onnx.node import run_node
from tests.exchange.onnx.onnx_cases import (
    Drawn,
    assert_close,
    drawn,
    make,
    network,
    save,
    session,
)

FORMS = st.builds(
    Formulation,
    st.sampled_from(["keeps", "writes"]),
    st.sampled_from(["after", "before"]),
    st.sampled_from(["sigmoid", "hard_sigmoid_fifth", "hard_sigmoid_sixth"]),
    st.sampled_from(["tanh", "relu", "linear"]),
)
SIZES = st.tuples(st.integers(1, 70), st.integers(1, 70))
SEEDS = st.integers(0, 2**32 - 1)


@given(case=drawn())
@settings(deadline=None, max_examples=60)
def test_reads_what_onnx_runtime_runs(
    case: Drawn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = save(case.model(), tmp_path_factory.mktemp("onnx") / "gru.onnx")
    (found,) = read_onnx(path)
    output, state = found.network.run(case.input, case.state, case.lengths)
    expected, last = case.run()
    assert_close(output, expected)
    assert_close(state, last)

    assert found.runtime == f"onnxruntime {onnxruntime.__version__}, node by node"
    for came, wanted in zip(
        found.reference(case.input, case.state),
        found.network.run(case.input, case.state),
        strict=True,
    ):
        assert_close(came, wanted)


@given(case=drawn())
@settings(deadline=None, max_examples=40)
def test_equations_need_no_runtime(case: Drawn) -> None:
    wide = [array.astype(np.float64) for array in (case.arrays.W, case.arrays.R)]
    biases = None if case.arrays.B is None else case.arrays.B.astype(np.float64)
    arrays = case.arrays._replace(W=wide[0], R=wide[1], B=biases)
    output, last = run_node(arrays, case.input, case.state, case.direction)  # (T, D, B, H)
    plan = LayerPlan(("forward", "reverse") if len(wide[0]) == 2 else (case.direction,))
    came = GRU([from_onnx(arrays)], [plan]).run(
        case.input.astype(np.float64), case.state.astype(np.float64)
    )
    T, _, B, _ = output.shape
    # The file's HardSigmoid has its slope in float32, Glassgate's is exact.
    assert_close(came[0], output.transpose(0, 2, 1, 3).reshape(T, B, -1), 1e-6)
    assert_close(came[1], last, 1e-6)


@given(case=drawn(("reverse",)))
@settings(deadline=None, max_examples=20)
def test_equations_run_in_reverse(case: Drawn) -> None:
    case = replace(case, lengths=np.full_like(case.lengths, len(case.input)))
    output, last = run_node(case.arrays, case.input, case.state, case.direction)
    expected = case.run()
    assert_close(output[:, 0], expected[0])
    assert_close(last, expected[1])


@given(layers=st.integers(1, 3), directions=st.integers(1, 2), sizes=SIZES, form=FORMS, seed=SEEDS)
@settings(deadline=None, max_examples=60)
def test_writes_what_onnx_runtime_runs(
    layers: int,
    directions: int,
    sizes: tuple[int, int],
    form: Formulation,
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("onnx") / "gru.onnx"
    gru = network(layers, directions, sizes, form, seed)
    write_onnx(path, gru)
    draw = np.random.default_rng(seed)
    runtime = session(path)
    for T, B in ((1, 1), (7, 3)):
        input = draw.uniform(-1, 1, (T, B, sizes[0])).astype(np.float32)
        state = draw.uniform(-1, 1, (layers * directions, B, sizes[1])).astype(np.float32)
        came = runtime.run(["output", "state"], {"input": input, "initial_state": state})
        for array, expected in zip(came, gru.run(input, state), strict=True):
            assert_close(array, expected)

    found, *nodes = read_onnx(path)
    assert len(nodes) == (layers if layers > 1 else 0)
    for there, here in zip(gru.weights, found.network.weights, strict=True):
        for weights, kept in zip(there, here, strict=True):
            assert kept.formulation == replace(form, update="keeps")
            for name in ("weight_input", "weight_hidden", "bias_input", "bias_hidden"):
                wanted = getattr(weights.with_update("keeps"), name)
                np.testing.assert_array_equal(getattr(kept, name), wanted)


def test_a_stream_in_chunks_is_one_run(tmp_path: Path) -> None:
    gru = network(2, 1, (5, 8), Formulation(), seed=1)
    write_onnx(tmp_path / "gru.onnx", gru)
    runtime = session(tmp_path / "gru.onnx")
    input = np.random.default_rng(0).normal(size=(12, 2, 5)).astype(np.float32)
    state = start = gru.initial_state(2) + np.float32(0.5)
    outputs = []
    for chunk in np.split(input, [1, 4, 5]):
        output, state = runtime.run(None, {"input": chunk, "initial_state": state})
        outputs.append(output)
    whole, last = runtime.run(None, {"input": input, "initial_state": start})
    assert_close(np.concatenate(outputs), whole)
    assert_close(state, last)


def test_a_written_model_is_sound_and_free_in_batch_and_time(tmp_path: Path) -> None:
    write_onnx(tmp_path / "gru.onnx", network(2, 2, (3, 4), Formulation(), seed=0))
    made = onnx.load(tmp_path / "gru.onnx")
    onnx.checker.check_model(made, full_check=True)
    sizes = {
        value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*made.graph.input, *made.graph.output)
    }
    assert sizes == {
        "input": ["time", "batch", 3],
        "initial_state": [4, "batch", 4],
        "output": ["time", "batch", 8],
        "state": [4, "batch", 4],
    }
    assert made.opset_import[0].version >= 17


def test_bfloat16_and_float64_weights_are_written_exactly(tmp_path: Path) -> None:
    for dtype in ("bfloat16", np.float64):
        gru = network(1, 1, (3, 4), Formulation(), seed=0).astype(dtype)
        write_onnx(tmp_path / "gru.onnx", gru)
        (found,) = read_onnx(tmp_path / "gru.onnx")
        assert found.network.dtype == gru.dtype
        wanted = gru.weights[0][0].weight_hidden
        np.testing.assert_array_equal(found.network.weights[0][0].weight_hidden, wanted)
    assert found.runtime == SOURCE_EQUATIONS
    input, state = np.ones((4, 2, 3)), np.ones((1, 2, 4))
    for came, expected in zip(found.reference(input, state), gru.run(input, state), strict=True):
        assert_close(came, expected, 1e-12)


def test_without_onnx_runtime_the_equations_prove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "find_spec", lambda _: None)
    case = make("bidirectional")
    (found,) = read_onnx(save(case.model(), tmp_path / "gru.onnx"))
    assert found.runtime == SOURCE_EQUATIONS
    output, _ = found.reference(case.input, case.state)
    assert_close(output, found.network.run(case.input, case.state)[0])


def test_no_reset_gate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="without a reset gate"):
        write_onnx(tmp_path / "gru.onnx", network(1, 1, (3, 4), Formulation(reset="none"), 0))
    assert not list(tmp_path.iterdir())


def test_too_much_for_one_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("glassgate.exchange.onnx.model.MAX_WEIGHT_BYTES", 100)
    with pytest.raises(BadInput, match="at most 100 bytes"):
        write_onnx(tmp_path / "gru.onnx", network(1, 1, (3, 4), Formulation(), 0))


def test_arrays_come_back_as_they_were() -> None:
    arrays = make("bidirectional", gate="HardSigmoid", squash="Affine").arrays
    again = to_onnx(from_onnx(arrays))
    for name in ("W", "R", "B"):
        np.testing.assert_array_equal(getattr(again, name), getattr(arrays, name))
    assert again.linear_before_reset
