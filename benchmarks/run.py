"""Time Glassgate against torch.nn.GRU, ONNX Runtime, OpenVINO, oneDNN and the machine's floor."""

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
from glassgate.speed.contenders import TORCH, contenders_for
from glassgate.speed.host import check_threads, cores
from glassgate.speed.measurement import Measured, measure
from glassgate.speed.tables import errors, table
from glassgate.speed.workloads import ALL, Workload


def main() -> None:
    """Run all; exit code 1 if a contender's results were wrong, 2 for bad input."""
    options = arguments()
    results = measure_all(options.workloads, options.threads, options.rounds)
    print(header(options.threads or cores(), options.rounds))
    print_table(table(results, [TORCH, ONNX_RUNTIME, ONEDNN_3_2, ONEDNN_3_13]))
    print()
    print_table(target_table(results))
    for sentence in onednn_rivals.missing():
        print(sentence)
    if options.output:
        write(options.output, results)
    if sentences := errors(results):
        sys.exit("\n".join(sentences))


def arguments() -> argparse.Namespace:
    """Read the command line and check it before anything is timed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="works whose name has it, * for anything"
    )
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender [15]")
    parser.add_argument(
        "--threads",
        type=int,
        help="for all workloads but single steps [torch's and the engine's own settings, "
        f"{cores()} for others]",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE.json", help="write all times, in seconds"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    options = parser.parse_args()
    try:
        options.workloads = choose_workloads(options.only)
        if options.threads is not None:
            check_threads(options.threads)
        if options.rounds < 1:
            raise BadInput(f"rounds must be at least 1, got {options.rounds}")
        if options.output:
            check_free(options.output, options.overwrite)
    except BadInput as error:
        parser.error(str(error))
    return options


def choose_workloads(pattern: str) -> list[Workload]:
    """Return the workloads whose name matches a pattern."""
    workloads = [workload for workload in ALL if fnmatch(workload.name, f"*{pattern}*")]
    if not workloads:
        raise BadInput(f"no workload matches {pattern!r}; choose from {', '.join(TARGETS)}")
    return workloads


def measure_all(workloads: Sequence[Workload], threads: int | None, rounds: int) -> list[Measured]:
    """Measure each workload, with a progress bar.

    Single steps come last: they set torch's threads, after which it has no default any more.
    """
    results = {}
    with bar(len(workloads) * rounds) as advance:
        for workload in sorted(workloads, key=lambda each: each.is_step):
            makers = {
                **contenders_for(workload),
                **onnx_rivals.rivals(workload),
                **onednn_rivals.rivals(workload),
            }
            results[workload] = measure(workload, makers, machine, threads, rounds, advance)
    return [results[workload] for workload in workloads]


if __name__ == "__main__":
    main()
