"""The machine that a benchmark runs on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import glassgate.engine
from glassgate.errors import BadInput


def cores() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int) -> None:
    """Refuse more threads than cores.

    Raises
    ------
    BadInput
        When `threads` is less than 1 or more than the number of cores.
    """
    if not 1 <= threads <= cores():
        raise BadInput(
            f"threads must be from 1 to {cores()}, the cores that this process may use, "
            f"got {threads}"
        )


def describe_host() -> dict[str, str]:
    """Return processor, number of cores, system and the engine's instruction set."""
    return {
        "processor": processor_name(),
        "cores": str(cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "target": glassgate.engine.target(),
    }


def processor_name() -> str:
    """Return the processor's name, or "unknown" if the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()  # Linux
    except OSError:
        return platform.processor() or "unknown"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
