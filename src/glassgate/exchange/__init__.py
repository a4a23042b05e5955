"""GRUs in other tools' files: read, list and convert them, and prove that they compute the same.

>>> from glassgate.exchange import convert, inspect, read, write

`convert` and `inspect` are the two commands of the same names; `convert` consists of `read`, a
proof and `write`. To convert arrays without any file, each tool has a folder of pure functions:
`glassgate.exchange.pytorch`, `.keras`, `.onnx`, and `.arrays` for tools that keep a cell's arrays
in nested mappings (flax, equinox, haiku, TensorFlow 1).

The names in ``__all__`` here and in those folders are public. Importing them needs NumPy and
safetensors alone. A function that needs torch, h5py or onnx imports it when it is called, and names
the extra to install if it is missing.

A newcomer reads `file_gru` (what every reader returns), `formats` (which function reads and writes
which kind of file), `content` (of which kind a file is) and `conventions` (how other tools differ
from Glassgate); then one tool's folder, of which `pytorch` is the shortest: its `arrays` module
converts, its `file` module reads. `proof` runs source and result on the same numbers, with
`rounding` to tell what rounding explains and `runs` to run the result in its own tool, `conversion`
joins all of this, `many` converts the files of a folder, and `inspection` makes the table.
"""

from glassgate.exchange import arrays, keras, onnx, pytorch
from glassgate.exchange.conversion import Conversion, convert
from glassgate.exchange.file_gru import FileGRU
from glassgate.exchange.formats import read, write
from glassgate.exchange.inspection import Listing, inspect
from glassgate.exchange.many import Outcome, convert_many
from glassgate.exchange.proof import Proof

__all__ = [
    "Conversion",
    "FileGRU",
    "Listing",
    "Outcome",
    "Proof",
    "arrays",
    "convert",
    "convert_many",
    "inspect",
    "keras",
    "onnx",
    "pytorch",
    "read",
    "write",
]
