"""The works whose speed is asked for, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """One thing to be timed: a layer of H units that reads inputs of the same size, I = H.

    A `ragged` batch has sequences of unlike lengths, up to `steps`. A work of one step is what a
    stream asks for at every tick: it runs on one thread, all others on as many as the run has.
    """

    hidden_size: int
    batch: int
    steps: int = 100
    training: bool = False
    ragged: bool = False

    @property
    def name(self) -> str:
        """What tables and `--only` call it.

        >>> Work(256, 1).name, Work(64, 1, steps=1).name
        ('T=100 B=1 H=256', 'step H=64')
        """
        training = "training " if self.training else ""
        if self.is_step:
            return f"{training}step H={self.hidden_size}"
        ragged = "ragged " if self.ragged else ""
        return f"{ragged}{training}T={self.steps} B={self.batch} H={self.hidden_size}"

    @property
    def is_step(self) -> bool:
        """Whether it is one step of a stream."""
        return self.steps == 1

    def threads(self, offered: int) -> int:
        """Say how many of the threads on offer it uses."""
        return 1 if self.is_step else offered


STEPS = tuple(Work(H, batch=1, steps=1) for H in (64, 128, 256, 512))
ONE_SEQUENCE = tuple(Work(H, batch=1) for H in (128, 256, 512))
BATCH = (
    *(Work(H, batch=32) for H in (128, 256, 512, 1024)),
    Work(256, batch=128, steps=50),
)
TRAINING = (
    Work(256, batch=1, training=True),
    *(Work(H, batch=32, training=True) for H in (128, 256, 512, 1024)),
    Work(256, batch=128, steps=50, training=True),
)
RAGGED = tuple(Work(256, batch=256, training=training, ragged=True) for training in (False, True))

ALL = (*STEPS, *ONE_SEQUENCE, *BATCH, *TRAINING, *RAGGED)
SHORT = (
    Work(64, batch=1, steps=1),
    Work(256, batch=1, steps=1),
    Work(256, batch=1),
    Work(256, batch=32),
    Work(128, batch=32, training=True),
)
