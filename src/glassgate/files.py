"""Write files whole or not at all: under a temporary name, flushed, then renamed."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file at `path`; if the process is killed, the old or the new file is there whole.

    On failure (a full disk, say) the old file stays, the temporary file is removed, and an
    `OSError` names the file and the reason.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        message = f"{path} could not be written: {error.strerror}"
        raise OSError(error.errno, message) from error
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush the folder's own entries to disk, so that a rename in it lasts (on POSIX systems)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
