"""Measure the peak memory of Glassgate and torch.nn.GRU, each workload in its own process.

The figure is the rise of resident memory after the module and its input have been allocated:
outputs, tapes, gradients and scratch. A tiny run beforehand loads whatever libraries load late.
Works only on Linux with glibc, where the peak can be reset and read.
"""

import argparse
import ctypes
import subprocess
import sys
from pathlib import Path

from glassgate.cli.bench import print_table
from glassgate.pages.content import Table
from glassgate.speed.contenders import GLASSGATE, TORCH, contenders_for, using_threads
from glassgate.speed.problem import make_problem
from glassgate.speed.workloads import Workload

MIB = 2**20
NAMES = (GLASSGATE, TORCH)
WORKLOADS = tuple(
    Workload(H, batch=32, training=training) for H in (256, 1024) for training in (False, True)
)


def main() -> None:
    """Measure every workload or, in a child process, one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", nargs=2, metavar=("CONTENDER", "WORKLOAD"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        who, number = options.one
        print(peak(who, WORKLOADS[int(number)], options.threads))
        return
    rows = []
    for number, workload in enumerate(WORKLOADS):
        peaks = [peak_in_process(who, number, options.threads) for who in NAMES]
        rows.append((workload.name, *(f"{size / MIB:.1f}" for size in (minimum(workload), *peaks))))
    print_table(Table(("workload", "minimum, MiB", *(f"{who}, MiB" for who in NAMES)), rows))


def peak_in_process(who: str, number: int, threads: int) -> int:
    """Measure one contender's peak in a fresh process."""
    command = [sys.executable, __file__, "--one", who, str(number), "--threads", str(threads)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak(who: str, workload: Workload, threads: int) -> int:
    """Return by how many bytes resident memory rises during a workload."""
    with using_threads(threads):
        tiny = Workload(16, batch=2, steps=2, training=workload.training)
        contenders_for(tiny)[who](make_problem(tiny), threads).call()
        contender = contenders_for(workload)[who](make_problem(workload), threads)
        ctypes.CDLL(None).malloc_trim(0)  # return free memory, whose reuse would not be counted
        Path("/proc/self/clear_refs").write_text("5")  # reset the peak
        before = status("VmHWM")
        contender.call()
        return status("VmHWM") - before


def status(field: str) -> int:
    """Read a size from Linux's status of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def minimum(workload: Workload) -> int:
    """Return the bytes of the output and, in training, of the tape and all gradients."""
    T, B, H = workload.steps, workload.batch, workload.hidden_size
    output = T * B * H
    tape, gradients = 4 * T * B * H, T * B * H + 6 * H * H + 6 * H
    return 4 * (output + (tape + gradients if workload.training else 0))


if __name__ == "__main__":
    main()
