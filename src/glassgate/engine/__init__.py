"""The native engine: whole sequences, their gradients, and single steps, at the machine's speed.

NumPy arrays in, NumPy arrays out; no torch. `GRU` is a whole network, `Layer` one layer in one
direction; `targets` lists the instruction sets, the environment's ``GLASSGATE_TARGET`` overrides
the choice.
"""

from glassgate.engine.bfloat16 import bfloat16_error
from glassgate.engine.calls import release_memory
from glassgate.engine.gru import GRU
from glassgate.engine.layer import Layer, Record, backward
from glassgate.engine.plan import LayerPlan
from glassgate.engine.settings import Threading, set_threads, target, targets, threading, threads

__all__ = [
    "GRU",
    "Layer",
    "LayerPlan",
    "Record",
    "Threading",
    "backward",
    "bfloat16_error",
    "release_memory",
    "set_threads",
    "target",
    "targets",
    "threading",
    "threads",
]
