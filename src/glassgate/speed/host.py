"""What a run was made on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import glassgate.engine
from glassgate.errors import BadInput


def cores() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux; others do not say which
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int) -> None:
    """Refuse a number of threads that would have to share cores.

    Raises
    ------
    BadInput
        When it is less than 1 or more than there are cores.
    """
    if not 1 <= threads <= cores():
        raise BadInput(
            f"threads must be from 1 to {cores()}, the cores that this process may use, "
            f"got {threads}"
        )


def host() -> dict[str, str]:
    """Name the processor, its cores and the instruction set that the engine chose."""
    return {
        "processor": processor(),
        "cores": str(cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "target": glassgate.engine.target(),
    }


def processor() -> str:
    """Give the processor's name, as far as the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()  # Linux
    except OSError:
        return platform.processor() or "unknown"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
