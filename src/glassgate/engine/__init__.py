"""The native engine: whole sequences, their gradients, and single steps.

It computes on NumPy arrays and does not need torch. `GRU` is a whole network, and `Layer` one layer
in one direction. `targets` lists the instruction sets of this machine; the environment variable
``GLASSGATE_TARGET`` overrides the choice. `set_threads` sets the number of threads, and `threading`
reports it.

A newcomer reads `gru` (a network, run or stepped), `plan` (how layers and directions fit together),
`layer` (one layer and its gradients), `calls` and `gradients` (which call the native code, forward
and backward); then `settings` (instruction sets and threads), `file` (the safetensors file) and
`bfloat16`.
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
