"""GRUs of tools that keep a cell's arrays in mappings: equinox, flax, haiku, TensorFlow 1.

None of these packages is needed.

Read `trees` (checks nested mappings against a layout), and then one of `equinox`, `flax`, `haiku`
and `tensorflow1`, each of which explains how its tool's conventions differ from Glassgate's.
"""

from glassgate.exchange.arrays.equinox import from_equinox, to_equinox
from glassgate.exchange.arrays.flax import from_flax_linen, from_flax_nnx, to_flax_linen
from glassgate.exchange.arrays.haiku import from_haiku
from glassgate.exchange.arrays.tensorflow1 import from_tensorflow1

__all__ = [
    "from_equinox",
    "from_flax_linen",
    "from_flax_nnx",
    "from_haiku",
    "from_tensorflow1",
    "to_equinox",
    "to_flax_linen",
]
