"""The command line: `glassgate COMMAND`. `main` runs it, and `app` collects the commands."""

import os
import sys

from glassgate.doors import extra_of
from glassgate.errors import BadInput
from glassgate.train import Interrupted


def main() -> None:
    """Run the command line: exit code 0, 2 for bad input or a missing extra, 130 after Ctrl-C."""
    try:
        from glassgate.cli.app import app

        app()
    except BadInput as error:
        _fail(str(error), 2)
    except ModuleNotFoundError as error:
        _fail(_missing(error), 2)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), 2)
    except Interrupted as stopped:
        _fail(str(stopped), 130)
    except KeyboardInterrupt:
        _fail("stopped", 130)


def _missing(error: ModuleNotFoundError) -> str:
    """Name the extra that brings a missing package; raise the error again if none does."""
    found = extra_of(error)
    if found is None:
        raise error
    package, extra = found
    return (
        f"this command needs {package}, which is not installed: "
        f"run pip install 'glassgate[{extra}]'"
    )


def _fail(message: str, code: int) -> None:
    if os.environ.get("LOCAL_RANK", "0") == "0":  # one process per machine prints
        print(f"glassgate: {message}", file=sys.stderr)
    sys.exit(code)
