import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from glassgate import GRU, BadInput, Formulation, GRUWeights, LayerPlan
from glassgate.engine.file import from_bytes, to_bytes
from glassgate.weights import ARRAYS
from tests.engine import gru_cases

GOLDEN = Path(__file__).parents[1] / "golden" / "gru-version-1.safetensors"


def network(layers=2, directions=2, dtype=np.float32, form=None):
    return gru_cases.network(layers, directions, np.float32, form, units=4).astype(dtype)


def whole(gru):
    return to_bytes(gru.weights, gru.plan)


def split(data):
    """The header of a file, and its numbers."""
    end = 8 + struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:end]), data[end:]


def joined(header, numbers):
    said = json.dumps(header).encode()
    return struct.pack("<Q", len(said)) + said + numbers


def assert_same(here, there):
    for mine, other in zip(sum(here, ()), sum(there, ()), strict=True):
        assert (mine.formulation, mine.bfloat16) == (other.formulation, other.bfloat16)
        for name in ARRAYS:
            assert getattr(mine, name).dtype == getattr(other, name).dtype
            np.testing.assert_array_equal(getattr(mine, name), getattr(other, name))


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize(("layers", "directions"), [(1, 1), (3, 1), (2, 2)])
def test_what_is_saved_is_loaded(tmp_path, layers, directions, dtype):
    form = Formulation("writes", "none", "hard_sigmoid_sixth", "linear")
    gru = network(layers, directions, dtype, form)
    gru.save(tmp_path / "gru.safetensors")
    loaded = GRU.load(str(tmp_path / "gru.safetensors"))
    assert_same(loaded.weights, gru.weights)
    input = np.random.default_rng(4).normal(size=(5, 2, 3)).astype(gru.dtype)
    np.testing.assert_array_equal(loaded.run(input)[0], gru.run(input)[0])


def test_a_plan_is_saved_and_loaded(tmp_path):
    one = network(1, 2).weights[0]
    plan = (LayerPlan(("reverse", "forward"), "sum", "read"), LayerPlan(("reverse",)))
    above = GRUWeights(one[0].weight_hidden, *(getattr(one[0], name) for name in ARRAYS[1:]))
    gru = GRU([one, [above]], plan)
    gru.save(tmp_path / "gru.safetensors")
    loaded = GRU.load(tmp_path / "gru.safetensors")
    assert loaded.plan == plan
    assert_same(loaded.weights, gru.weights)
    input = np.random.default_rng(4).normal(size=(5, 2, 3)).astype(np.float32)
    np.testing.assert_array_equal(loaded.run(input)[0], gru.run(input)[0])


def test_nan_and_infinity_are_kept():
    weights = network(1, 1).weights[0][0]
    odd = np.array([np.nan, np.inf, -np.inf, -0.0] * 3, np.float32)
    stack = ((GRUWeights(weights.weight_input, weights.weight_hidden, odd, odd),),)
    assert_same(from_bytes(to_bytes(stack, (LayerPlan(),)))[0], stack)


def test_one_network_gives_one_sequence_of_bytes():
    code = (
        "import numpy as np, hashlib; from glassgate import GRUWeights, LayerPlan;"
        "from glassgate.engine.file import to_bytes;"
        "w = GRUWeights(*(np.ones(s) for s in ((6, 2), (6, 2), 6, 6)));"
        "print(hashlib.sha256(to_bytes(((w,), (w,)), (LayerPlan(),) * 2)).hexdigest())"
    )
    runs = [subprocess.check_output([sys.executable, "-c", code]) for _ in range(3)]
    assert len(set(runs)) == 1


def test_an_existing_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "gru.safetensors"
    path.write_text("x" * 100_000)
    network(1, 1).save(path)
    assert GRU.load(path).num_layers == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_or_read_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match=r"could not be written"):
        network(1, 1).save(tmp_path / "missing" / "gru.safetensors")
    with pytest.raises(FileNotFoundError):
        GRU.load(tmp_path / "missing.safetensors")


def test_half_the_bytes_in_bfloat16():
    sizes = [len(split(whole(network(dtype=dtype)))[1]) for dtype in ("f4", "bfloat16")]
    biases = 4 * 4 * 2 * 12  # layers x directions, of float32, two of 3H
    assert sizes[1] - biases == (sizes[0] - biases) / 2
    header, _ = split(whole(network(dtype="bfloat16")))
    kinds = {name.rpartition(".")[2]: header[name]["dtype"] for name in header if "." in name}
    assert kinds == dict(zip(ARRAYS, ("BF16", "BF16", "F32", "F32"), strict=True))


