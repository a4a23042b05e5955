"""The constants of a graph, also those that it computes from constants alone.

Exporters and quantizers leave weights behind nodes such as Slice, Concat or DequantizeLinear. Such
a node is computed only where a GRU or the shape of its output needs it, by ``onnx``'s own reference
evaluator, and never another: the list of nodes is short, and none of them can do anything but
arrange numbers. A file comes from a stranger, so the numbers that may be computed are limited by
its size.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from glassgate.errors import BadInput
from glassgate.exchange.onnx.tensor import NUMBERS, ExternalData, to_numbers

Numbers: TypeAlias = NDArray[np.generic]
FOLDABLE = {
    *("Cast", "Concat", "DequantizeLinear", "Expand", "Flatten", "Identity", "Reshape"),
    *("Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"),
}
# The first version in which the evaluator has an operator whose meaning did not change before.
FIRST_OPSET = {"DequantizeLinear": 19}
SPARE_BYTES, BYTES_PER_BYTE = 2**20, 16  # that may be computed, more for each byte of the file
BYTES_PER_NUMBER = 8
MAX_FOLDED = 2**13  # nodes
IR_VERSION = 10


@dataclass(eq=False)
class Pending:
    """An output of a node that reads constants alone, until it is computed.

    Attributes
    ----------
    node
        The node.
    index
        Which of its outputs.
    inputs
        What the node reads; None where an input is left out.
    tensor
        The result; None where it is not known yet, or cannot be.
    done
        Whether that was tried.
    """

    node: NodeProto
    index: int
    inputs: tuple[TensorProto | Pending | None, ...]
    tensor: TensorProto | None = None
    done: bool = False


class Folder:
    """Computes nodes that read constants alone, within limits.

    Parameters
    ----------
    external
        The files beside the model.
    size
        The bytes of the model and of the files beside it.
    opset
        The version of ONNX's operators that the model asks for.
    """

    def __init__(self, external: ExternalData, size: int, opset: int) -> None:
        self._external, self._opset = external, opset
        self._bytes_left = SPARE_BYTES + BYTES_PER_BYTE * size
        self._nodes_left = MAX_FOLDED
        self._numbers: dict[int, Numbers | None] = {}  # by the id of their tensor

    def compute(self, wanted: Pending) -> TensorProto | None:
        """Compute an output and all that it needs; None where that cannot be done."""
        stack = [wanted]
        while stack:
            missing = [part for part in stack[-1].inputs if isinstance(part, Pending)]
            missing = [part for part in missing if not part.done]
            if missing and not stack[-1].done:
                stack += missing
                continue
            pending = stack.pop()
            if not pending.done:
                pending.done, pending.tensor = True, self._run(pending)
        return wanted.tensor

    def _run(self, pending: Pending) -> TensorProto | None:
        tensors = [part.tensor if isinstance(part, Pending) else part for part in pending.inputs]
        given = [before is not None for before in pending.inputs]
        if any(known and tensor is None for known, tensor in zip(given, tensors, strict=True)):
            return None
        if pending.node.op_type == "Identity":
            return tensors[0]
        arrays = [None if tensor is None else self._array(tensor) for tensor in tensors]
        if any(known and array is None for known, array in zip(given, arrays, strict=True)):
            return None
        size = _size(pending.node, arrays)
        if size is None or not self._nodes_left:
            return None
        self._nodes_left -= 1
        self._bytes_left -= BYTES_PER_NUMBER * size
        if self._bytes_left < 0:
            raise BadInput(
                "the nodes that compute its weights make more numbers than its size allows"
            )
        result = _evaluate(pending.node, arrays, self._opset)
        output = result[pending.index] if result and pending.index < len(result) else None
        if not isinstance(output, np.ndarray | np.generic):
            return None
        tensor = numpy_helper.from_array(np.asarray(output), pending.node.output[pending.index])
        return tensor if tensor.data_type in NUMBERS else None

    def _array(self, tensor: TensorProto) -> Numbers | None:
        if id(tensor) not in self._numbers:
            self._numbers[id(tensor)] = to_numbers(tensor, self._external)
        return self._numbers[id(tensor)]


class Constants:
    """The constants in scope of one graph, by the names of their tensors.

    Parameters
    ----------
    folder
        Computes those that the graph itself computes.
    known
        Those of the graphs around it.
    """

    def __init__(
        self, folder: Folder, known: ChainMap[str, TensorProto | Pending] | None = None
    ) -> None:
        self._folder = folder
        self._known: ChainMap[str, TensorProto | Pending] = ChainMap() if known is None else known

    def inside(self, initializers: Iterable[TensorProto]) -> Constants:
        """Start the constants of a graph within this one, with its initializers."""
        return Constants(
            self._folder, self._known.new_child({tensor.name: tensor for tensor in initializers})
        )

    def note(self, node: NodeProto) -> None:
        """Add the outputs of a node that is a constant, or reads constants alone."""
        if node.domain not in ("", "ai.onnx"):
            return
        if node.op_type == "Constant" and node.output:
            for attribute in node.attribute:
                if attribute.name == "value" and attribute.type == AttributeProto.TENSOR:
                    self._known[node.output[0]] = attribute.t
            return
        reads = [name for name in node.input if name]
        if reads and node.op_type in FOLDABLE and all(name in self._known for name in reads):
            inputs = tuple(self._known[name] if name else None for name in node.input)
            for i, name in enumerate(node.output):
                self._known[name] = Pending(node, i, inputs)

    def get(self, name: str) -> TensorProto | None:
        """Return a constant, computed where it has to be; None where it is none."""
        known = self._known.get(name)
        return self._folder.compute(known) if isinstance(known, Pending) else known

    def __contains__(self, name: object) -> bool:
        """Whether a name is that of a constant, or of what might be computed as one."""
        return name in self._known


def _size(node: NodeProto, arrays: Sequence[Numbers | None]) -> int | None:
    """Return how many numbers a node makes at most; None where it is not to be run."""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if any(attribute.ref_attr_name for attribute in node.attribute):
        return None
    first = arrays[0]
    if first is None:
        return None
    if node.op_type == "Cast" and ("to" not in attributes or attributes["to"].i not in NUMBERS):
        return None
    if node.op_type == "DequantizeLinear":
        scale = arrays[1] if len(arrays) > 1 else None
        if scale is None or ("block_size" in attributes and attributes["block_size"].i):
            return None
        if scale.size != 1 and scale.size not in first.shape:
            return None
    if node.op_type == "Expand":
        shape = arrays[1] if len(arrays) > 1 else None
        if shape is None or shape.dtype != np.int64 or shape.size > 8:
            return None
        return max(1, first.size) * math.prod(max(1, abs(int(length))) for length in shape.ravel())
    return sum(array.size for array in arrays if array is not None)


def _evaluate(
    node: NodeProto, arrays: Sequence[Numbers | None], opset: int
) -> Sequence[object] | None:
    """Run one node in the reference evaluator; None where it fails, as on a damaged node."""
    alone = NodeProto()
    alone.CopyFrom(node)
    names = [f"input{i}" if array is not None else "" for i, array in enumerate(arrays)]
    outputs = [f"output{i}" for i in range(len(node.output))]
    del alone.input[:], alone.output[:]
    alone.input.extend(names)
    alone.output.extend(outputs)
    feeds = {name: array for name, array in zip(names, arrays, strict=True) if array is not None}
    try:
        inputs = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in feeds.items()
        ]
        results = [helper.make_empty_tensor_value_info(name) for name in outputs]
        graph = helper.make_graph([alone], "constants", inputs, results)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", max(opset, FIRST_OPSET.get(node.op_type, 1)))],
            ir_version=IR_VERSION,
        )
        with np.errstate(all="ignore"):
            return list(ReferenceEvaluator(model).run(None, feeds))
    except Exception:  # the evaluator raises all kinds on a damaged node, which then is no constant
        return None
