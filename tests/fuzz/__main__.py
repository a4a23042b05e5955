"""``python -m tests.fuzz``: every target for some seconds, with counts of the outcomes."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzz.run import Fuzz, Result, write_samples
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Run the targets; return 1 where an input failed, else 0."""
    parser = argparse.ArgumentParser(description="Feed damaged files to the readers.")
    parser.add_argument("targets", nargs="*", default=[], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument(
        "--seconds", type=float, default=60, help="time for each target (default 60)"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides the damage (default 0)")
    parser.add_argument(
        "--keep", type=Path, default=Path("kept"), help="folder for failing inputs (default kept)"
    )
    options = parser.parse_args()
    failed = False
    print(f"{'target':<12}{'inputs':>9}{'read':>9}{'refused':>9}{'failed':>9}{'slowest':>10}")
    names = options.targets or list(TARGETS)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_samples(work / "samples", names)
        for name in names:
            keep = options.keep / f"{name}-{options.seed}"
            fuzz = Fuzz(name, work / "samples", work, keep, options.seed)
            failed = print_result(name, fuzz.run(2**62, options.seconds)) or failed
    return int(failed)


def print_result(name: str, result: Result) -> bool:
    """Print a line of counts and the failures; return whether there are any."""
    counts = [result.outcomes[word] for word in ("read", "refused", "failed")]
    columns = "".join(f"{count:>9}" for count in (sum(counts), *counts))
    print(f"{name:<12}{columns}{result.slowest:>8.2f} s", flush=True)
    for failure in result.failures:
        print(f"    {failure}")
    return bool(result.failures)


if __name__ == "__main__":
    sys.exit(main())
