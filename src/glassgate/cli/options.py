"""Options that several commands share: training settings, models, outputs."""

import errno
import inspect
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from glassgate.doors import EXTRAS
from glassgate.engine.settings import check_threads
from glassgate.errors import BadInput, os_message
from glassgate.train.backends import PACKAGES, check_backend, check_count
from glassgate.train.interrupt import Interrupted
from glassgate.train.settings import (
    LANGUAGE,
    NETWORKS,
    OPTIMIZERS,
    PRECISIONS,
    RECIPES,
    SCHEDULES,
    Settings,
)

SETTINGS = {
    "network": "Network to train.",
    "hidden_size": "Units per layer.",
    "embedding_size": "Size of a token's embedding.",
    "layers": "Number of layers.",
    "dropout": "Share of embeddings and outputs set to 0 in training, from 0 to below 1.",
    "epochs": "Maximum number of passes through the corpus.",
    "batch_size": "Sequences (or columns of a stream) per training step, over all processes.",
    "bptt": "Maximum number of steps of a stream that the gradient reaches back.",
    "learning_rate": "Initial learning rate.",
    "optimizer": "Optimizer.",
    "weight_decay": "Weight decay of the optimizer.",
    "clip": "Maximum norm of the gradient.",
    "schedule": "Learning rate: reduced on a plateau, or linear warm-up and linear decay to 0.",
    "plateau_factor": "Factor by which a plateau multiplies the learning rate.",
    "plateau_patience": "Epochs without improvement that do not yet count as a plateau.",
    "patience": "Epochs without improvement after which training stops.",
    "seed": "Random seed.",
    "mixed_precision": "Compute in bfloat16 where precision allows.",
}
RECIPE_TEXTS = {"grammar": "for sentences of a small grammar (with --sentences)"}
CHOICES = {
    "network": NETWORKS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "mixed_precision": PRECISIONS,
}

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Model folder written by `glassgate train`.")
]
Models = Annotated[
    list[Path] | None,
    typer.Option(
        "--models",
        metavar="MODEL...",
        help="Several model folders in place of MODEL, such as one network with several seeds.",
    ),
]
Corpus = Annotated[
    list[Path],
    typer.Argument(
        metavar="CORPUS.txt...",
        help="UTF-8 text; several files are read as one text, in this order.",
    ),
]
Characters = Annotated[
    bool, typer.Option("--characters", help="Use characters instead of words as tokens.")
]
Sentences = Annotated[
    bool, typer.Option("--sentences", help="Treat each line as a sequence of its own.")
]
MinimumFrequency = Annotated[int, typer.Option(min=1, help="Rarer words become <unk>.")]
Clamps = Annotated[
    list[str] | None,
    typer.Option(
        "--clamp",
        metavar="CLAMP",
        help='Hold gates at a value, such as "layer=0 units=3,7-9 kept=0"; may be repeated. Gates '
        "are reset, update and kept, from 0 to 1; state holds the units' states themselves. "
        "Of an LSTM kept (its forget gate) and state can be held, of an SRN state. Without units=, "
        "all units are held.",
    ),
]


def _check_threads(threads: int | None) -> int | None:
    """Refuse a number of threads that is out of range, before any work is done."""
    return None if threads is None else check_threads(threads)


MeasuredThreads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        help="Number of threads. By default the first steps are timed on one thread and on all, "
        "and all are used if they are at least 10% faster; OMP_NUM_THREADS limits them.",
        show_default="measured",
        callback=_check_threads,
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        "--threads",
        metavar="N",
        help="Number of threads. Networks this small are rarely faster on several threads, and on "
        "one the results are bit-identical on every machine.",
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
        help="Number of networks to train in parallel, each in its own process. The results do not "
        "depend on it.",
        show_default="one per core",
        callback=_check_count,
    ),
]
Backend = Annotated[
    str,
    typer.Option(
        metavar="|".join(PACKAGES),
        help="Where workers run: loky on this machine, dask or ray on the cluster at "
        "DASK_SCHEDULER_ADDRESS or RAY_ADDRESS.",
        callback=check_backend,
    ),
]
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of a disk, of a quota, of a file's limit
MODEL_FILE = (
    "A file of Glassgate or PyTorch (.safetensors, .pt, .pth, .ckpt, .bin, .tar, TorchScript too), "
    "Keras (.keras, .h5, .hdf5), ONNX (.onnx) or TensorFlow (.pb), or a model folder"
)
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing results.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a run that was stopped.")]


def _recipe_help() -> str:
    """Return the help of `--recipe`: what each recipe sets, as options."""
    lines = []
    for name, settings in RECIPES.items():
        values, defaults = settings.to_json(), LANGUAGE.to_json()
        options = [
            f"--{key.replace('_', '-')} {value}"
            for key, value in values.items()
            if value != defaults[key]
        ]
        lines.append(f"{name}: {RECIPE_TEXTS[name]}, {' '.join(options)}.")
    return f"Settings to start from; options given beside it count. {' '.join(lines)}"


