"""Several networks, each with several seeds, on one corpus.

A study is a folder with a model folder for each run. What it found is read from those alone, so
that a study that was stopped at any moment can go on.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from glassgate.errors import BadInput
from glassgate.train.backends import Workers
from glassgate.train.corpus import Files, fingerprint, name_of
from glassgate.train.folder import MODEL, STATE, read_config, read_history
from glassgate.train.model import load
from glassgate.train.parallel import Piece, run_pieces
from glassgate.train.run import Output, train_language
from glassgate.train.settings import Settings
from glassgate.train.tokens import Level
from glassgate.train.watch import Epoch, Watcher

RESULTS = "results.json"


@dataclass(frozen=True)
class Study:
    """What is compared; `BadInput` for no network, no seed, or one of them twice.

    `settings` hold what all runs share; each has its own network and seed.
    """

    corpus: Files
    folder: Path
    networks: Sequence[str]
    seeds: Sequence[int]
    settings: Settings
    level: Level
    by_sentence: bool
    minimum_frequency: int

    def __post_init__(self) -> None:
        """Check networks and seeds."""
        for name, values in (("networks", self.networks), ("seeds", self.seeds)):
            if not values or len(set(values)) < len(values):
                given = ", ".join(map(str, values)) or "none"
                kind = "names" if name == "networks" else "numbers"
                raise BadInput(f"{name} must be one or more different {kind}, got {given}")
        list(self.runs())  # settings check themselves

    def runs(self) -> Iterator[tuple[Path, Settings]]:
        """Give the model folder and the settings of each run."""
        for network in self.networks:
            for seed in self.seeds:
                settings = replace(self.settings, network=network, seed=seed)
                yield self.folder / f"{network}-{seed}", settings


@dataclass(frozen=True)
class Run:
    """A finished run, as its folder tells it."""

    network: str
    seed: int
    parameters: int
    best: Epoch
    history: tuple[Epoch, ...]

    @property
    def seconds(self) -> float:
        """Of training steps."""
        return sum(epoch.seconds for epoch in self.history)


@dataclass(frozen=True)
class Row:
    """One network over its seeds: a line of the table."""

    network: str
    parameters: int
    perplexity: float  # held out, mean of the best epochs
    deviation: float | None  # standard deviation over seeds; None for one seed
    seconds: float  # of training steps, mean


def run_study(
    study: Study,
    watcher: Callable[[str], Watcher],
    workers: Workers,
    *,
    overwrite: bool = False,
    resume: bool = False,
) -> None:
    """Train every network with every seed.

    With one worker of no given threads, the first run of a network measures how many train it
    fastest, and its other runs take as many. With `resume` finished runs are kept and a
    half-finished one goes on. `BadInput` when the folder already holds a study and neither is
    given, or when it was made in another way; `Interrupted` after Ctrl-C.
    """
    if resume and not any(study.folder.glob("*/")):
        raise BadInput(f"{study.folder} holds no run: there is nothing to resume")
    folders = [folder for folder, _ in study.runs()]
    if not (overwrite or resume) and any(map(Path.exists, [study.folder / RESULTS, *folders])):
        raise BadInput(
            f"{study.folder} already holds a study: name a new folder, or pass --resume or "
            "--overwrite"
        )
    pieces = [
        Piece(folder.name, _train, (study, folder, settings, workers.threads, resume))
        for folder, settings in study.runs()
        if not (resume and _finished(study, folder, settings))
    ]
    run_pieces(pieces, workers, lambda name, _: watcher(name))


def _train(
    study: Study,
    folder: Path,
    settings: Settings,
    threads: int | None,
    resume: bool,
    watchers: Sequence[Watcher],
) -> None:
    """Train one network with one seed, or go on with it."""
    goes_on = resume and (folder / STATE).exists()
    if threads is None and not goes_on:
        threads = _measured_threads(study, settings)
    train_language(
        study.corpus,
        Output(folder, overwrite=not goes_on, resume=goes_on),
        settings,
        level=study.level,
        by_sentence=study.by_sentence,
        minimum_frequency=study.minimum_frequency,
        threads=threads,
        watchers=watchers,
    )


def _measured_threads(study: Study, settings: Settings) -> int | None:
    """Return what the first run of this network chose; None in that run itself."""
    if settings.seed == study.seeds[0]:
        return None
    threads: int | None = read_config(study.folder / f"{settings.network}-{study.seeds[0]}").get(
        "threads"
    )
    return threads


def read_study(study: Study) -> list[Run]:
    """Read what the runs of a finished study reached."""
    return [_read(folder, settings) for folder, settings in study.runs()]


def summary(runs: Sequence[Run]) -> list[Row]:
    """Return a row for each network, in the order of the runs."""
    rows = []
    for network in dict.fromkeys(run.network for run in runs):
        own = [run for run in runs if run.network == network]
        reached = [run.best.valid_measure for run in own]
        deviation = statistics.stdev(reached) if len(own) > 1 else None
        seconds = statistics.mean(run.seconds for run in own)
        mean = statistics.mean(reached)
        rows.append(Row(network, own[0].parameters, mean, deviation, seconds))
    return rows


def to_json(study: Study, runs: Sequence[Run]) -> dict[str, Any]:
    """Return all that was found, and what it was found with, as JSON can hold it."""
    shared = {k: v for k, v in study.settings.to_json().items() if k not in ("network", "seed")}
    return {
        "corpus": name_of(study.corpus),
        "corpus_sha256": fingerprint(study.corpus),
        "level": study.level,
        "by_sentence": study.by_sentence,
        "minimum_frequency": study.minimum_frequency,
        "settings": shared,
        "seeds": list(study.seeds),
        "networks": [asdict(row) for row in summary(runs)],
        "runs": [
            {
                "network": run.network,
                "seed": run.seed,
                "parameters": run.parameters,
                "best_epoch": run.best.epoch,
                "valid_loss": run.best.valid_loss,
                "valid_perplexity": run.best.valid_measure,
                "train_seconds": run.seconds,
                "epochs": [epoch.to_json() for epoch in run.history],
            }
            for run in runs
        ],
    }


def _finished(study: Study, folder: Path, settings: Settings) -> bool:
    """Whether a run needs nothing more; `BadInput` when it was made in another way.

    A run that diverged has no state to go on from, and has not reached its end either.
    """
    if (folder / STATE).exists() or not (folder / MODEL).exists():
        return False
    wanted = {
        "data_sha256": fingerprint(study.corpus),
        "level": study.level,
        "by_sentence": study.by_sentence,
        "minimum_frequency": study.minimum_frequency,
        **settings.to_json(),
    }
    config = read_config(folder)
    recorded = {**config, **config.get("settings", {})}
    for name, value in wanted.items():
        if recorded.get(name) != value:
            raise BadInput(f"{folder} was made with {name} {recorded.get(name)!r}, not {value!r}")
    history = read_history(folder, "perplexity")
    best = min(history, key=lambda epoch: epoch.valid_loss)
    return len(history) in (settings.epochs, best.epoch + settings.patience)


def _read(folder: Path, settings: Settings) -> Run:
    history = read_history(folder, "perplexity")
    best = min(history, key=lambda epoch: epoch.valid_loss)
    parameters = sum(parameter.numel() for parameter in load(folder).model.parameters())
    return Run(settings.network, settings.seed, parameters, best, history)
