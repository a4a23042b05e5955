"""GRUs of ONNX: exact conversion between a GRU node's arrays and Glassgate's weights.

The functions here take NumPy arrays and need no `onnx` package. `glassgate.exchange.read` and
`write` read and write whole models.

Read `node` (ONNX's GRU node and its equations), `arrays` (converts its arrays) and `model` (builds
the models that are written). Reading is more work, because files may be hostile: `file` reads one,
with `graph` to find the nodes, `fold` to compute constants, `tensor` to get arrays, `trail` to
follow outputs from node to node, `stack` to join nodes into networks, and `loops` to recognise what
is no GRU node.
"""

from glassgate.exchange.onnx.arrays import from_onnx, to_onnx
from glassgate.exchange.onnx.node import Activation, NodeArrays, activation_pairs

__all__ = ["Activation", "NodeArrays", "activation_pairs", "from_onnx", "to_onnx"]