def _check_recipe(name: str | None) -> str | None:
    """Refuse the name of a recipe that does not exist, before any work is done."""
    if name is not None and name not in RECIPES:
        raise BadInput(f"--recipe must be one of {', '.join(RECIPES)}, got {name!r}")
    return name


Recipe = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(RECIPES), help=_recipe_help(), callback=_check_recipe, show_default=False
    ),
]
Log = Annotated[
    Literal["tensorboard"] | None,
    typer.Option(help="Also write TensorBoard event files to the model folder."),
]

Command = Callable[..., None]
CONTEXT = inspect.Parameter(
    "context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context
)  # what typer knows of the command line


def with_settings(
    defaults: Settings, *, without: Collection[str] = ()
) -> Callable[[Command], Command]:
    """Replace a command's parameter `settings` by one option for each setting.

    The command is called with the `Settings` that the options give. Settings in `without` get no
    option and keep their defaults. If the command has a parameter `recipe` and it is given, the
    settings of that recipe take the place of the defaults. `BadInput` for a value out of range.
    """
    names = [field.name for field in fields(Settings) if field.name not in without]

    def decorate(command: Command) -> Command:
        def run(context: typer.Context, **values: Any) -> None:
            chosen = {name: values.pop(name) for name in names}
            recipe = RECIPES.get(values.get("recipe") or "", defaults)
            if recipe is not defaults:
                chosen = {name: chosen[name] for name in names if _is_given(context, name)}
            command(settings=replace(recipe, **chosen), **values)

        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in own if p.name != "settings"]
        parameters.insert(0, CONTEXT)
        parameters += [_option(name, getattr(defaults, name)) for name in names]
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether the user has given an option, also if it is the default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _option(name: str, default: object) -> inspect.Parameter:
    """Return the parameter that typer turns into the option of a setting."""
    info = typer.Option(
        help=SETTINGS.get(name),
        metavar="|".join(CHOICES[name]) if name in CHOICES else None,
        rich_help_panel="Settings",
    )
    annotation = Annotated[type(default), info]  # type: ignore[valid-type]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def holds_output(command: Command) -> Command:
    """Let a command hold the folder `output` while it runs: see `glassgate.train.lock`."""

    @wraps(command)
    def run(*arguments: Any, **values: Any) -> None:
        from glassgate.train.lock import lock_folder

        with lock_folder(values["output"]):
            command(*arguments, **values)

    return run


@contextmanager
def suggest_resume(begun: Path) -> Iterator[None]:
    """Add to the message after Ctrl-C or of a full disk how to continue, once `begun` exists."""
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as stopped:
        message = str(stopped) or "stopped"
        if begun.exists():
            message += ": repeat the command with --resume to continue"
        raise Interrupted(message) from None
    except OSError as error:
        if error.errno not in NO_ROOM or not begun.exists():
            raise
        message = f"{os_message(error)}: make room and repeat the command with --resume to continue"
        raise OSError(error.errno, message) from None


def check_plots() -> None:
    """Raise ModuleNotFoundError if pictures could not be drawn, before any work is done."""
    check_installed("plot")


def check_installed(*extras: str) -> None:
    """Raise ModuleNotFoundError if a package of these extras is missing."""
    for package in (package for extra in extras for package in EXTRAS[extra]):
        if find_spec(package) is None:
            raise ModuleNotFoundError(name=package)


def split_models(
    paths: Sequence[Path] | None, models: Sequence[Path] | None
) -> tuple[Sequence[Path], Sequence[Path]]:
    """Return the models and the files of a command line: MODEL FILE..., or FILE... --models.

    Raises `BadInput` if there is no file, or one of either stands twice.
    """
    if models:
        files = paths or []
    else:
        models, files = (paths or [])[:1], (paths or [])[1:]
    if not models or not files:
        raise BadInput(
            "expected a model and one or more files, "
            f"got {' '.join(map(str, [*models, *files])) or 'neither'}: "
            "write MODEL FILE..., or FILE... --models MODEL..."
        )
    check_different("model", models)
    check_different("file", files)
    return models, files


def check_different(kind: str, paths: Sequence[Path]) -> None:
    """Refuse a path that is given twice; `kind` says what the paths are."""
    for number, path in enumerate(paths):
        if path.resolve() in [other.resolve() for other in paths[:number]]:
            raise BadInput(f"the {kind} {path} is given twice")


def label(paths: Sequence[Path]) -> list[str]:
    """Return the name of each path, or the paths as they are given if two have one name."""
    names = [path.resolve().name for path in paths]
    return names if len(set(names)) == len(names) else list(map(str, paths))


def check_free(output: Path, overwrite: bool) -> None:
    """Refuse an output file that cannot or must not be written, before any work is done."""
    if output.is_dir():
        raise BadInput(f"{output} is a folder, expected the name of a file to write")
    if output.exists() and not overwrite:
        raise BadInput(f"{output} already exists: choose another name or pass --overwrite")
    if not output.parent.is_dir():
        raise BadInput(f"{output.parent} is not a folder, so {output.name} cannot be written there")