def test_a_stored_file_of_version_1_stays_readable():
    gru = GRU.load(GOLDEN)
    assert gru.formulation == Formulation("writes", "before", "hard_sigmoid_fifth", "relu")
    assert (gru.input_size, gru.hidden_size, gru.num_layers, gru.dtype) == (2, 1, 2, np.float32)
    assert gru.plan == (LayerPlan(("forward", "reverse")),) * 2
    count = 0
    for weights in sum(gru.weights, ()):
        for name, shape in zip(ARRAYS, ((3, 2), (3, 1), (3,), (3,)), strict=True):
            wanted = np.arange(count, count + np.prod(shape), dtype=np.float32).reshape(shape)
            np.testing.assert_array_equal(getattr(weights, name), wanted)
            count += wanted.size


def test_a_stored_file_of_version_2_stays_readable():
    gru = GRU.load(GOLDEN.with_name("gru-version-2.safetensors"))
    assert gru.formulation == Formulation("keeps", "none", "sigmoid", "linear")
    assert gru.plan == (LayerPlan(("reverse", "forward"), "sum", "read"), LayerPlan())
    assert (gru.input_size, gru.hidden_sizes, gru.dtype) == (1, (2, 1), np.float64)
    arrays = [getattr(weights, name) for weights in sum(gru.weights, ()) for name in ARRAYS]
    np.testing.assert_array_equal(np.concatenate([a.ravel() for a in arrays]), np.arange(75))


def test_no_torch_comes_with_a_loaded_network():
    code = (
        "import sys, numpy, glassgate; gru = glassgate.GRU.load(sys.argv[1]);"
        "gru.run(numpy.ones((2, 1, 2), 'f4')); print('torch' in sys.modules)"
    )
    said = subprocess.check_output([sys.executable, "-c", code, str(GOLDEN)], text=True)
    assert said.strip() == "False"


# What strangers send.

DATA = whole(network(1, 1))
NAME = "layer0.forward.weight_input"
DEEP = "[" * 100_000


def with_entry(change):
    """The file after a change of what its metadata says."""
    header, numbers = split(DATA)
    said = json.loads(header["__metadata__"]["glassgate"])
    change(said)
    header["__metadata__"]["glassgate"] = json.dumps(said)
    return joined(header, numbers)


def with_header(change):
    header, numbers = split(DATA)
    change(header)
    return joined(header, numbers)


def renamed(header):
    header["layer0.forward.weight_inpvt"] = header.pop(NAME)


def transposed(header):
    header[NAME]["shape"].reverse()


def as_integers(header):
    header[NAME]["dtype"] = "I32"


def one_more(header):
    header["layer0.forward.bias"] = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}


def metadata(value):
    return with_header(lambda header: header.update({"__metadata__": value}))


def plan(**facts):
    return with_entry(lambda said: said["plan"].update(facts))


def layer(**words):
    return with_entry(lambda said: said["plan"]["layers"][0].update(words))


def version_1(**facts):
    """The file as version 1 had it, after a change of its plan."""

    def change(said):
        said["version"] = 1
        said["plan"] |= {"layers": 1, "directions": 1, "hidden_size": 4} | facts

    return with_entry(change)


