"""``python -m fuzz``: every target for some seconds, with counts of what came."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzz.run import Fuzz, Result, write_samples
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Run the targets; 1 where an input failed."""
    parser = argparse.ArgumentParser(description="Feed damaged files to the readers.")
    parser.add_argument("targets", nargs="*", default=[], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("kept"))
    given = parser.parse_args()
    failed = False
    print(f"{'target':<12}{'inputs':>9}{'read':>9}{'refused':>9}{'failed':>9}{'slowest':>10}")
    names = given.targets or list(TARGETS)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_samples(work / "samples", names)
        for name in names:
            keep = given.keep / f"{name}-{given.seed}"
            fuzz = Fuzz(name, work / "samples", work, keep, given.seed)
            failed = tell(name, fuzz.run(2**62, given.seconds)) or failed
    return int(failed)


def tell(name: str, result: Result) -> bool:
    """Print a line of counts and the failures; say whether there are any."""
    came = [result.outcomes[word] for word in ("read", "refused", "failed")]
    counts = "".join(f"{number:>9}" for number in (sum(came), *came))
    print(f"{name:<12}{counts}{result.slowest:>8.2f} s", flush=True)
    for failure in result.failures:
        print(f"    {failure}")
    return bool(result.failures)


if __name__ == "__main__":
    sys.exit(main())
