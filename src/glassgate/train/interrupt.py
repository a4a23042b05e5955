"""Ctrl-C: the first asks for a clean end after the current step, the second ends at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class Interrupted(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Training was stopped by Ctrl-C; the message says where it stands and how to go on."""


@dataclass
class Request:
    """Whether somebody has asked to stop."""

    stop: bool = False


@contextmanager
def listening() -> Iterator[Request]:
    """Turn the first SIGINT into a request; the handlers are as before on the way out.

    Nothing is caught outside the main thread, where no handler can be set, nor where whoever
    started the process has SIGINT ignored (nohup, a background job of a shell).
    """
    request = Request()
    before = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or before is signal.SIG_IGN:
        yield request
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        request.stop = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, ask)
    try:
        yield request
    finally:
        signal.signal(signal.SIGINT, before)
