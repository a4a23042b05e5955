"""Time `glassgate train language` while other programs keep the cores busy.

Training on two threads waits for both at every step. If another program occupies one of two cores,
the waiting costs far more than the second thread gains. The default should come close to the better
of one thread and two, whatever else is running.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from glassgate.cli.bench import bar, print_table
from glassgate.pages.content import Table
from glassgate.speed.host import cores, processor_name
from glassgate.train.settings import NETWORKS

BUSY = (0, 1, 2)  # busy programs
THREADS = (1, 2, None)  # None is the default
SENTENCES, EPOCHS = 1500, 2
LOSS_TOLERANCE = 0.05  # between runs of a network: threads change only the last bits
COLUMNS = ("network", "busy programs", "1 thread", "2 threads", "default", "default / better")
# A busy program: it gets its parent's process id and ends when its parent does, for any reason.
LOOP = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(10**6):
        pass
"""
GLASSGATE = (sys.executable, "-m", "glassgate")


class Trained(NamedTuple):
    """A training run: its seconds, and the held-out loss of the best epoch."""

    seconds: float
    loss: float


def main() -> None:
    """Run all; exit code 1 if the runs of one network reached different losses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs per setting [3]")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS, help="[all]")
    options = parser.parse_args()
    rows = []
    runs = len(options.networks) * len(BUSY) * options.rounds
    with TemporaryDirectory() as name, bar(runs) as advance:
        corpus = write_corpus(Path(name))
        for network in options.networks:
            for busy in BUSY:
                results: dict[int | None, list[Trained]] = {threads: [] for threads in THREADS}
                for number in range(options.rounds):
                    for threads in (*THREADS[number % 3 :], *THREADS[: number % 3]):
                        with busy_programs(busy):
                            results[threads].append(train(corpus, network, threads))
                    advance()
                check(network, [run for runs in results.values() for run in runs])
                rows.append((network, str(busy), *figures(results)))
    print(f"{processor_name()}, {cores()} cores")
    print(f"seconds of training, medians of {options.rounds} runs")
    print(f"threads are set by {'--threads N' if has_option() else 'OMP_NUM_THREADS=N'}")
    print_table(Table(COLUMNS, rows))


def write_corpus(folder: Path) -> Path:
    """Write sentences of the language of the demo."""
    command = [*GLASSGATE, "grammar", "sample", "-n", str(SENTENCES), "--seed", "1"]
    sentences = subprocess.run(command, check=True, capture_output=True).stdout
    corpus = folder / "corpus.txt"
    corpus.write_bytes(sentences)
    return corpus


@contextmanager
def busy_programs(count: int) -> Iterator[None]:
    """Run this many busy programs within a context."""
    with ExitStack() as running:
        for _ in range(count):
            command = [sys.executable, "-c", LOOP, str(os.getpid())]
            program = running.enter_context(subprocess.Popen(command))
            running.callback(program.kill)  # called first; then we wait for the program
        yield


def train(corpus: Path, network: str, threads: int | None) -> Trained:
    """Train once in its own process, and read its output."""
    model = corpus.with_name("model")
    command = [*GLASSGATE, "train", "language", str(corpus), "--sentences", "--network", network]
    command += ["--epochs", str(EPOCHS), "--output", str(model), "--overwrite"]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if threads is not None and has_option():
        command += ["--threads", str(threads)]
    elif threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return read(done.stdout)


@cache
def has_option() -> bool:
    """Return whether the command has the option --threads."""
    command = [*GLASSGATE, "train", "language", "--help"]
    help_text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "--threads" in help_text


def read(output: str) -> Trained:
    """Find seconds and loss in the output of the command."""
    seconds = re.search(r"trained in ([\d.]+) s", output)
    loss = re.search(r"best epoch .* held-out loss ([\d.]+)", output)
    if not (seconds and loss):
        sys.exit(f"no seconds or no loss in the output of glassgate train language:\n{output}")
    return Trained(float(seconds[1]), float(loss[1]))


def check(network: str, runs: Sequence[Trained]) -> None:
    """Exit if the runs of one network reached different losses."""
    losses = [run.loss for run in runs]
    if max(losses) - min(losses) > LOSS_TOLERANCE:
        sys.exit(f"{network} must learn the same on any number of threads, got losses {losses}")


def figures(results: dict[int | None, list[Trained]]) -> tuple[str, ...]:
    """Return medians, and the default's time as a multiple of the better number of threads."""
    medians = [float(np.median([run.seconds for run in results[threads]])) for threads in THREADS]
    one, two, default = medians
    return (*(f"{seconds:.1f} s" for seconds in medians), f"{default / min(one, two):.2f}")


if __name__ == "__main__":
    main()
