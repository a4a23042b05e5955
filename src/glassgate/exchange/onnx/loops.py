"""Recognises recurrent networks that an ONNX graph writes out, in loops or step by step."""

from collections import Counter
from collections.abc import Iterator

from onnx import AttributeProto, GraphProto, ModelProto

GATES, CURVES = ("Sigmoid", "HardSigmoid"), ("Tanh", "Relu")
PRODUCTS = ("MatMul", "Gemm", "MatMulInteger", "QLinearMatMul")
LOOPS = ("Loop", "Scan")
MIN_UNROLLED = 4  # gates in a graph without a loop, from which on it may be a GRU of two steps


def describe_unread(model: ModelProto) -> str | None:
    """Say what recurrent parts a model without a GRU node has; None where it has none.

    Examples
    --------
    >>> describe_unread(ModelProto()) is None
    True
    """
    loops: Counter[str] = Counter()
    others: Counter[str] = Counter()
    top: Counter[str] = Counter()
    for kind, ops in _graphs(model):
        others += Counter({word: ops[word] for word in ("LSTM", "RNN")})
        if _looks_gated(ops):
            if kind in LOOPS:
                loops[kind] += 1
            else:
                top += ops
    if loops:
        kinds = " and ".join(f"{count} {kind}" for kind, count in loops.items())
        return f"{kinds} with gates in the body (Sigmoid, Tanh), as a GRU written out has"
    if sum(top[word] for word in GATES) >= MIN_UNROLLED:
        return "gates outside any loop (Sigmoid, Tanh), as a GRU unrolled over its steps has"
    if others := +others:
        return " and ".join(f"{count} {kind}" for kind, count in others.items()) + " nodes"
    return None


def _looks_gated(ops: Counter[str]) -> bool:
    """Whether a graph has products, a gate (both may be one) and the curve of a candidate."""
    return all(any(ops[word] for word in words) for words in (PRODUCTS, GATES, CURVES))


def _graphs(model: ModelProto) -> Iterator[tuple[str, Counter[str]]]:
    """Yield each graph's nodes, counted by kind, with the kind of node that it belongs to."""
    pending: list[tuple[str, GraphProto]] = [("", model.graph)]
    while pending:
        kind, graph = pending.pop()
        yield kind, Counter(node.op_type for node in graph.node)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.type == AttributeProto.GRAPH:
                    pending.append((node.op_type, attribute.g))
                pending += ((node.op_type, inner) for inner in attribute.graphs)
