"""Runs targets in processes of their own, and keeps the inputs on which they fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from tests.fuzz.child import keep
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
MAX_SECONDS = 60  # for one input, on a machine that is busy with other work
MAX_START_SECONDS = 120  # until a process has loaded what it needs


@dataclass
class Result:
    """The outcomes of a target's inputs.

    Attributes
    ----------
    outcomes
        How many were ``"read"``, ``"refused"`` or ``"failed"``.
    failures
        For each that failed, where its input is kept and the last line of the reason.
    slowest
        The seconds that the slowest input took.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0


@dataclass(frozen=True)
class Fuzz:
    """One target with its samples.

    Attributes
    ----------
    target
        Its name.
    samples
        The folder that `write_samples` wrote.
    work
        The folder of the file that is being read.
    keep
        The folder where failing inputs are kept.
    seed
        Decides, together with an input's number, what the input is.
    reader
        The module and function that reads, if not the target's own.
    max_seconds
        The seconds that one input may take.
    """

    target: str
    samples: Path
    work: Path
    keep: Path
    seed: int = 0
    reader: str | None = None
    max_seconds: float = MAX_SECONDS

    def run(self, count: int, seconds: float = 1e9) -> Result:
        """Read `count` damaged files, or for `seconds`, whichever ends first."""
        result, number, end = Result(), 0, time.monotonic() + seconds
        while number < count and time.monotonic() < end:
            number = self._until_it_ends(result, number, count, end)
        return result

    def _until_it_ends(self, result: Result, number: int, count: int, end: float) -> int:
        """Run one process until it ends, hangs or runs out of time; return the next number."""
        errors, reading, hung = self.work / "errors.txt", False, False
        with errors.open("w") as stream, self._start(number, count, stream) as process:
            try:
                for message in _messages(process, self.max_seconds):
                    reading = "started" in message
                    if not reading:
                        self._count(result, number, message)
                        number += 1
                    if time.monotonic() > end:
                        process.kill()
                        return number
            except TimeoutError:
                process.kill()
                hung = True
            code = process.wait()
        if reading:
            self._record_crash(result, number, "hung" if hung else f"ended the process ({code})")
            return number + 1
        if code != 0:
            raise RuntimeError(f"{self.target} does not run: {errors.read_text()[-4000:]}")
        return number

    def _record_crash(self, result: Result, number: int, event: str) -> None:
        why = f"{(self.work / 'errors.txt').read_text()[-4000:]}\n{event}"
        keep(self.work / "files", self.keep / str(number), why)
        self._count(result, number, {"outcome": "failed", "why": why, "seconds": "0"})

    def _start(self, first: int, count: int, errors: Any) -> subprocess.Popen[str]:
        options = {
            "keep": self.keep.absolute(),
            "samples": self.samples / self.target,
            "work": self.work / "files",
            "reader": self.reader or TARGETS[self.target].reader,
            "seed": self.seed,
            "first": first,
            "count": count - first,
        }
        command = [sys.executable, "-m", "tests.fuzz.child", self.target]
        command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
        # one thread and one heap: more would reserve memory without using it
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )

    def _count(self, result: Result, number: int, message: dict[str, str]) -> None:
        result.outcomes[message["outcome"]] += 1
        result.slowest = max(result.slowest, float(message["seconds"]))
        if message["outcome"] == "failed":
            reason = message["why"].strip().splitlines()[-1]
            result.failures.append(f"{self.keep / str(number)}: {reason:.200}")


def write_samples(folder: Path, targets: Sequence[str]) -> None:
    """Write the samples of targets, in a process of its own, which loads all the tools."""
    command = [sys.executable, "-m", "tests.fuzz.samples", folder, *targets]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"the samples could not be made: {run.stderr}")


def _messages(process: subprocess.Popen[str], max_seconds: float) -> Iterator[dict[str, str]]:
    """Yield a process's messages until it ends; raise TimeoutError when none comes in time."""
    assert process.stdout is not None
    lines: SimpleQueue[str] = SimpleQueue()
    stream, wait = process.stdout, float(MAX_START_SECONDS)

    def listen() -> None:
        with suppress(ValueError):  # closed while it was being read
            for line in stream:
                lines.put(line)
        lines.put("")

    Thread(target=listen, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=wait)
        except Empty:
            raise TimeoutError from None
        if not line:
            return
        yield json.loads(line)
        wait = max_seconds
