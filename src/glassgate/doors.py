"""Doors of packages: public names that import their submodule on first use.

A door keeps `import glassgate.train` free of torch, and says which extra to install where a package
that a name needs is missing.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module

EXTRAS = {  # optional packages by the extra that installs them
    "train": (
        "accelerate",
        "filelock",
        "joblib",
        "rich",
        "tensorboard",
        "threadpoolctl",
        "tokenizers",
        "torch",
        "typer",
    ),
    "plot": ("jinja2", "matplotlib", "plotly"),
    "exchange": ("h5py", "onnx"),
    "inside": ("scipy", "sklearn", "xarray"),
    "reproduce": ("mnist1d",),
}


def extra_of(error: ModuleNotFoundError) -> tuple[str, str] | None:
    """Return the missing package and the extra that brings it; None if no extra does."""
    package = (error.name or "").partition(".")[0]
    for extra, packages in EXTRAS.items():
        if package in packages:
            return package, extra
    return None


def lazy(
    module_name: str, submodules: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package whose names are imported on first use.

    Parameters
    ----------
    module_name
        The package, its `__name__`.
    submodules
        The submodule that defines each public name, relative to the package: ``"loop"`` or
        ``"trace.result"``. A name equal to its submodule stands for the submodule itself. No
        other name may equal that of a submodule, which Python sets as an attribute of the package
        once it is imported.

    Raises
    ------
    ModuleNotFoundError
        From `__getattr__`, with the command that installs the extra, when a package that the
        submodule imports is not installed.

    Examples
    --------
    In a package's ``__init__.py``::

        __getattr__, __dir__ = lazy(__name__, {"fit": "loop"})
    """

    def get(name: str) -> object:
        if name not in submodules:
            raise AttributeError(f"module {module_name!r} has no attribute {name!r}")
        try:
            submodule = import_module(f"{module_name}.{submodules[name]}")
        except ModuleNotFoundError as error:
            found = extra_of(error)
            if found is None:
                raise
            package, extra = found
            raise ModuleNotFoundError(
                f"{module_name}.{name} needs {package}, which is not installed: "
                f"run pip install 'glassgate[{extra}]'",
                name=error.name,
            ) from error
        return submodule if submodules[name] == name else getattr(submodule, name)

    def names() -> list[str]:
        return sorted({*vars(sys.modules[module_name]), *submodules})

    return get, names
