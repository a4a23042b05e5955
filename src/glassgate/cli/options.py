"""The options that several commands share: the choices of a training run, models, outputs."""

import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from glassgate.engine.settings import checked_threads
from glassgate.errors import BadInput
from glassgate.train.backends import PACKAGES, check_backend, check_count
from glassgate.train.interrupt import Interrupted
from glassgate.train.settings import NETWORKS, OPTIMIZERS, PRECISIONS, SCHEDULES, Settings

SETTINGS = {
    "network": "The kind of network.",
    "hidden_size": "Units a layer.",
    "embedding_size": "Numbers that stand for a word.",
    "layers": "Layers, one above the other.",
    "dropout": "Share of embeddings and outputs dropped while training, 0 to 1.",
    "epochs": "Maximum number of passes through the corpus.",
    "batch_size": "Sequences, or columns of a stream, a step, over all processes.",
    "bptt": "Steps of a stream between two cuts of the gradient.",
    "learning_rate": "The learning rate at the start.",
    "optimizer": "The optimizer.",
    "weight_decay": "Pull of the weights towards 0.",
    "clip": "Largest norm of the gradient.",
    "schedule": "When the learning rate falls: on a plateau, or up and then down in a line.",
    "plateau_factor": "The learning rate is multiplied by this on a plateau.",
    "plateau_patience": "Epochs without improvement before that.",
    "patience": "Epochs without improvement before training stops.",
    "seed": "The seed of all randomness.",
    "mixed_precision": "Compute in bfloat16 where precision allows.",
}
CHOICES = {
    "network": NETWORKS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "mixed_precision": PRECISIONS,
}

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A folder that `glassgate train` wrote.")
]
Corpus = Annotated[
    list[Path],
    typer.Argument(
        metavar="CORPUS.txt...",
        help="UTF-8 text, a sentence or line a line; several files follow one another.",
    ),
]
Characters = Annotated[bool, typer.Option("--characters", help="Characters for words.")]
Sentences = Annotated[
    bool, typer.Option("--sentences", help="Each line by itself, not one stream of text.")
]
MinimumFrequency = Annotated[
    int, typer.Option(min=1, help="A word that occurs less often becomes <unk>.")
]
Clamps = Annotated[
    list[str] | None,
    typer.Option(
        "--clamp",
        metavar="HOLD",
        help='What to hold, as "layer=0 units=3,7-9 kept=0"; may be repeated. Gates are reset, '
        "update and kept, 0 to 1; state holds the units themselves. All units if none are named.",
    ),
]


def _check_threads(threads: int | None) -> int | None:
    """Refuse a number of threads out of range before any work is done."""
    return None if threads is None else checked_threads(threads)


MeasuredThreads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        help="Threads to compute on. By default the first steps are timed on one and on all, and "
        "all are taken where they are faster by a tenth; OMP_NUM_THREADS limits them.",
        show_default="measured",
        callback=_check_threads,
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        "--threads",
        metavar="N",
        help="Threads to compute on. Networks this small are seldom faster on several, and on "
        "one the results have the same bits everywhere.",
        callback=_check_threads,
    ),
]


def _check_count(count: int | None) -> int | None:
    """Refuse a number of workers out of range before any work is done."""
    return None if count is None else check_count(count)


# For `glassgate.train.backends.choose_workers`, together with `Threads` or `MeasuredThreads`.
WorkerCount = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="Networks to train side by side, each in a process of its own, with the same results "
        "as one after the other.",
        show_default="one a core",
        callback=_check_count,
    ),
]
Backend = Annotated[
    str,
    typer.Option(
        metavar="|".join(PACKAGES),
        help="Where workers run: on this machine (loky), or on the cluster that "
        "DASK_SCHEDULER_ADDRESS or RAY_ADDRESS names.",
        callback=check_backend,
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where a stopped run left off.")]
Log = Annotated[
    Literal["tensorboard"] | None, typer.Option(help="Write event files beside the model.")
]

Command = Callable[..., None]


def with_settings(
    defaults: Settings, *, without: Collection[str] = ()
) -> Callable[[Command], Command]:
    """Replace a command's parameter `settings` by an option for each setting.

    The command is called with the `Settings` that the options make; those `without` an option
    are the defaults. `BadInput` for a value out of range.
    """
    names = [field.name for field in fields(Settings) if field.name not in without]

    def decorate(command: Command) -> Command:
        def run(**values: Any) -> None:
            chosen = {name: values.pop(name) for name in names}
            command(settings=replace(defaults, **chosen), **values)

        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in own if p.name != "settings"]
        parameters += [_option(name, getattr(defaults, name)) for name in names]
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def _option(name: str, default: object) -> inspect.Parameter:
    """Return a setting as a parameter that typer turns into an option."""
    info = typer.Option(
        help=SETTINGS.get(name),
        metavar="|".join(CHOICES[name]) if name in CHOICES else None,
        rich_help_panel="Settings",
    )
    annotation = Annotated[type(default), info]  # type: ignore[valid-type]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


@contextmanager
def saying_how_to_go_on() -> Iterator[None]:
    """Tell somebody who pressed Ctrl-C how to go on from there."""
    try:
        yield
    except Interrupted as stopped:
        raise Interrupted(f"{stopped}: repeat the command with --resume") from None


def check_free(output: Path, overwrite: bool) -> None:
    """Refuse, before any work is done, an output file that cannot or must not be written."""
    if output.is_dir():
        raise BadInput(f"{output} is a folder, expected the name of a file to write")
    if output.exists() and not overwrite:
        raise BadInput(f"{output} already exists: choose another name or pass --overwrite")
    if not output.parent.is_dir():
        raise BadInput(f"{output.parent} is not a folder, so {output.name} cannot be written there")
