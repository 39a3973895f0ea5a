"""The sending side of a connection: one frame after the other, each as a whole."""

import threading
import time
from typing import Callable, Optional

from ._transport import Transport
from .errors import SendFailed, TimedOut
from .limits import LIMITS
from .metrics import ChannelCounts


class Outbox:
    """Each sender writes its own frame. When its time is over in the middle of a frame, the rest is kept and
    goes out before the next frame."""

    def __init__(self, name: str, transport: Transport, counts: ChannelCounts) -> None:
        self._name = name
        self._transport = transport
        self._counts = counts
        self._lock = threading.Lock()
        self._count_lock = threading.Lock()
        #: Bytes of the senders that wait for the lock.
        self._queued = 0
        #: The unsent rest of a begun frame; the next sender, or a reader, writes it.
        self.rest = memoryview(b"")

    @property
    def busy(self) -> bool:
        """Whether a frame is being sent."""
        return self._lock.locked() or len(self.rest) > 0

    def push(
        self, frame: bytes, size: int, timeout: Optional[float], check: Callable[[], None], messages: int = 1
    ) -> None:
        """Writes a frame, or several in a row.

        :param size: of the texts, for the counters
        :param check: called when it is this frame's turn; raises when the channel is closing
        :raises TimedOut: none of the frame was written
        :raises SendFailed: too many bytes are waiting
        :raises OSError: the connection broke
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._lock.acquire(False):
            self._queue(len(frame), timeout)
        try:
            check()
            if self.rest and not self._write_rest(deadline):
                raise self._timed_out(timeout)
            taken = self._transport.write_now(frame)
            if taken < len(frame):
                self._write_slowly(memoryview(frame), taken, timeout, deadline)
            self._counts.messages_sent += messages
            self._counts.bytes_sent += size
        finally:
            self._lock.release()

    def flush(self, timeout: float) -> bool:
        """Writes the rest of a begun frame. False when the system has not taken it in time."""
        deadline = time.monotonic() + timeout
        if not self._lock.acquire(timeout=max(timeout, 0)):
            return False
        try:
            return self._write_rest(deadline)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Waits for the last sender, then frees the transport."""
        with self._lock:
            self._transport.close()

    def _queue(self, size: int, timeout: Optional[float]) -> None:
        with self._count_lock:
            if self._queued + size > LIMITS.output_hard:
                raise SendFailed(
                    f'Output queue of channel "{self._name}" is full ({LIMITS.output_hard} bytes)',
                    next="Send from fewer threads, or wait for each send before the next one",
                )
            self._queued += size
        try:
            if not self._lock.acquire(timeout=-1 if timeout is None else max(timeout, 0)):
                raise self._timed_out(timeout)
        finally:
            with self._count_lock:
                self._queued -= size

    def _write_slowly(
        self, frame: memoryview, taken: int, timeout: Optional[float], deadline: Optional[float]
    ) -> None:
        if taken == 0:
            try:
                taken = self._transport.write(frame, _left(deadline))
            except TimeoutError:
                raise self._timed_out(timeout) from None
        self.rest = frame[taken:]
        self._write_rest(deadline)

    def _write_rest(self, deadline: Optional[float]) -> bool:
        while self.rest:
            try:
                taken = self._transport.write(self.rest, _left(deadline))
            except TimeoutError:
                return False
            self.rest = self.rest[taken:]
        return True

    def _timed_out(self, timeout: Optional[float]) -> TimedOut:
        return TimedOut(
            f'Peer of channel "{self._name}" did not take the message within {timeout} s',
            next="Make the peer read, or wait longer",
        )


def _left(deadline: Optional[float]) -> Optional[float]:
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)
