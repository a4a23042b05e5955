"""What every damaged file goes through: the listing, and now and then the whole conversion."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from glassgate.exchange.convert import convert
from glassgate.exchange.formats import read
from glassgate.exchange.inspect import listing

CONVERTED = 10  # of so many files that can be read, one is converted


def inspect_and_convert(path: Path) -> None:
    """List what a file holds; convert the first GRU of some files, with its proof."""
    found = read(path)
    listing(found)
    taken = [one.name for one in found if one.network]
    if taken and crc32(path.read_bytes()) % CONVERTED == 0:
        target = path.with_name("converted.safetensors")
        try:
            convert(path, target, taken[0])
        except BaseException:
            assert not target.exists()
            raise


def inspect_keras(path: Path) -> None:
    """List what a file holds, HDF5 read by a copy of this process, which is there at once."""
    from glassgate.exchange.keras import store

    store.started = Forked  # type: ignore[assignment]
    listing(read(path))


class Forked:
    """A process that reads HDF5, with what `subprocess.Popen` has of a process."""

    def __init__(self, size: int, path: str) -> None:
        from glassgate.exchange.keras.hdf5 import serve

        asked, ask = os.pipe()
        answers, answer = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(ask)
            try:
                heard, said = os.fdopen(asked, "rb"), os.fdopen(answer, "wb")
                with suppress(OSError), heard, said:
                    serve(size, path, heard, said)
            finally:
                os._exit(0)
        os.close(asked)
        os.close(answer)
        self.stdin, self.stdout = os.fdopen(ask, "wb"), os.fdopen(answers, "rb")
        self.code: int | None = None

    def kill(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code

    def __enter__(self) -> "Forked":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stdout.close()
            self.stdin.close()
        finally:
            self.wait()