def formulation(**words):
    return with_entry(lambda said: said["formulation"].update(words))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is no whole safetensors file (.*)"),
        (b"PK\x03\x04 and so on", "it is no whole safetensors file (.*)"),
        (DATA[:100], "it is no whole safetensors file (.*)"),
        (DATA[:-1], "it is no whole safetensors file (.*)"),
        (DATA + b"\0", "it is no whole safetensors file (.*)"),
        (struct.pack("<Q", 2**62) + DATA[8:], "it is no whole safetensors file (.*)"),
        (
            with_header(lambda header: header[NAME].update(data_offsets=[0, 2**60])),
            "it is no whole safetensors file (.*)",
        ),
        (
            with_header(lambda header: header[NAME].update(shape=[2**40, 2**40])),
            "it is no whole safetensors file (.*)",
        ),
        (save({"a": np.ones(3)}), "its metadata must have an entry named glassgate, got none"),
        (metadata({"format": "pt"}), "its metadata must have an entry named glassgate, got none"),
        (metadata({"glassgate": "{"}), "its metadata entry glassgate must be JSON, .*"),
        (metadata({"glassgate": DEEP}), "its metadata entry glassgate must be JSON, .*"),
        (metadata({"glassgate": "9" * 5000}), "its metadata entry glassgate must be JSON, .*"),
        (metadata({"glassgate": "[1]"}), r"its format must be 'gru', got \[1\]"),
        (with_entry(lambda said: said.update(format="lstm")), "its format must be 'gru', got .*"),
        (
            with_entry(lambda said: said.update(version=3)),
            r"its format version must be in 1..2, .* 3",
        ),
        (
            with_entry(lambda said: said.pop("version")),
            r"its format version must be in 1..2, .* None",
        ),
        (with_entry(lambda said: said.pop("plan")), "its plan must have layers, .* got None"),
        (with_entry(lambda said: said.update(plan=[1])), r"its plan must have .* got \[1\]"),
        (with_entry(lambda said: said["plan"].pop("layers")), "its plan must have layers, .*"),
        (plan(more=1), "its plan must have layers, .*"),
        (version_1(layers=0), r"layers must be a number in 1\.\.16777216, got 0"),
        (version_1(layers=True), r"layers must be a number in 1\.\.16777216, got True"),
        (version_1(layers=1e3), r"layers must be a number in 1\.\.16777216, got 1000\.0"),
        (version_1(layers=10**9), r"layers must be a number in 1\.\.16777216, got 1000000000"),
        (version_1(layers=10**6), "it must hold 4000000 tensors by its plan, got 4"),
        (version_1(directions=3), r"directions must be a number in 1\.\.2, got 3"),
        (version_1(directions=2), "it must hold 8 tensors by its plan, got 4"),
        (version_1(more=2), "its plan must have layers, directions, .*"),
        (plan(layers=1), "layers must be a list of one or more, got 1"),
        (plan(layers=[]), r"layers must be a list of one or more, got \[\]"),
        (plan(layers=[3]), "its layer must have directions, merge, order, hidden_size, got 3"),
        (layer(more=3), "its layer must have directions, merge, order, hidden_size, got .*"),
        (layer(directions="forward"), "directions must be a list, got 'forward'"),
        (layer(directions=[["forward"]]), r"a direction must be one of .*, got \['forward'\]"),
        (layer(directions=["forward", "reverse"]), "it must hold 8 tensors by its plan, got 4"),
        (layer(directions=["reverse"]), f"{NAME.replace('forward', 'reverse')} is missing"),
        (layer(merge=["sum"]), r"merge must be one of concat, sum, mul, ave, got \['sum'\]"),
        (layer(order="back"), "order must be one of time, read, got 'back'"),
        (layer(hidden_size=2**24), rf"{NAME} must have shape \(50331648, 3\), got \(12, 3\)"),
        (layer(hidden_size=10**4000), r"hidden_size must be a number in .*"),
        (version_1(hidden_size=0), r"hidden_size must be a number in .*"),
        (plan(input_size="3"), r"input_size must be a number in 1\.\.16777216, got '3'"),
        (plan(dtype="float16"), "dtype must be one of float32, float64, bfloat16, got 'float16'"),
        (plan(dtype=["float32"]), r"dtype must be one of .* got \['float32'\]"),
        (plan(dtype="bfloat16"), f"{NAME} must be BF16, got F32"),
        (formulation(reset="under"), "reset must be one of after, before, none, got 'under'"),
        (formulation(gate=7), "gate must be one of sigmoid, .* got 7"),
        (formulation(clip=3), "its formulation must have update, reset, gate, squash, got .*"),
        (with_header(renamed), f"{NAME} is missing"),
        (with_header(one_more), "it must hold 4 tensors by its plan, got 5"),
        (with_header(lambda header: header.pop("layer0.forward.bias_input")), ".* no whole .*"),
        (with_header(transposed), rf"{NAME} must have shape \(12, 3\), got \(3, 12\)"),
        (with_header(as_integers), f"{NAME} must be F32, got I32"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path, data, message):
    path = tmp_path / "gru.safetensors"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=rf"^\S*gru.safetensors cannot be read as .*: {message}$"):
        GRU.load(path)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), min_size=1), st.data()
)
def test_a_damaged_file_is_refused_or_read(changes, draw):
    data = bytearray(DATA)
    for place, value in changes:
        data[place] = value
    data = data[: draw.draw(st.integers(0, len(data)))] if draw.draw(st.booleans()) else data
    try:
        ((weights,),), _ = from_bytes(bytes(data))
    except BadInput:
        return
    assert weights.weight_hidden.nbytes <= len(data)
