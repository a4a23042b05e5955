"""What all experiments share: the protocol, the settings of their networks, and their files.

An experiment is a folder. Its door, `__init__.py`, says the question and in which order to read
the files: `results.py` (what results.json holds), `experiment.py` (plan and run), `summary.py`
(calculations) and `page.py` (tables, charts and page as plain content).
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypedDict, TypeVar, runtime_checkable

from glassgate.errors import BadInput
from glassgate.files import write_whole
from glassgate.train.settings import GRAMMAR, Settings

if TYPE_CHECKING:
    from glassgate.experiments.runner import Runner
    from glassgate.pages.content import Chart, Page, Table

SETTINGS = replace(GRAMMAR, batch_size=256)
"""How networks are trained on a language: samples are large here, so larger batches save time."""

QUICK_SEEDS = 3  # default number of seeds of a quick run

PAGE, RESULTS = "report.html", "results.json"  # in the folder of every experiment
PIECES = "pieces"  # of a run that is not finished, in the same folder


# The protocol -------------------------------------------------------------------------------------

P = TypeVar("P", bound="Plan")
R = TypeVar("R", bound=Mapping[str, Any])


@runtime_checkable
class Experiment(Protocol[P, R]):
    """A question, and networks that are trained to answer it.

    Attributes
    ----------
    name
        Name of the command, of its default folder and of the picture: one word.
    question
        The help text of the command: one line, then paragraphs separated by empty lines.
    examples
        Command lines to try.
    preparing
        Message while the command starts, such as "Sampling sentences".
    seeds
        Default number of seeds.
    packages
        Whose versions decide results, beside those that all experiments use.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - described above, like the others

    @property
    def question(self) -> str: ...  # noqa: D102

    @property
    def examples(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def preparing(self) -> str: ...  # noqa: D102

    @property
    def seeds(self) -> int: ...  # noqa: D102

    @property
    def packages(self) -> Sequence[str]: ...  # noqa: D102

    def plan(self, *args: Any, **options: Any) -> P:
        """Return the numbers of a run: a frozen dataclass that checks itself.

        The keyword parameters are the options of the command that are this experiment's own: each
        has a default, and an `Option` in its annotation. Raises `BadInput` for a value out of
        range.
        """

    def quick(self, plan: P) -> P:
        """Return the plan of a quick run: all of the code on less data, in one or two minutes.

        A number that was set by an option stays.
        """

    def run(self, plan: P, seeds: Sequence[int], runner: Runner) -> R:
        """Train the networks of a plan with every seed, two or more, and return the results.

        They are what results.json holds, but for the `Provenance`. Trainings and measurements go
        through `Runner.train` and `Runner.measure`, so that a run that was stopped can go on: each
        returns what JSON can hold. Raises `Interrupted` after Ctrl-C.
        """

    def tables(self, results: R) -> Sequence[Table]:
        """Return the tables that the command prints."""

    def charts(self, results: R) -> Mapping[str, Chart]:
        """Return the charts of the picture by title, from top to bottom."""

    def page(self, results: R) -> Page:
        """Return the content of the page. Its facts need not say how the results were made."""


class InFolder(Generic[P, R]):
    """An experiment whose folder has `quick` and `run` in experiment.py, the rest in page.py.

    They are imported when they are called, so that the command line can describe an experiment
    without loading torch. A subclass adds what `Experiment` describes besides.
    """

    packages: Sequence[str] = ()

    def quick(self, plan: P) -> P:
        """Return the plan of a quick run, as experiment.py makes it."""
        smaller: P = self._file("experiment").quick(plan)
        return smaller

    def run(self, plan: P, seeds: Sequence[int], runner: Runner) -> R:
        """Return the results, as experiment.py makes them."""
        results: R = self._file("experiment").run(plan, seeds, runner)
        return results

    def tables(self, results: R) -> Sequence[Table]:
        """Return the tables, as page.py makes them."""
        tables: Sequence[Table] = self._file("page").tables(results)
        return tables

    def charts(self, results: R) -> Mapping[str, Chart]:
        """Return the charts, as page.py makes them."""
        charts: Mapping[str, Chart] = self._file("page").charts(results)
        return charts

    def page(self, results: R) -> Page:
        """Return the page, as page.py makes it."""
        page: Page = self._file("page").page(results)
        return page

    def _file(self, name: str) -> ModuleType:
        return import_module(f"{type(self).__module__}.{name}")


@dataclass(frozen=True)
class Option:
    """How the command line presents a parameter of `Experiment.plan`; `least` is its minimum."""

    help: str
    metavar: str
    least: int | None = None


# What experiments write ---------------------------------------------------------------------------


class Plan(Protocol):
    """The numbers of a run, as results.json holds them."""

    def to_json(self) -> dict[str, Any]:
        """Return what decides the results, but for the seeds, as JSON can hold it."""


class Trains(Protocol):
    """A plan that says, among its numbers, how networks are trained."""

    @property
    def settings(self) -> Settings:
        """The settings that all trainings share."""


class Provenance(TypedDict):
    """How results were made: the command line, and the versions of what it ran on."""

    command: str
    versions: dict[str, str]


def plan_to_json(plan: Trains, *varied: str) -> dict[str, Any]:
    """Return a plan's own numbers and, as `training`, its settings, as JSON can hold them.

    The settings omit what each run states for itself: network, seed and whatever is `varied`
    besides; and `bptt`, which applies to streams only.
    """
    omitted = ("network", "seed", "bptt", *varied)
    training = {k: v for k, v in plan.settings.to_json().items() if k not in omitted}
    own = {name: value for name, value in vars(plan).items() if name != "settings"}
    return {**own, "training": training}


def check_counts(plan: object, *names: str, least: int = 1) -> None:
    """Raise `BadInput` unless these numbers of a plan are whole and at least `least`."""
    for name in names:
        value = getattr(plan, name)
        if not isinstance(value, int) or value < least:
            raise BadInput(f"{name} must be a whole number of at least {least}, got {value!r}")


def provenance(command: str, packages: Sequence[str] = ()) -> Provenance:
    """Return the command line that runs, and the versions of Python and of what it uses.

    `packages` are used beside those that every command uses.
    """
    used = ("glassgate", "torch", "numpy", "tokenizers", "accelerate", "safetensors", *packages)
    versions = {"python": platform.python_version()} | {name: version(name) for name in used}
    return {"command": command, "versions": versions}


def check_free(folder: Path, overwrite: bool, *, resume: bool = False) -> None:
    """Refuse, before any work is done, a folder that cannot or must not be written to."""
    if overwrite and resume:
        raise BadInput("--resume goes on with a run and --overwrite replaces it: pass one of them")
    if (folder / RESULTS).exists() and not overwrite:
        raise BadInput(f"{folder / RESULTS} already exists: name a new folder or pass --overwrite")
    begun = (folder / PIECES).exists()
    if resume and not begun:
        raise BadInput(f"{folder} holds no unfinished run: there is nothing to resume")
    if begun and not (resume or overwrite):
        raise BadInput(
            f"{folder} holds an unfinished run: name a new folder, or pass --resume or --overwrite"
        )


def write(results: Mapping[str, Any], page: str, picture: bytes, folder: Path) -> list[str]:
    """Write page, picture and then results.json into a folder; return the names of the files.

    Each file is written whole or not at all. The picture has the experiment's name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        PAGE: page.encode(),
        f"{results['experiment']}.png": picture,
        RESULTS: (json.dumps(results, indent=1) + "\n").encode(),
    }
    for name, data in files.items():
        write_whole(folder / name, data)
    return list(files)
