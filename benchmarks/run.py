"""Time glassgate beside torch.nn.GRU, ONNX Runtime, OpenVINO, oneDNN and the machine's floor."""

import argparse
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import onednn_rivals
import onnx_rivals
from onednn_rivals import ONEDNN_3_2, ONEDNN_3_13
from targets import ONNX_RUNTIME, TARGETS, target_table

from glassgate import BadInput
from glassgate.cli.bench import bar, header, print_table, write
from glassgate.cli.options import check_free
from glassgate.speed import machine
from glassgate.speed.contenders import TORCH, contenders
from glassgate.speed.host import check_threads, cores
from glassgate.speed.measure import Measured, measure
from glassgate.speed.shapes import ALL, Work
from glassgate.speed.table import errors, table


def main() -> None:
    """Run; exit code 1 when a contender was refused, 2 for bad input."""
    options = arguments()
    results = measured(options.works, options.threads, options.rounds)
    print(header(options.threads or cores(), options.rounds))
    print_table(table(results, [TORCH, ONNX_RUNTIME, ONEDNN_3_2, ONEDNN_3_13]))
    print()
    print_table(target_table(results))
    for sentence in onednn_rivals.left_out():
        print(sentence)
    if options.output:
        write(options.output, results)
    if refused := errors(results):
        sys.exit("\n".join(refused))


def arguments() -> argparse.Namespace:
    """Read the command line, and refuse what cannot be done before anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="works whose name has it, * for anything"
    )
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender [15]")
    parser.add_argument(
        "--threads",
        type=int,
        help="of all works but single steps [torch and the engine as they are, "
        f"the others {cores()}]",
    )
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="all times, in seconds")
    parser.add_argument("--overwrite", action="store_true", help="replace that file")
    options = parser.parse_args()
    try:
        options.works = chosen(options.only)
        if options.threads is not None:
            check_threads(options.threads)
        if options.rounds < 1:
            raise BadInput(f"rounds must be at least 1, got {options.rounds}")
        if options.output:
            check_free(options.output, options.overwrite)
    except BadInput as error:
        parser.error(str(error))
    return options


def chosen(pattern: str) -> list[Work]:
    """Give the works that a pattern names."""
    works = [work for work in ALL if fnmatch(work.name, f"*{pattern}*")]
    if not works:
        raise BadInput(f"no work has {pattern!r} in its name; they are: {', '.join(TARGETS)}")
    return works


def measured(works: Sequence[Work], threads: int | None, rounds: int) -> list[Measured]:
    """Measure each work, with a bar on the terminal.

    Single steps come last: they set torch's threads, and after that it has no default any more.
    """
    results = {}
    with bar(len(works) * rounds) as advance:
        for work in sorted(works, key=lambda work: work.is_step):
            makers = {**contenders(work), **onnx_rivals.rivals(work), **onednn_rivals.rivals(work)}
            results[work] = measure(work, makers, machine, threads, rounds, advance)
    return [results[work] for work in works]


if __name__ == "__main__":
    main()
