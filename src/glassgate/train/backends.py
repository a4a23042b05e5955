"""Where independent trainings run: how many side by side, and on what back end of joblib."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec

from glassgate.engine.settings import allowed_cores
from glassgate.errors import BadInput

MAX_WORKERS = 1024  # trainings side by side; a cluster has more cores than this machine
LOKY = "loky"
PACKAGES = {
    LOKY: ("joblib", "joblib"),
    "dask": ("distributed", "dask[distributed]"),
    "ray": ("ray", "ray"),
}
"""By the name of a back end: the module that it needs, and what to install for it."""


@dataclass(frozen=True)
class Workers:
    """The processes that trainings are shared out to; `choose_workers` makes one.

    Attributes
    ----------
    count
        How many trainings run side by side; 1: one after the other, in this process.
    backend
        One of `PACKAGES`: processes on this machine (loky), or on a cluster of Dask or Ray.
    threads
        Of each training, 1..256. None, with one worker only: a training chooses for itself.
    """

    count: int
    backend: str
    threads: int | None


def choose_workers(
    count: int | None = None, backend: str = LOKY, threads: int | None = None
) -> Workers:
    """Return the workers that a person asks for, or those that suit this machine.

    Without `count` there is a worker for each core that the process may use. There is one where
    trainings would share a GPU, and where several processes share each training. Without
    `threads`, 1..256, each of several workers has one. `BadInput` for a number of workers out of
    range, or of several where processes share each training, and for a back end that is unknown
    or not installed.
    """
    shared = int(os.environ.get("WORLD_SIZE", "1")) > 1  # as accelerate and torchrun say
    if count is None:
        count = 1 if shared or _has_gpu() else allowed_cores()
    if check_count(count) > 1:
        if shared:
            raise BadInput(f"workers must be 1 where processes share a training, got {count}")
        threads = threads or 1
    return Workers(count, check_backend(backend), threads)


def check_count(count: int) -> int:
    """Give a number of workers back; `BadInput` unless it lies in 1..`MAX_WORKERS`."""
    if not 1 <= count <= MAX_WORKERS:
        raise BadInput(f"workers must be a whole number from 1 to {MAX_WORKERS}, got {count}")
    return count


def check_backend(name: str) -> str:
    """Give the name of a back end back; `BadInput` for one that is unknown or not installed."""
    if name not in PACKAGES:
        raise BadInput(f"backend must be one of {', '.join(PACKAGES)}, got {name!r}")
    module, package = PACKAGES[name]
    if find_spec(module) is None:
        raise BadInput(
            f"the backend {name} needs the package {module}, which is not installed: "
            f"run pip install '{package}'"
        )
    return name


def _has_gpu() -> bool:
    import torch

    return torch.accelerator.is_available()
