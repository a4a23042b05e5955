"""GRUs of Keras 2 and 3: exact conversion between their layers and Glassgate's networks.

The functions that convert take NumPy arrays and need no Keras. `glassgate.exchange.read` and
`write` read and write whole models; `read_keras` also reads a file of weights alone, with the
model's JSON config beside it.

Read `arrays` (converts one layer's arrays), `layers` (a stack of layers) and `write` (writes a
file). Reading is more work, because files may be hostile: `file` reads one, with `config` and
`graph` to find the layers, `masks` to tell which steps they skip, `store` to get their arrays,
`hdf5` to run the HDF5 library in a separate process, and `reader` to build networks. `runtime` runs
layers in Keras itself, for proofs.
"""

from glassgate.exchange.keras.arrays import KerasGRU, from_keras, to_keras
from glassgate.exchange.keras.file import read_keras
from glassgate.exchange.keras.layers import KerasLayer, from_keras_layers, to_keras_layers

__all__ = [
    "KerasGRU",
    "KerasLayer",
    "from_keras",
    "from_keras_layers",
    "read_keras",
    "to_keras",
    "to_keras_layers",
]
