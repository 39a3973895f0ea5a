"""Waits for SIGTERM, or for a thread that ends the backend."""

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Optional, Type


class StopSignal:
    """Uses a pipe, not an event: a signal handler may interrupt any code, so it must not take a lock."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._installed = False
        self._before: object = None

    def set(self) -> None:
        """Ends :meth:`wait`, now or later."""
        try:
            os.write(self._write, b"x")
        except OSError:
            # The pipe is closed: the wait is over.
            pass

    def wait(self) -> None:
        """Returns after the first :meth:`set`, or SIGTERM."""
        os.read(self._read, 1)

    def __enter__(self) -> "StopSignal":
        # Only the main thread can handle signals.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._handle)
            self._installed = True
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        # The pipe stays open until the process ends, because a second SIGTERM may write to it.
        if self._installed and (callable(self._before) or isinstance(self._before, int)):
            signal.signal(signal.SIGTERM, self._before)

    def _handle(self, number: int, frame: Optional[FrameType]) -> None:
        self.set()
