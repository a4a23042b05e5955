"""Time `glassgate train language` beside programs that keep the cores busy.

Who trains on two threads waits for both at every step; where another program has one of the two
cores, that costs many times what the second thread brings. The default should come close to the
better of one thread and two, whatever else runs.
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
from glassgate.speed.host import cores, processor
from glassgate.train.settings import NETWORKS

BUSY = (0, 1, 2)  # programs beside
THREADS = (1, 2, None)  # None is the default
SENTENCES, EPOCHS = 1500, 2
MOST = 0.05  # between the held-out losses of one network: threads change the last bits alone
COLUMNS = ("network", "busy programs", "1 thread", "2 threads", "default", "default / better")
# It ends when its parent, whose number it is given, does, however that ends.
LOOP = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(10**6):
        pass
"""
GLASSGATE = (sys.executable, "-m", "glassgate")


class Trained(NamedTuple):
    """What a training run said: its seconds, and the held-out loss of the best epoch."""

    seconds: float
    loss: float


def main() -> None:
    """Run; exit code 1 when the runs of one network did not learn the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind [3]")
    parser.add_argument(
        "--networks", nargs="+", choices=NETWORKS, default=NETWORKS, help="[all of them]"
    )
    options = parser.parse_args()
    rows = []
    runs = len(options.networks) * len(BUSY) * options.rounds
    with TemporaryDirectory() as name, bar(runs) as advance:
        corpus = write_corpus(Path(name))
        for network in options.networks:
            for busy in BUSY:
                found: dict[int | None, list[Trained]] = {threads: [] for threads in THREADS}
                for number in range(options.rounds):
                    for threads in (*THREADS[number % 3 :], *THREADS[: number % 3]):
                        with busy_programs(busy):
                            found[threads].append(train(corpus, network, threads))
                    advance()
                check(network, [run for runs in found.values() for run in runs])
                rows.append((network, str(busy), *figures(found)))
    print(f"{processor()}, {cores()} cores; seconds of training, medians of {options.rounds} runs")
    print(f"threads are given as {'--threads N' if has_option() else 'OMP_NUM_THREADS=N'}")
    print_table(Table(COLUMNS, rows))


def write_corpus(folder: Path) -> Path:
    """Write sentences of the demo's language."""
    command = [*GLASSGATE, "grammar", "sample", "-n", str(SENTENCES), "--seed", "1"]
    sentences = subprocess.run(command, check=True, capture_output=True).stdout
    corpus = folder / "corpus.txt"
    corpus.write_bytes(sentences)
    return corpus


@contextmanager
def busy_programs(count: int) -> Iterator[None]:
    """Let so many programs run within."""
    with ExitStack() as running:
        for _ in range(count):
            command = [sys.executable, "-c", LOOP, str(os.getpid())]
            program = running.enter_context(subprocess.Popen(command))
            running.callback(program.kill)  # called first; then the program is waited for
        yield


def train(corpus: Path, network: str, threads: int | None) -> Trained:
    """Train once, in a process of its own, and read what it says."""
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
    """Whether the command takes a number of threads."""
    command = [*GLASSGATE, "train", "language", "--help"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "--threads" in said


def read(said: str) -> Trained:
    """Find seconds and loss in what the command printed."""
    seconds = re.search(r"trained in ([\d.]+) s", said)
    loss = re.search(r"best epoch .* held-out loss ([\d.]+)", said)
    if not (seconds and loss):
        sys.exit(f"no seconds or no loss in what glassgate train language said:\n{said}")
    return Trained(float(seconds[1]), float(loss[1]))


def check(network: str, runs: Sequence[Trained]) -> None:
    """End the whole when runs of one network reached different losses."""
    losses = [run.loss for run in runs]
    if max(losses) - min(losses) > MOST:
        sys.exit(f"{network} must learn the same on any number of threads, got losses {losses}")


def figures(found: dict[int | None, list[Trained]]) -> tuple[str, ...]:
    """Say the medians, and how many times the better number of threads the default takes."""
    medians = [float(np.median([run.seconds for run in found[threads]])) for threads in THREADS]
    one, two, default = medians
    return (*(f"{seconds:.1f} s" for seconds in medians), f"{default / min(one, two):.2f}")


if __name__ == "__main__":
    main()
