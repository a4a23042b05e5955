"""What is done with every damaged file: it is listed, and sometimes converted as well."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from glassgate.exchange.conversion import convert
from glassgate.exchange.formats import read
from glassgate.exchange.inspection import tabulate

CONVERT_EVERY = 10  # of the files that can be read, one in so many is converted


def inspect_and_convert(path: Path) -> None:
    """List what a file holds; of some files convert the first GRU, with its proof."""
    grus = read(path)
    tabulate(grus)
    names = [gru.name for gru in grus if gru.network]
    if names and crc32(path.read_bytes()) % CONVERT_EVERY == 0:
        target = path.with_name("converted.safetensors")
        try:
            convert(path, target, names[0])
        except BaseException:
            assert not target.exists()
            raise


def inspect_keras(path: Path) -> None:
    """List what a file holds; a fork of this process, which starts at once, reads the HDF5."""
    from glassgate.exchange.keras import store

    store.start_reader = Forked  # type: ignore[assignment]
    tabulate(read(path))


def inspect_saved_model(path: Path) -> None:
    """List what a SavedModel holds, whose files lie in one folder, after putting them in place."""
    folder = path.with_name("saved")
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    for file in [file for file in path.parent.iterdir() if file.is_file()]:
        place = "keras_metadata.pb" if file == path else f"variables/{file.name}"
        (folder / place).write_bytes(file.read_bytes())
    tabulate(read(folder))


class Forked:
    """A fork that reads HDF5, with the methods of `subprocess.Popen` that the store calls."""

    def __init__(self, size: int, path: str) -> None:
        from glassgate.exchange.keras.hdf5 import serve

        questions_out, questions_in = os.pipe()
        answers_out, answers_in = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(questions_in)
            try:
                questions, answers = os.fdopen(questions_out, "rb"), os.fdopen(answers_in, "wb")
                with suppress(OSError), questions, answers:
                    serve(size, path, questions, answers)
            finally:
                os._exit(0)
        os.close(questions_out)
        os.close(answers_in)
        self.stdin, self.stdout = os.fdopen(questions_in, "wb"), os.fdopen(answers_out, "rb")
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
