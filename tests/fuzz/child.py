"""A process that reads damaged files one after the other, and prints the outcome of each.

Each file lies in a work folder while it is read, so that the parent process still has it when this
one crashes.
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

SPARE_MEMORY, MEMORY_PER_BYTE = 2**26, 30  # bytes that reading may take, more for large files


def main() -> None:
    """Read the inputs that the options name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--reader", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", UserWarning)  # about NaN, and about duplicate names in a zip
    samples, target = load(options.samples), TARGETS[options.target]
    read = _reader(options.reader)
    for sample in samples:  # undamaged, so that what is loaded only once is not counted
        judge(read, _lay_out(options.work, sample, target.ending))
    for number in range(options.first, options.first + options.count):
        rng = random.Random(f"{options.target} {options.seed} {number}")
        files = damaged(target, samples, rng)
        path = _lay_out(options.work, files, target.ending)
        _print({"started": number})
        result = judge(read, path)
        if result["outcome"] == "failed":
            keep(options.work, options.keep / str(number), result["why"])
        _print({"ended": number, **result})


def judge(read: Callable[[Path], Any], path: Path) -> dict[str, str]:
    """Read a file and judge the outcome: "read", "refused" in a sentence, or "failed" and why."""
    size = sum(file.stat().st_size for file in path.parent.iterdir())
    before, began = peak(), time.monotonic()
    try:
        read(path)
        outcome, why = "read", ""
    except (BadInput, OSError) as error:
        outcome, why = "refused", str(error)
        if not why or not why.isprintable():
            outcome, why = "failed", f"no sentence: {why!r}"
    except BaseException:  # a panic in Rust is not an Exception
        outcome, why = "failed", traceback.format_exc()
    growth = peak() - before
    if growth > SPARE_MEMORY + MEMORY_PER_BYTE * size:
        outcome, why = "failed", f"took {growth:,} bytes for files of {size:,} ({outcome}: {why})"
    return {"outcome": outcome, "why": why, "seconds": f"{time.monotonic() - began:.3f}"}


def keep(work: Path, target: Path, why: str) -> None:
    """Copy an input to where it stays, with the reason."""
    shutil.copytree(work, target, dirs_exist_ok=True)
    (target / "why.txt").write_text(why)


def _reader(path: str) -> Callable[[Path], Any]:
    module, name = path.split(":")
    read: Callable[[Path], Any] = getattr(import_module(module), name)
    return read


def _lay_out(folder: Path, files: dict[str, bytes], ending: str) -> Path:
    """Write files into a folder, emptied first; return the path of the model."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / f"model.{ending}"


def peak() -> int:
    """Return the most bytes of address space that this process ever had."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmPeak"))
    return int(line.split()[1]) * 1024


def _print(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
