"""GRUs in other tools' files: read, listed, converted exactly, and proved to compute the same.

>>> from glassgate.exchange import convert, inspect, read, write

`convert` and `inspect` are the two commands of the same names; `read` and `write` are the steps
they are made of. Between arrays and Glassgate's weights, without any file, there are pure
functions, in one folder for each tool: `glassgate.exchange.pytorch`, `.keras`, `.onnx`, and
`.arrays` for tools that keep a cell's numbers in nested mappings (flax, equinox, haiku, TensorFlow
1).

The names listed in ``__all__`` here and in those folders are public. Importing them takes NumPy and
safetensors alone; a function that needs torch, h5py or onnx imports it when it is called, and names
the extra to install where it is missing.

To read the code, begin with `file_gru` (what every reader returns), then `formats` (which function
reads and writes which ending) and `conventions` (where other tools' conventions differ from
Glassgate's), then one tool's folder, `pytorch` being the shortest: its `arrays` module converts,
its `file` module reads. `proof` runs source and result on the same numbers, `conversion` puts it
all together, and `inspection` makes the table.
"""

from glassgate.exchange import arrays, keras, onnx, pytorch
from glassgate.exchange.conversion import Conversion, convert
from glassgate.exchange.file_gru import FileGRU
from glassgate.exchange.formats import read, write
from glassgate.exchange.inspection import Listing, inspect
from glassgate.exchange.proof import Proof

__all__ = [
    "Conversion",
    "FileGRU",
    "Listing",
    "Proof",
    "arrays",
    "convert",
    "inspect",
    "keras",
    "onnx",
    "pytorch",
    "read",
    "write",
]
