"""One process that reads damaged files, one after the other, and says of each what came.

It is given by its parent a folder to work in, where the file that it reads lies while it reads
it: so the parent has it when this process dies of it.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
import traceback
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from glassgate import BadInput
from tests.fuzz.targets import TARGETS, damaged, load

SPARE, TIMES = 2**26, 30  # bytes that reading may take, and more for each byte of the files


def main() -> None:
    """Read the inputs that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--reader", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    given = parser.parse_args()
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", UserWarning)  # of NaN, and of names twice in a zip
    samples, target = load(given.samples), TARGETS[given.target]
    read = _reader(given.reader)
    for sample in samples:  # once as they are: what is loaded once is no file's fault
        judged(read, _laid(given.work, sample, target.ending))
    for number in range(given.first, given.first + given.count):
        rng = random.Random(f"{given.target} {given.seed} {number}")
        files = damaged(target, samples, rng)
        path = _laid(given.work, files, target.ending)
        _say({"started": number})
        came = judged(read, path)
        if came["outcome"] == "failed":
            keep(given.work, given.keep / str(number), came["why"])
        _say({"ended": number, **came})


def judged(read: Callable[[Path], Any], path: Path) -> dict[str, str]:
    """Read a file and say whether that went as it must; a failure comes with its reason."""
    size = sum(file.stat().st_size for file in path.parent.iterdir())
    before, began = peak(), time.monotonic()
    try:
        read(path)
        outcome, why = "read", ""
    except (BadInput, OSError) as error:
        outcome, why = "refused", str(error)
        if not why or not why.isprintable():
            outcome, why = "failed", f"no sentence: {why!r}"
    except BaseException:  # Rust's panics are no Exceptions
        outcome, why = "failed", traceback.format_exc()
    grew = peak() - before
    if grew > SPARE + TIMES * size:
        outcome, why = "failed", f"took {grew:,} bytes for files of {size:,} ({outcome}: {why})"
    return {"outcome": outcome, "why": why, "seconds": f"{time.monotonic() - began:.3f}"}


def keep(work: Path, place: Path, why: str) -> None:
    """Copy an input to where it stays, with what came of it."""
    shutil.copytree(work, place, dirs_exist_ok=True)
    (place / "why.txt").write_text(why)


def _reader(said: str) -> Callable[[Path], Any]:
    module, name = said.split(":")
    read: Callable[[Path], Any] = getattr(import_module(module), name)
    return read


def _laid(folder: Path, files: dict[str, bytes], ending: str) -> Path:
    """Lay files into the folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / f"model.{ending}"


def peak() -> int:
    """Give the most bytes of memory that this process ever had, used or not."""
    said = Path("/proc/self/status").read_text()
    line = next(line for line in said.splitlines() if line.startswith("VmPeak"))
    return int(line.split()[1]) * 1024


def _say(words: dict[str, Any]) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()
