"""One run a folder: a lock that ends with the process, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from glassgate.errors import BadInput

LOCK = ".lock"  # in the folder, while a run writes to it


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold a folder for one run, and make it if it is missing.

    The operating system drops the lock of a process that ends, so a killed run holds nothing; its
    lock file stays until the next run removes it. On the way out the lock file goes, and so do the
    folders made here that hold nothing: a run that is refused later leaves no trace. Of the
    processes of one run the first holds the folder for all.

    Raises `BadInput` when another run holds the folder, or it cannot be made or written to.
    """
    if os.environ.get("RANK", "0") != "0":
        yield
        return
    missing = _check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _hold(folder):
            yield
    finally:
        for made in missing:
            with suppress(OSError):  # rmdir refuses a folder that holds something
                made.rmdir()


def _check_writable(folder: Path) -> list[Path]:
    """Return the folders to make, the deepest first; refuse what cannot be made or written to."""
    missing = []
    for path in (folder, *folder.absolute().parents):
        if path.exists():
            break
        missing.append(path)
    if not path.is_dir():
        if path == folder:
            raise BadInput(f"{folder} is a file, expected a folder")
        raise BadInput(f"{path} is a file, so {folder} cannot be made")
    if not os.access(path, os.W_OK):
        raise BadInput(f"{path} is not writable, so {folder} cannot hold results")
    return missing


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Hold the lock file of a folder, and remove it on the way out."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BadInput(
            f"another run is writing to {folder}: wait until it has ended, or name another folder"
        ) from None
    try:
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)  # while it is held, so that it is no other run's
        lock.release()
