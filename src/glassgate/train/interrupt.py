"""Ctrl-C: the first one stops training cleanly after the current step, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class Interrupted(Exception):  # noqa: N818 - a request, not an error
    """Training was stopped by Ctrl-C; the message says where, and how to continue."""


@dataclass
class Request:
    """Whether the user has asked to stop."""

    stop: bool = False


@contextmanager
def catch_interrupt() -> Iterator[Request]:
    """Turn the first SIGINT into a request; restore the handler on the way out.

    Nothing is caught outside the main thread, where no handler can be set, nor if the process was
    started with SIGINT ignored (by nohup, or as a background job of a shell).
    """
    request = Request()
    previous = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or previous is signal.SIG_IGN:
        yield request
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        request.stop = True
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, ask)
    try:
        yield request
    finally:
        signal.signal(signal.SIGINT, previous)
