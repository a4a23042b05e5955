"""Peak memory of glassgate and of torch.nn.GRU, each work in a process of its own.

What is counted is how far resident memory rises above where it stood when the module and its
input were there: outputs, tapes, gradients and scratch. A tiny run before has loaded whatever
libraries load late. Runs on Linux with glibc only, which says how high memory rose.
"""

import argparse
import ctypes
import subprocess
import sys
from pathlib import Path

from glassgate.cli.bench import print_table
from glassgate.pages.content import Table
from glassgate.speed.contenders import GLASSGATE, TORCH, contenders, using_threads
from glassgate.speed.problem import make_problem
from glassgate.speed.shapes import Work

MIB = 2**20
NAMES = (GLASSGATE, TORCH)
WORKS = tuple(
    Work(H, batch=32, training=training) for H in (256, 1024) for training in (False, True)
)


def main() -> None:
    """Measure every work, or, in a child process, one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", nargs=2, metavar=("WHO", "WORK"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        who, number = options.one
        print(peak(who, WORKS[int(number)], options.threads))
        return
    rows = []
    for number, work in enumerate(WORKS):
        peaks = [in_a_process(who, number, options.threads) for who in NAMES]
        rows.append((work.name, *(f"{size / MIB:.1f}" for size in (least(work), *peaks))))
    print_table(
        Table(("work", "what has to be there, MiB", *(f"{who}, MiB" for who in NAMES)), rows)
    )


def in_a_process(who: str, number: int, threads: int) -> int:
    """Measure one contender's peak in a process that has done nothing else."""
    command = [sys.executable, __file__, "--one", who, str(number), "--threads", str(threads)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak(who: str, work: Work, threads: int) -> int:
    """Say by how many bytes resident memory rises over the work."""
    with using_threads(threads):
        tiny = Work(16, batch=2, steps=2, training=work.training)
        contenders(tiny)[who](make_problem(tiny), threads).call()
        contender = contenders(work)[who](make_problem(work), threads)
        ctypes.CDLL(None).malloc_trim(0)  # what is free goes back, so that nobody reuses it unseen
        Path("/proc/self/clear_refs").write_text("5")  # the peak is what there is now
        before = status("VmHWM")
        contender.call()
        return status("VmHWM") - before


def status(field: str) -> int:
    """Read a size from what Linux says about this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def least(work: Work) -> int:
    """Count the bytes of the output and, in training, of the tape and of all gradients."""
    T, B, H = work.steps, work.batch, work.hidden_size
    output = T * B * H
    tape, gradients = 4 * T * B * H, T * B * H + 6 * H * H + 6 * H
    return 4 * (output + (tape + gradients if work.training else 0))


if __name__ == "__main__":
    main()
