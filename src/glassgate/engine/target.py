"""Which instruction set the engine uses: the best that is offered here, or the one asked for."""

import os
from functools import cache

from glassgate import _native
from glassgate.errors import BadInput

VARIABLE = "GLASSGATE_TARGET"


def targets() -> list[str]:
    """List the instruction sets that the processor and the operating system offer, best first.

    ``"plain"``, portable C++, is always the last.
    """
    return _native.targets()


@cache
def target() -> str:
    """Name the instruction set in use: the environment's ``GLASSGATE_TARGET``, or the best.

    Chosen once, when it is first asked for.

    Raises
    ------
    BadInput
        When the environment names one that is not offered here.
    """
    offered = targets()
    wanted = os.environ.get(VARIABLE) or offered[0]
    if wanted not in offered:
        raise BadInput(f"{VARIABLE} must be one of {', '.join(offered)} here, got {wanted!r}")
    return wanted
