"""Frozen graphs made by hand: TensorFlow 1's GRUCell as it writes itself."""

import struct

import numpy as np

from tests.exchange.tensorflow.tensorflow_cases import field

FLOAT, INT = 1, 3


def tensor(array):
    array = np.asarray(array)
    axes = b"".join(field(2, field(1, length)) for length in array.shape)
    kind = FLOAT if array.dtype.kind == "f" else INT
    code = "<f4" if kind == FLOAT else "<i4"
    return field(1, kind) + field(2, axes) + field(4, array.astype(code).tobytes())


def attribute(name, value):
    return field(5, field(1, name) + field(2, value))


def node(kind, name, *inputs, **attributes):
    data = field(1, name) + field(2, kind) + b"".join(field(3, word) for word in inputs)
    for key, value in attributes.items():
        data += attribute(key, field(3, value) if isinstance(value, int) else value)
    return data


def const(name, array):
    return node("Const", name, value=field(8, tensor(array)))


def graph(*nodes):
    return b"".join(field(1, one) for one in nodes)


def arrays(I=3, H=4, seed=0):
    rng = np.random.default_rng(seed)
    shapes = ((I + H, 2 * H), (2 * H,), (I + H, H), (H,))
    return [rng.normal(scale=0.7, size=shape).astype(np.float32) for shape in shapes]


def gru_cell(weights, name="rnn/gru_cell", curve="Tanh", swapped=False, shared=""):
    """Return the nodes of a GRUCell in a while loop: r and u, or u and r if swapped."""
    p, w = f"{name}/", f"rnn/{shared or name.rpartition('/')[2]}"
    names = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")
    nodes = []
    for word, array in zip(names, weights, strict=True):
        nodes += [const(f"{w}/{word}", array), node("Identity", f"{w}/{word}/read", f"{w}/{word}")]
        nodes.append(node("Enter", f"{p}{word}/Enter", f"{w}/{word}/read"))
    r, u = ("1", "0") if swapped else ("0", "1")
    return [
        *nodes,
        node("TensorArrayReadV3", "rnn/TensorArrayReadV3"),
        node("Switch", "rnn/Switch", "rnn/Merge", "rnn/LoopCond"),
        node("Identity", "rnn/state", "rnn/Switch:1"),
        const(f"{p}axis/value", np.array(1)),
        const(f"{p}one/value", np.float32(1)),
        node("ConcatV2", f"{p}concat", "rnn/TensorArrayReadV3", "rnn/state", f"{p}axis/value"),
        node("MatMul", f"{p}MatMul", f"{p}concat", f"{p}gates/kernel/Enter"),
        node("BiasAdd", f"{p}BiasAdd", f"{p}MatMul", f"{p}gates/bias/Enter"),
        node("Sigmoid", f"{p}Sigmoid", f"{p}BiasAdd"),
        node("Split", f"{p}split", f"{p}axis/value", f"{p}Sigmoid", num_split=2),
        node("Mul", f"{p}mul", f"{p}split:{r}", "rnn/state"),
        node("ConcatV2", f"{p}concat_1", "rnn/TensorArrayReadV3", f"{p}mul", f"{p}axis/value"),
        node("MatMul", f"{p}MatMul_1", f"{p}concat_1", f"{p}candidate/kernel/Enter"),
        node("BiasAdd", f"{p}BiasAdd_1", f"{p}MatMul_1", f"{p}candidate/bias/Enter"),
        node(curve, f"{p}curve", f"{p}BiasAdd_1"),
        node("Mul", f"{p}mul_1", f"{p}split:{u}", "rnn/state"),
        node("Sub", f"{p}sub", f"{p}one/value", f"{p}split:{u}"),
        node("Mul", f"{p}mul_2", f"{p}sub", f"{p}curve"),
        node("Add", f"{p}add", f"{p}mul_1", f"{p}mul_2"),
        node("NextIteration", "rnn/NextIteration", f"{p}add"),
    ]


def lists(numbers):
    """Return a constant's numbers as a list of floats, not as bytes."""
    axes = field(2, field(1, len(numbers)))
    packed = b"".join(struct.pack("<f", number) for number in numbers)
    return field(1, FLOAT) + field(2, axes) + field(5, packed)


def sample(folder):
    """Write a graph for `tests.fuzz`."""
    (folder / "model.pb").write_bytes(graph(*gru_cell(arrays(2, 3))))
