"""Which instruction set the engine uses: the best that is offered here, or the one asked for."""

import os

from glassgate import _native
from glassgate.errors import BadInput

VARIABLE = "GLASSGATE_TARGET"


def targets() -> list[str]:
    """List the instruction sets that the processor and the operating system offer, best first.

    ``"plain"``, portable C++, is always the last.
    """
    return _native.targets()


def _choose() -> str:
    offered = targets()
    wanted = os.environ.get(VARIABLE) or offered[0]
    if wanted not in offered:
        raise BadInput(f"{VARIABLE} must be one of {', '.join(offered)} here, got {wanted!r}")
    return wanted


_chosen = _choose()  # once, at import


def target() -> str:
    """Name the instruction set in use: the environment's ``GLASSGATE_TARGET``, or the best."""
    return _chosen
