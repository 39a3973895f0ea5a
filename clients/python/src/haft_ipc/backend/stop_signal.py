"""One thing to wait for: SIGTERM, or any thread that says it is over."""

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Optional, Type


class StopSignal:
    """A pipe rather than an event: a signal's handler may run in the middle of anything, and must take no lock."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._installed = False
        self._before: object = None

    def set(self) -> None:
        """Ends :meth:`wait`, now or later."""
        try:
            os.write(self._write, b"x")
        except OSError:
            # It has been waited for and closed.
            pass

    def wait(self) -> None:
        """Returns after the first :meth:`set`, or SIGTERM."""
        os.read(self._read, 1)

    def __enter__(self) -> "StopSignal":
        # Python lets the main thread alone have signals.
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
        # A second SIGTERM, while the program ends, changes nothing; its descriptors are freed with the process.
        if self._installed and (callable(self._before) or isinstance(self._before, int)):
            signal.signal(signal.SIGTERM, self._before)

    def _handle(self, number: int, frame: Optional[FrameType]) -> None:
        self.set()
