"""Hands messages to a host that has an event loop: Qt, asyncio, a game engine, a DCC application.

A waker keeps the messages of its channels until the host asks for them with :meth:`Waker.pump`, and wakes the
host when there is something to ask for. :func:`haft_ipc.qt.qt_waker` makes one for Qt.
"""

import asyncio
import threading
import time
from collections import deque
from typing import Callable, Deque, List, Optional, Tuple

from ._closing import Closing
from .channel import IpcChannel
from .message import IpcMessage

Handler = Callable[[IpcMessage], object]


class Waker(Closing):
    """:param wake: makes the host call :meth:`pump` soon; called in any thread
    :param interval: seconds between two wakes; the default is a frame at 60 Hz
    """

    def __init__(self, wake: Callable[[], object], *, interval: float = 1 / 60) -> None:
        self._wake = wake
        self._interval = interval
        self._lock = threading.Lock()
        self._queue: Deque[Tuple[IpcMessage, Handler]] = deque()
        self._stops: List[Callable[[], None]] = []
        self._timer: Optional[threading.Timer] = None
        #: Whether the host is awake, or about to be, and has not pumped since.
        self._woken = False
        self._woken_at = float("-inf")
        self._closed = False

    @classmethod
    def for_loop(cls, loop: asyncio.AbstractEventLoop, *, interval: float = 0.0) -> "Waker":
        """A waker that pumps in an event loop of asyncio."""
        waker = cls(lambda: loop.call_soon_threadsafe(waker.pump), interval=interval)
        return waker

    def __len__(self) -> int:
        """Messages that wait for the host."""
        return len(self._queue)

    def attach(self, channel: IpcChannel, handler: Handler) -> None:
        """Takes over the channel's messages. :meth:`pump` calls ``handler`` with each of them."""

        def queue(message: IpcMessage) -> None:
            with self._lock:
                if self._closed:
                    return
                self._queue.append((message, handler))
            self._schedule()

        self._stops.append(channel.on_message(queue))

    def pump(self, budget: float = float("inf")) -> int:
        """Handles waiting messages in the host's thread and gives their number. Messages that are left after
        ``budget`` seconds wake the host again."""
        with self._lock:
            self._woken = False
        end = time.monotonic() + budget
        handled = 0
        try:
            while self._queue:
                message, handler = self._queue.popleft()
                handled += 1
                handler(message)
                if time.monotonic() >= end:
                    break
        finally:
            if self._queue:
                self._schedule()
        return handled

    def close(self) -> None:
        """Leaves the channels; messages that wait are dropped."""
        with self._lock:
            self._closed = True
            self._queue.clear()
            if self._timer is not None:
                self._timer.cancel()
        for stop in self._stops:
            stop()

    def _schedule(self) -> None:
        with self._lock:
            if self._woken or self._closed:
                return
            self._woken = True
            wait = self._woken_at + self._interval - time.monotonic()
            if wait > 0:
                self._timer = threading.Timer(wait, self._wake_now)
                self._timer.daemon = True
                self._timer.start()
                return
        self._wake_now()

    def _wake_now(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._woken_at = time.monotonic()
        self._wake()
