"""Runs targets in processes of their own, and keeps the inputs that end or mislead them."""

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
LONGEST = 60  # seconds for one input, on a machine that has other work as well
START = 120  # seconds until a process has loaded what it needs


@dataclass
class Result:
    """What became of a target's inputs.

    Attributes
    ----------
    outcomes
        How many were ``"read"``, ``"refused"`` or ``"failed"``.
    failures
        For each that failed, where its input lies and the last line of the reason.
    slowest
        The longest that one input took, in seconds.
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
        Where `write_samples` wrote.
    work
        Where the file at work lies.
    keep
        Where inputs that fail are kept.
    seed
        Decides, with an input's number, what the input is.
    reader
        The module and function that reads, if not the target's own.
    longest
        The seconds that one input may take.
    """

    target: str
    samples: Path
    work: Path
    keep: Path
    seed: int = 0
    reader: str | None = None
    longest: float = LONGEST

    def run(self, count: int, seconds: float = 1e9) -> Result:
        """Read so many damaged files, or for so long, whichever ends first."""
        result, number, end = Result(), 0, time.monotonic() + seconds
        while number < count and time.monotonic() < end:
            number = self._until_it_ends(result, number, count, end)
        return result

    def _until_it_ends(self, result: Result, number: int, count: int, end: float) -> int:
        """Run one process until it ends, hangs or its time is over; give the next number."""
        errors, reading, hung = self.work / "errors.txt", False, False
        with errors.open("w") as stream, self._started(number, count, stream) as process:
            try:
                for said in _said(process, self.longest):
                    reading = "started" in said
                    if not reading:
                        self._count(result, number, said)
                        number += 1
                    if time.monotonic() > end:
                        process.kill()
                        return number
            except TimeoutError:
                process.kill()
                hung = True
            code = process.wait()
        if reading:
            self._fatal(result, number, "hung" if hung else f"ended the process ({code})")
            return number + 1
        if code != 0:
            raise RuntimeError(f"{self.target} does not run: {errors.read_text()[-4000:]}")
        return number

    def _fatal(self, result: Result, number: int, what: str) -> None:
        why = f"{(self.work / 'errors.txt').read_text()[-4000:]}\n{what}"
        keep(self.work / "files", self.keep / str(number), why)
        self._count(result, number, {"outcome": "failed", "why": why, "seconds": "0"})

    def _started(self, first: int, count: int, errors: Any) -> subprocess.Popen[str]:
        words = {
            "keep": self.keep.absolute(),
            "samples": self.samples / self.target,
            "work": self.work / "files",
            "reader": self.reader or TARGETS[self.target].reader,
            "seed": self.seed,
            "first": first,
            "count": count - first,
        }
        command = [sys.executable, "-m", "tests.fuzz.child", self.target]
        command += [part for name, word in words.items() for part in (f"--{name}", str(word))]
        # one thread and one heap: more of them are memory that is reserved, not used
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )

    def _count(self, result: Result, number: int, said: dict[str, str]) -> None:
        result.outcomes[said["outcome"]] += 1
        result.slowest = max(result.slowest, float(said["seconds"]))
        if said["outcome"] == "failed":
            reason = said["why"].strip().splitlines()[-1]
            result.failures.append(f"{self.keep / str(number)}: {reason:.200}")


def write_samples(folder: Path, targets: Sequence[str]) -> None:
    """Write the samples of targets into a folder, in a process of its own: it loads all tools."""
    command = [sys.executable, "-m", "tests.fuzz.samples", folder, *targets]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"no samples could be made: {made.stderr}")


def _said(process: subprocess.Popen[str], longest: float) -> Iterator[dict[str, str]]:
    """Yield what a process says until it ends; raise TimeoutError when it says nothing for long."""
    assert process.stdout is not None
    lines: SimpleQueue[str] = SimpleQueue()
    stream, wait = process.stdout, float(START)

    def listen() -> None:
        with suppress(ValueError):  # closed while it was listened to
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
        wait = longest
