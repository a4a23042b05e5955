"""The workloads that are timed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """One thing to time: a layer of H units with inputs of the same size, I = H.

    A `ragged` batch has sequences of different lengths, up to `steps`. A workload of one step, as
    in streaming, runs on one thread; all others use the threads of the benchmark.
    """

    hidden_size: int
    batch: int
    steps: int = 100
    training: bool = False
    ragged: bool = False

    @property
    def name(self) -> str:
        """Its name in tables and for `--only`.

        >>> Workload(256, 1).name, Workload(64, 1, steps=1).name
        ('T=100 B=1 H=256', 'step H=64')
        """
        training = "training " if self.training else ""
        if self.is_step:
            return f"{training}step H={self.hidden_size}"
        ragged = "ragged " if self.ragged else ""
        return f"{ragged}{training}T={self.steps} B={self.batch} H={self.hidden_size}"

    @property
    def is_step(self) -> bool:
        """Whether it is a single step."""
        return self.steps == 1

    def threads(self, available: int) -> int:
        """Return how many of the available threads it uses."""
        return 1 if self.is_step else available


STEPS = tuple(Workload(H, batch=1, steps=1) for H in (64, 128, 256, 512))
ONE_SEQUENCE = tuple(Workload(H, batch=1) for H in (128, 256, 512))
BATCH = (
    *(Workload(H, batch=32) for H in (128, 256, 512, 1024)),
    Workload(256, batch=128, steps=50),
)
TRAINING = (
    Workload(256, batch=1, training=True),
    *(Workload(H, batch=32, training=True) for H in (128, 256, 512, 1024)),
    Workload(256, batch=128, steps=50, training=True),
)
RAGGED = tuple(
    Workload(256, batch=256, training=training, ragged=True) for training in (False, True)
)

ALL = (*STEPS, *ONE_SEQUENCE, *BATCH, *TRAINING, *RAGGED)
SHORT = (
    Workload(64, batch=1, steps=1),
    Workload(256, batch=1, steps=1),
    Workload(256, batch=1),
    Workload(256, batch=32),
    Workload(128, batch=32, training=True),
)
