"""What trainings in other processes tell, brought to watchers in this one.

A training connects to a socket on this machine when it begins, says which it is, and then sends
each call of a `Watcher`'s methods as the method's name and arguments.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any, NamedTuple, Self

from glassgate.train.watch import Epoch, Step, Watcher, Watching

KEY_SIZE = 32  # bytes
NO_MORE = -1  # sent in place of a training's number: no other training will connect


class Address(NamedTuple):
    """Where a relay listens, and the key that proves who may speak to it."""

    path: str
    key: bytes


class Relay:
    """Hears what trainings tell, and calls the watcher of each; a context.

    One call at a time reaches the watchers, from threads of the relay. When a watcher fails, the
    main thread is interrupted, and `failure` is what the watcher raised.

    Parameters
    ----------
    trainings
        Name and share of the work of each, in their order.
    watching
        Makes their watchers.
    """

    def __init__(self, trainings: Sequence[tuple[str, float]], watching: Watching | None) -> None:
        self.failure: Exception | None = None
        self.running: list[str] = []  # trainings that have begun and not said that they have ended
        self._trainings, self._watching = trainings, watching
        self._one_at_a_time = threading.Lock()
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Begin to listen."""
        key = os.urandom(KEY_SIZE)
        self._listener = Listener(authkey=key, backlog=128)
        self.address = Address(str(self._listener.address), key)
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Hear out those who have told something, and stop listening."""
        with Client(self.address.path, authkey=self.address.key) as connection:
            connection.send(NO_MORE)
        self._acceptor.join()
        for reader in self._readers:
            reader.join()
        self._listener.close()

    def _accept(self) -> None:
        """Give each training that connects a thread that reads what it tells."""
        while True:
            try:
                connection = self._listener.accept()
                place = connection.recv()
            except (OSError, EOFError, AuthenticationError):
                continue  # its process was killed before it had said who it is
            if place == NO_MORE:
                connection.close()
                return
            reader = threading.Thread(target=self._read, args=(connection, place), daemon=True)
            self._readers.append(reader)
            reader.start()

    def _read(self, connection: Connection, place: int) -> None:
        """Pass on what a training tells until it ends or its process dies."""
        name, work = self._trainings[place]
        self.running.append(name)
        watcher = self._try(self._watching, name, work) if self._watching else None
        with connection:
            while True:
                try:
                    message = connection.recv()
                except (OSError, EOFError):
                    return  # killed: it stays among those that run
                if message is None:
                    self.running.remove(name)
                    return
                method, arguments = message
                if watcher is not None:
                    self._try(getattr(watcher, method), *arguments)

    def _try(self, call: Any, *arguments: object) -> Any:
        """Call a watcher, unless one has failed before."""
        with self._one_at_a_time:
            if self.failure is not None:
                return None
            try:
                return call(*arguments)
            except Exception as failure:
                self.failure = failure
                _thread.interrupt_main()
        return None


class _Told(Watcher):
    """Sends on all that it is told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _send(self, method: str, *arguments: object) -> None:
        try:
            self._connection.send((method, arguments))
        except OSError:
            os._exit(1)  # the process that asked for the training is gone

    def on_start(self, epochs: int, notes: Sequence[str]) -> None:
        self._send("on_start", epochs, notes)

    def on_epoch_start(self, epoch: int, steps: int, done: int) -> None:
        self._send("on_epoch_start", epoch, steps, done)

    def on_step(self, step: Step) -> None:
        self._send("on_step", step)

    def on_note(self, note: str) -> None:
        self._send("on_note", note)

    def on_evaluation(self, done: int, batches: int) -> None:
        self._send("on_evaluation", done, batches)

    def on_epoch_end(self, epoch: Epoch) -> None:
        self._send("on_epoch_end", epoch)

    def on_end(self) -> None:
        self._send("on_end")


@contextmanager
def telling(address: Address, place: int) -> Iterator[Watcher]:
    """Give a watcher that tells a relay of the training at `place` in its list."""
    with Client(address.path, authkey=address.key) as connection:
        connection.send(place)
        try:
            yield _Told(connection)
        finally:
            connection.send(None)
