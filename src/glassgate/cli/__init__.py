"""The command line: `glassgate COMMAND`. `main` runs it, and `app` collects the commands."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from glassgate.doors import extra_of
from glassgate.errors import BadInput, os_message

STOPPED = 130  # the exit code after Ctrl-C, as shells give it


def main() -> None:
    """Run the command line: exit code 0, 2 for bad input or a missing extra, 130 after Ctrl-C."""
    try:
        with _end_at_once():
            from glassgate.cli.app import app
            from glassgate.train import Interrupted
    except ModuleNotFoundError as error:
        _fail(_missing(error), 2)
    try:
        app()
    except BadInput as error:
        _fail(str(error), 2)
    except ModuleNotFoundError as error:
        _fail(_missing(error), 2)
    except OSError as error:
        _fail(os_message(error), 2)
    except Interrupted as stopped:
        _fail(str(stopped), STOPPED)
    except KeyboardInterrupt:
        _fail("stopped", STOPPED)


@contextmanager
def _end_at_once() -> Iterator[None]:
    """End the process at Ctrl-C while packages are imported and there is nothing to clean up.

    An exception would not do: many packages, and Python where it calls back, catch whatever is
    raised in them, and go on.
    """
    previous = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or previous is not signal.default_int_handler:  # such as ignored, by nohup
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: os._exit(STOPPED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


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


def _fail(message: str, code: int) -> NoReturn:
    if os.environ.get("LOCAL_RANK", "0") == "0":  # one process per machine prints
        print(f"glassgate: {message}", file=sys.stderr)
    sys.exit(code)
