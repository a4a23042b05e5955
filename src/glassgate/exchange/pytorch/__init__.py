"""GRUs of PyTorch: exact conversion between state dicts and Glassgate's networks.

The functions here take NumPy arrays and need no torch. `glassgate.exchange.read` and `write` read
and write PyTorch's files.

Read `arrays` (converts), `derived` (weights that are kept in parts), `file` (reads and writes),
`pickles` (checks a file before torch loads it) and `programs` (the arrays of TorchScript).
"""

from glassgate.exchange.pytorch.arrays import find_modules, from_pytorch, to_pytorch

__all__ = ["find_modules", "from_pytorch", "to_pytorch"]
